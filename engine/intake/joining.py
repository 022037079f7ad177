"""Joins behaviour events that wait to the persons they are about, once these are known: a duty of the housekeeping.

What is due follows from the records alone, so it does not matter how a person came to be there, and whoever comes after
a killed worker goes on. Mostly only persons that were changed lately are looked at, and all of them once an hour.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine.access.actor import system_actor
from engine.clock import Clock
from engine.records.persons import behaviour_objects, joinable_events
from engine.records.service import Records
from engine.records.types import SaveRow
from engine.releases.release import Release
from metamodel.objects import ObjectDef

EVERY = dt.timedelta(seconds=30)
_OVERLAP = dt.timedelta(minutes=5)
"""Longer than a save takes to be committed, and than an event that found nobody takes to be written."""
_WHOLE_EVERY = dt.timedelta(hours=1)
_BATCH = 200
_LOG = logging.getLogger("fieldstone.intake")


@dataclass(slots=True, kw_only=True)
class EventJoiner:
    """Looks after the events that wait. looked_at, whole_at: when it last looked, and last looked at all."""

    records: Records
    clock: Clock
    current: Callable[[], Release | None]
    looked_at: dt.datetime | None = None
    whole_at: dt.datetime | None = None

    def join(self) -> int:
        """Join what can be joined, and say how many."""
        release, now = self.current(), self.clock.now()
        if release is None:
            return 0
        is_whole = self.looked_at is None or self.whole_at is None or now - self.whole_at >= _WHOLE_EVERY
        since = None if is_whole or self.looked_at is None else self.looked_at - _OVERLAP
        joined = sum(
            self._join_of(release, each, key, since)
            for each in behaviour_objects(release.metamodel.objects.values())
            for key in range(len(each.behaviour.found_by if each.behaviour is not None else ()))
        )
        self.looked_at = now
        self.whole_at = now if is_whole else self.whole_at
        return joined

    def _join_of(self, release: Release, object_def: ObjectDef, key: int, since: dt.datetime | None) -> int:
        behaviour, joined = object_def.behaviour, 0
        last: str | None = None
        assert behaviour is not None
        while True:
            with self.records.reading(system_actor(), release=release) as transaction:
                if not joinable_events(transaction, object_def, key, since=since, after=last, limit=1):
                    return joined
            with self.records.transaction(system_actor(), release=release) as transaction:
                found = joinable_events(transaction, object_def, key, since=since, after=last, limit=_BATCH)
                rows = [SaveRow(values={behaviour.person: person}, id=event) for event, person in found]
                result = transaction.save_many(object_def.key, rows)
                for index in result.refused:
                    errors = "; ".join(each.message for each in result.rows[index].errors)
                    _LOG.warning("%s %s still waits for its person: %s", object_def.key, rows[index].id, errors)
            joined += len(rows) - len(result.refused)
            if len(found) < _BATCH:
                return joined
            last = found[-1][0]
