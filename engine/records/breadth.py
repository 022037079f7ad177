"""Remembers for a while who holds too many records of an object to look for them one by one.

A hint and nothing else: with it or without, a list has the same rows. Who holds many pays for the look once a minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from typing import Final

from engine.records.kept import KeptByUse

_REMEMBERED: Final = dt.timedelta(minutes=1)
_PEOPLE: Final = 5000


class Breadth:
    """Who was found to hold many, by any key."""

    def __init__(self) -> None:
        self._until: KeptByUse[Hashable, list[dt.datetime]] = KeptByUse(_PEOPLE)

    def holds_many(self, key: Hashable, now: dt.datetime) -> bool:
        """Say whether that was found of a key less than a minute ago."""
        return any(now < until for until in self._until.find(key, list))

    def note_many(self, key: Hashable, now: dt.datetime) -> None:
        """Remember it."""
        self._until.find(key, list)[:] = [now + _REMEMBERED]
