"""An outside system on loopback that connectors go by: pages of records, upserts by key, and faults in their order."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SLOW_S = 5.0
"""How long a call hangs; longer than tests let the connector wait."""


class OtherSide:
    """Its records by number. faults: what happens to the next calls of a method, None = nothing; taken: bodies kept.

    500, 429: answered so before anything is done. cut: the answer breaks off in the middle. lost: done, and no answer
    comes. slow: done, and the answer comes too late. twice: records of a page stand in it twice. refuse: 422.
    """

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, list[str | None]] = {"GET": [], "POST": []}
        self.taken: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.authorized: set[str | None] = set()
        self.asked: list[str] = []
        self.port = 0
        self.closing = threading.Event()

    @property
    def host(self) -> str:
        """Host and port as the operator allows them."""
        return f"127.0.0.1:{self.port}"

    def put(self, number: str, **values: Any) -> None:
        """Change a record there, as its people do."""
        self.records[number] = {**self.records.get(number, {"number": number}), **values}

    def fault(self, method: str) -> str | None:
        """Give what happens to the next call."""
        return self.faults[method].pop(0) if self.faults[method] else None

    def page(self, cursor: str | None) -> dict[str, Any]:
        """Give a page of two."""
        numbers = sorted(each for each in self.records if cursor is None or each > cursor)
        rows = [self.records[each] for each in numbers[:2]]
        return {"records": rows, "next": numbers[1] if len(numbers) > 2 else None}

    def take(self, once: str, record: dict[str, Any]) -> None:
        """Make or change a record by its key, once for each idempotency key."""
        if once not in self.keys:
            self.keys.add(once)
            self.taken.append(record)
            number = record["number"]
            self.records[number] = {**self.records.get(number, {}), **record}


class _Handler(BaseHTTPRequestHandler):
    side: OtherSide

    def do_GET(self) -> None:
        self.side.authorized.add(self.headers.get("Authorization"))
        cursor = parse_qs(urlsplit(self.path).query).get("cursor", [None])[0]
        self.side.asked.append(cursor or "")
        self._answer(self.side.fault("GET"), self.side.page(cursor))

    def do_POST(self) -> None:
        record = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.side.fault("POST")
        if fault not in ("500", "429", "refuse"):
            self.side.take(self.headers["Idempotency-Key"], record)
        self._answer(fault, {"ok": True})

    def _answer(self, fault: str | None, said: dict[str, Any]) -> None:
        self.close_connection = True
        if fault == "lost":
            return
        if fault == "slow":
            self.side.closing.wait(SLOW_S)
        if fault == "twice":
            said = {**said, "records": [each for each in said["records"] for _ in range(2)]}
        body = json.dumps(said).encode()
        self.send_response({"500": 500, "429": 429, "refuse": 422}.get(fault or "", 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@contextmanager
def other_side() -> Iterator[OtherSide]:
    """Run one."""
    side = OtherSide()
    handler = type("Handler", (_Handler,), {"side": side})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    side.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield side
    finally:
        side.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
