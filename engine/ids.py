"""Makes record ids: UUIDv7, so that ids made later sort later and indexes grow at their end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol


class IdMaker(Protocol):
    """Makes unique ids."""

    def new(self) -> str:
        """Give a new id, a lower-case UUID text."""
        ...


class Uuid7Maker:
    """Makes UUIDv7 texts that ascend within the process, also inside one millisecond.

    Source: RFC 9562, section 6.2, method 1 (a counter in the bits after the time stamp).
    """

    def __init__(self, milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._milliseconds = milliseconds
        self._lock = threading.Lock()
        self._last = 0
        self._counter = 0

    def new(self) -> str:
        """Give a new id, a lower-case UUID text."""
        random = int.from_bytes(os.urandom(8))
        with self._lock:
            stamp = self._milliseconds()
            if stamp > self._last:
                self._last, self._counter = stamp, random >> 55
            else:
                self._counter += 1
                if self._counter > 0xFFF:
                    self._last, self._counter = self._last + 1, 0
            stamp, counter = self._last, self._counter
        digits = f"{stamp:012x}7{counter:03x}{0x8000000000000000 | (random & 0x3FFFFFFFFFFFFFFF):016x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class CountingIds:
    """Ids for tests: the same series each time."""

    def __init__(self) -> None:
        self._next = 0

    def new(self) -> str:
        """Give the next id of the series."""
        self._next += 1
        return f"00000000-0000-7000-8000-{self._next:012x}"
