"""Which segments this process has in hand, and which of those the database calls its own it has not.

A segment is claimed in the database before the process hears of it. Where the connection breaks between the two, the
row says "running" for ever and nobody runs it, while its worker lives and keeps its lease. Whoever compares the rows
with what is in hand finds such segments; putting them back into the queue is the caller's.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class InHand:
    """The segments being worked on or waiting for a thread, by name; used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._suspects: frozenset[str] = frozenset()

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Have a segment in hand for the length of a block."""
        with self._lock:
            self._held[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._held[name] -= 1
                self._held += Counter()  # forget those at nought

    def lost_among(self, claimed: Collection[str]) -> tuple[str, ...]:
        """Give the segments that were not in hand at two calls in a row, though claimed at both.

        claimed: read from the database before this call. One look is not enough: a segment is claimed a moment before
        it is in hand, and is out of hand a moment before its end is recorded.
        """
        with self._lock:
            missing = frozenset(name for name in claimed if name not in self._held)
            lost = missing & self._suspects
            self._suspects = missing - lost
        return tuple(sorted(lost))
