"""Brings the due times of open requests in line with the business calendar of a release that was published.

What is due and reminded of is `deadlines`' matter, what time then does that of `timing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from engine.access.actor import Actor, Origin, system_actor
from engine.approvals.case import Case
from engine.approvals.deadlines import END, PENDING, move_deadlines
from engine.approvals.requests import RequestState, VisitState
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables

OpenCase = Callable[[Transaction, str], Case | None]
"""Opens a request, its row locked, for who acts in a transaction; None where it is gone."""
_CALENDAR = "approvals calendar"


@dataclass(slots=True, kw_only=True)
class CalendarFollower:
    """Moves due times once a release that counts business time otherwise; nothing is read while the release stays."""

    records: Records
    system: SystemTables
    open_case: OpenCase
    _followed: int = 0

    def follow(self, release: Release) -> None:
        """Move what is due, where this release's calendar is another than the one counted by so far.

        Each request is moved in a transaction of its own, and the calendar is taken note of last: what is cut off is
        begun again, and moving twice comes to the same.
        """
        if release.number == self._followed:
            return
        for request_id in self._counted_otherwise(release):
            self._move(release, request_id)
        self._take_note(release)
        self._followed = release.number

    def _counted_otherwise(self, release: Release) -> list[str]:
        timer, stamp = self.system.timer, self.system.stamp
        with self.records.transaction(_product(), release=release) as transaction:
            known = select(stamp.c.value).where(stamp.c.name == _CALENDAR)
            if transaction.connection.execute(known).scalar() == _number(transaction):
                return []
            ends = timer.c.value.like(f"% {END}")
            found = select(timer.c.run_id).where(timer.c.state == PENDING, ends).distinct().order_by(timer.c.run_id)
            return [str(each) for each in transaction.connection.execute(found).scalars()]

    def _move(self, release: Release, request_id: str) -> None:
        with self.records.transaction(_product(), release=release) as transaction:
            case = self.open_case(transaction, request_id)
            if case is None or case.request.state is not RequestState.OPEN:
                return
            visit = case.tools.rows.visit_at(case.work.connection, case.request)
            if visit is not None and visit.state is VisitState.OPEN:
                move_deadlines(case, visit, case.step_of(visit))
            case.work.settle()

    def _take_note(self, release: Release) -> None:
        stamp = self.system.stamp
        with self.records.transaction(_product(), release=release) as transaction:
            number, connection = _number(transaction), transaction.connection
            known = connection.execute(select(stamp.c.value).where(stamp.c.name == _CALENDAR)).scalar()
            if known != number:
                connection.execute(delete(stamp).where(stamp.c.name == _CALENDAR))
                connection.execute(insert(stamp).values(name=_CALENDAR, value=number))


def _product() -> Actor:
    return system_actor(Origin.RULE)


def _number(transaction: Transaction) -> int:
    """Give the calendar in force, and the zone that its hours are of where it names none, as one number."""
    around = transaction.around
    written = f"{around.calendar.written}\n{around.zone.key}"
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:7])
