"""Work over all records of an object, in durable batches: the runs of a schedule, the timers of a new relative time.

A sweep is a run of its own without a record; each batch is a step, so a crash goes on after the last one and no record
gets two runs. Each record of a schedule is a cause of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine import faults
from engine.access.actor import Origin, system_actor
from engine.automation.admission import Admission
from engine.automation.journal import Journal, StepDone
from engine.automation.ledger import Ledger
from engine.automation.program import OnHeld, OnMoment, Program
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.timers import Timers
from engine.clock import Clock
from engine.ids import IdMaker
from engine.records.service import Records
from engine.records.transaction import Transaction
from workflow_dsl.context import Values
from workflow_dsl.evaluation_errors import EvaluationError

SCHEDULE, TIMERS = "schedule", "timers"
_BATCH = 200


@dataclass(slots=True, kw_only=True)
class Sweeper:
    """Carries sweeps out."""

    records: Records
    ledger: Ledger
    timers: Timers
    admission: Admission
    clock: Clock
    ids: IdMaker

    def run(self, run: Run, program: Program, journal: Journal) -> str:
        """Do all batches of a sweep."""
        last: str | None = None
        number = 0
        while True:
            path = f"sweep/{number}"
            found = journal.recorded(path)
            if found is None:
                found = self._batch(run, program, journal, path, last)
            if found["last"] is None:
                return "done"
            last, number = str(found["last"]), number + 1

    def _batch(self, run: Run, program: Program, journal: Journal, path: str, last: str | None) -> Mapping[str, Any]:
        begun = self.clock.now()
        assert program.object is not None, "a sweep is over an object"
        with self.records.transaction(system_actor(Origin.RULE)) as transaction:
            journal.claim(transaction.connection, counts=False)
            rows = _next_rows(transaction, program.object, last)
            do = self._start_runs if run.snapshot.facts.get("sweep") == SCHEDULE else self._set_timers
            count = do(transaction, run, program, rows)
            reached = str(rows[-1]["id"]) if len(rows) == _BATCH else None
            text = f"{count} of {len(rows)} records"
            step = StepDone(kind="sweep", text=text, value={"last": reached, "count": count}, counts=False)
            journal.record(transaction.connection, path, step, begun=begun)
            faults.reach("sweep.before_commit")
        journal.keep(path, step)
        return step.value

    def _start_runs(self, transaction: Transaction, sweep: Run, program: Program, rows: list[Values]) -> int:
        runs = []
        for row in rows:
            context = transaction.context(program.object or "", row)
            where = program.each.where if program.each is not None else None
            try:
                if where is not None and not where.evaluate(context.counted_by(program.calendar), row):
                    continue
            except EvaluationError:
                continue
            names = {program.each_name: row["id"]} if program.each_name is not None else {}
            title = transaction.cache.title(program.object or "", context)
            runs.append(self._record_run(sweep, program, str(row["id"]), title, names))
        connection, zone = transaction.connection, transaction.around.zone
        programs = {program.name: program}
        runs = self.admission.admit(lambda: connection, runs, programs, zone=zone, now=self.clock.now())
        self.ledger.add(connection, runs)
        return sum(run.state is RunState.QUEUED for run in runs)

    def _record_run(
        self, sweep: Run, program: Program, record_id: str, title: str | None, names: Mapping[str, Any]
    ) -> Run:
        facts = {**sweep.snapshot.facts, "names": dict(names)}
        facts.pop("sweep", None)
        return Run(
            id=self.ids.new(),
            rule=sweep.rule,
            rule_text=sweep.rule_text,
            release=sweep.release,
            object=program.object,
            record_id=record_id,
            record_title=title,
            event=sweep.event,
            snapshot=Snapshot(facts=facts),
            actor=sweep.actor,
            root=self.ids.new(),
            cause_run=sweep.id,
            state=RunState.QUEUED,
            created_at=self.clock.now(),
        )

    def _set_timers(self, transaction: Transaction, sweep: Run, program: Program, rows: list[Values]) -> int:
        trigger = _trigger(program, str(sweep.snapshot.facts.get("trigger")))
        if trigger is None:
            return 0
        if isinstance(trigger, OnHeld):
            held = self.timers.held
            return sum(held.set_again(transaction, program, trigger, row, sweep.created_at) for row in rows)
        again = self.timers.set_again
        return sum(again(transaction.connection, program, trigger, row, transaction.around) for row in rows)


def _trigger(program: Program, text: str) -> OnMoment | OnHeld | None:
    triggers: tuple[OnMoment | OnHeld, ...] = (*program.on_moment, *program.on_held)
    return next((each for each in triggers if each.text == text), None)


def _next_rows(transaction: Transaction, object_key: str, last: str | None) -> list[Values]:
    columns = transaction.parts.columns(object_key)
    table = transaction.parts.tables.of(object_key).table
    query = select(*columns.of(table)).where(table.c["deleted_at"].is_(None))
    if last is not None:
        query = query.where(table.c["id"] > last)
    rows = transaction.connection.execute(query.order_by(table.c["id"]).limit(_BATCH))
    return [columns.typed(row) for row in rows]
