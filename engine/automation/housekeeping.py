"""What a worker does besides runs: due timers, schedules of a new release, runs overdue or forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, func, literal, or_, select, update

from engine.access.actor import Origin, system_actor
from engine.automation.admission import Admission
from engine.automation.durable import RunQueue, SegmentStatus
from engine.automation.duties import Duties
from engine.automation.held import HELD
from engine.automation.ledger import Ledger
from engine.automation.program import Program
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.run_rows import position_of, run_of_row
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.stored_actors import stored_actor
from engine.automation.sweeps import SCHEDULE, TIMERS
from engine.automation.timer_alignment import TimerAlignment
from engine.automation.timers import MOMENT, Due, TimeAround, Timers
from engine.automation.turns import Turns
from engine.automation.waiting.awaited import note_awaited
from engine.automation.waiting.waits import Waits
from engine.clock import Clock
from engine.expressions.calendar_in_force import calendar_in_force
from engine.ids import IdMaker
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

_ALIGN_LOCK = 0x66735F616C69676E
_OVERDUE = dt.timedelta(seconds=5)
_FORGOTTEN = dt.timedelta(seconds=60)
_LOOKED_AT = 200
_LOST = (SegmentStatus.FAILED, SegmentStatus.UNKNOWN, SegmentStatus.CANCELLED, SegmentStatus.DONE)


@dataclass(slots=True, kw_only=True)
class Keeper:
    """The housekeeping of one worker. current: the current release, None where there is none yet."""

    database: Database
    system: SystemTables
    ledger: Ledger
    queue: RunQueue
    timers: Timers
    waits: Waits
    health: RuleHealth
    admission: Admission
    turns: Turns
    clock: Clock
    ids: IdMaker
    current: Callable[[], Release | None]
    index_of: Callable[[Release], RuleIndex]
    duties: Duties
    _aligned: int = 0
    _looked_at: dt.datetime = field(default_factory=lambda: dt.datetime.min.replace(tzinfo=dt.UTC))
    _turns_looked_at: dt.datetime = field(default_factory=lambda: dt.datetime.min.replace(tzinfo=dt.UTC))

    def tick(self) -> None:
        """Do what is due now."""
        release = self.current()
        if release is None:
            return
        if release.number != self._aligned:
            self._align(release)
            self._aligned = release.number
        while self._fire(release):
            pass
        self._look_again()
        self.duties.tick()
        now = self.clock.now()
        if abs(now - self._looked_at) >= _OVERDUE:
            self._looked_at = now
            self._wake_overdue(now)
            self._restart_forgotten(now)
        if abs(now - self._turns_looked_at) >= _FORGOTTEN:
            self._turns_looked_at = now
            with self.database.write() as connection:
                self.turns.wake_forgotten(connection)

    def _align(self, release: Release) -> None:
        index, around = self.index_of(release), time_around(release)
        alignment = TimerAlignment(self.system, self.clock, self.ids)
        with self.database.write() as connection:
            if self.database.dialect is Dialect.POSTGRESQL:
                connection.execute(select(func.pg_advisory_xact_lock(literal(_ALIGN_LOCK, BigInteger()))))
            note_awaited(connection, self.system, release.number, index.own_awaited)
            for program, trigger in alignment.align(connection, index, around):
                facts = {"sweep": TIMERS, "trigger": trigger.text, "at": program.at}
                run = self._run(release, program, f"published: {trigger.text}", facts)
                self._start(connection, index, around.zone, run)

    def _fire(self, release: Release) -> bool:
        index, around = self.index_of(release), time_around(release)
        with self.database.write() as connection:
            off = self.health.switched_off(connection)

            def start(due: Due) -> None:
                program = index.programs.get(due.rule)
                if program is not None and program.active and due.rule not in off:
                    self._start(connection, index, around.zone, self._due_run(release, program, due))

            return self.timers.claim_due(connection, index, around, start) > 0

    def _look_again(self) -> None:
        """Let runs look again that wait for what saves have touched, or long enough."""
        with self.database.read() as connection:
            if not self.waits.have_news(connection):
                return
        for step in (self.waits.tell, self.waits.wake):
            more = True
            while more:
                with self.database.write() as connection:
                    more = step(connection)

    def _due_run(self, release: Release, program: Program, due: Due) -> Run:
        facts: dict[str, Any] = {"due": due.due_at, "at": program.at}
        if due.kind in (MOMENT, HELD):
            return self._run(release, program, due.trigger, facts, due.object, due.record_id)
        if program.object is not None:
            facts["sweep"] = SCHEDULE
        return self._run(release, program, due.trigger, facts)

    def _run(
        self,
        release: Release,
        program: Program,
        event: str,
        facts: dict[str, Any],
        object_key: str | None = None,
        record_id: str | None = None,
    ) -> Run:
        nobody = stored_actor(system_actor(Origin.RULE), program)
        return Run(
            id=self.ids.new(),
            rule=program.name,
            rule_text=program.text,
            release=release.number,
            object=object_key,
            record_id=record_id,
            event=event,
            snapshot=Snapshot(facts=facts),
            actor=nobody,
            root=self.ids.new(),
            state=RunState.QUEUED,
            created_at=self.clock.now(),
        )

    def _start(self, connection: Connection, index: RuleIndex, zone: ZoneInfo, run: Run) -> None:
        now = run.created_at
        for each in self.admission.admit(lambda: connection, [run], index.programs, zone=zone, now=now):
            self.ledger.add(connection, [each])

    def _wake_overdue(self, now: dt.datetime) -> None:
        run = self.system.run
        with self.database.read() as connection:
            rows = connection.execute(
                select(run)
                .where(run.c.state == RunState.WAITING.value, run.c.due_at <= now - _OVERDUE)
                .order_by(run.c.due_at)
                .limit(_LOOKED_AT)
            ).mappings()
            overdue = [run_of_row(row) for row in rows]
        statuses = self.queue.statuses([(each.id, each.segment) for each in overdue]) if overdue else {}
        for each in overdue:
            if statuses[each.id, each.segment] is SegmentStatus.WAITING:
                self.queue.reschedule(each.id, each.segment, delay_s=0.0)

    def _restart_forgotten(self, now: dt.datetime) -> None:
        run = self.system.run
        begun = or_(run.c.started_at.is_(None), run.c.started_at <= now - _FORGOTTEN)
        with self.database.read() as connection:
            rows = connection.execute(
                select(run)
                .where(
                    run.c.state.in_((RunState.QUEUED.value, RunState.RUNNING.value)),
                    run.c.created_at <= now - _FORGOTTEN,
                    # What has a moment is not handed over yet: nobody forgot it.
                    run.c.due_at.is_(None),
                    begun,
                )
                .order_by(run.c.created_at)
                .limit(_LOOKED_AT)
            ).mappings()
            stale = [run_of_row(row) for row in rows]
        statuses = self.queue.statuses([(each.id, each.segment) for each in stale]) if stale else {}
        for each in stale:
            if statuses[each.id, each.segment] in _LOST:
                self._restart(each)

    def _restart(self, each: Run) -> None:
        run = self.system.run
        segment = each.segment + 1
        with self.database.write() as connection:
            changed = connection.execute(
                update(run)
                .where(run.c.id == each.id, run.c.lease == each.lease, run.c.state == each.state.value)
                .values(
                    state=RunState.QUEUED.value,
                    lease=each.lease + 1,
                    position=position_of(each, segment=segment, begun=each.begun),
                )
            )
            if changed.rowcount == 1:
                self.queue.start(connection, each.id, segment=segment)


def time_around(release: Release) -> TimeAround:
    """Give the zone and calendar that the times of a release count by."""
    metamodel = release.metamodel
    return TimeAround(zone=ZoneInfo(metamodel.main.timezone), calendar=calendar_in_force(metamodel))
