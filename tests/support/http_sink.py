"""A web server on loopback that takes webhooks and keeps them, and answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request; header names are lower case."""

    key: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON body."""
        return json.loads(self.raw)


class HttpSink:
    """What arrived, in order; `answer` gives status and headers for a request's number, from 0, `said` its body."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[int], tuple[int, dict[str, str]]] = lambda number: (200, {})
        self.said: Callable[[Received], bytes] = lambda received: b""
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def host(self) -> str:
        """Host and port as the operator allows them."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    """Run a sink."""
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            raw = self.rfile.read(length)
            if len(raw) < length:  # The sender died half-way: nothing has arrived.
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.received.append(Received(key=headers.get("idempotency-key", ""), headers=headers, raw=raw))
            status, more = sink.answer(len(sink.received) - 1)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            said = sink.said(sink.received[-1])
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
