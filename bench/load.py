"""A load of HTTP requests over kept-alive connections, counted in answers a second; runs in the measuring process."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to send, and the status that counts as done."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    status: int = 200


class Failed(Exception):
    """An answer was not the expected one; the measure would mean nothing."""


def measure(
    port: int,
    make: Callable[[int], Request],
    *,
    clients: int,
    seconds: float,
    warm: int = 30,
    most: int | None = None,
) -> float:
    """Send requests for some seconds from several clients at once; give answers a second.

    make: the n-th request (n ascends over all clients, so that updates never meet the same record twice).
    most: requests to send at the most; the measure ends early then.

    Raises: Failed.
    """
    series = _Series()
    for _ in range(warm):
        _send(http.client.HTTPConnection("127.0.0.1", port), make(series.next()))
    counts, failures = [0] * clients, list[Exception]()
    begin = threading.Barrier(clients + 1)
    ends = [0.0]

    def work(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        begin.wait()
        try:
            while time.perf_counter() < ends[0] and (number := series.next()) < (most or number + 1):
                _send(connection, make(number))
                counts[index] += 1
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    ends[0] = time.perf_counter() + seconds
    started = time.perf_counter()
    begin.wait()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(counts) / (time.perf_counter() - started)


def _send(connection: http.client.HTTPConnection, request: Request) -> bytes:
    connection.request(request.method, request.path, body=request.body, headers=dict(request.headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != request.status:
        raise Failed(f"{request.method} {request.path}: {answer.status} {body[:300]!r}")
    return body


class _Series:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0

    def next(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1
