"""The one source of time of the engine; tests and test builds inject their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Give the current instant, aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the current instant, aware UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests that stands still until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def now(self) -> datetime:
        """Give the instant it was set to."""
        return self._instant

    def move_to(self, instant: datetime) -> None:
        """Set the clock."""
        self._instant = instant
