"""What a press came to so far, for the person who waits: how its runs stand, what they show, the page they open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.automation.inside_actions.answering import OPEN, SHOW
from engine.automation.run_state import OPEN_STATES, RunState
from engine.automation.stored_values import from_stored
from engine.storage.system_tables import SystemTables
from metamodel.values import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedRun:
    """A run that was started. reason: why it failed or was skipped. due_at: when it goes on, of one that waits."""

    id: str
    rule: str
    state: RunState
    reason: str
    due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PressAnswer:
    """What is told to who pressed. shown: texts of `show`, in order. opened: the record of the last `open`."""

    runs: tuple[PressedRun, ...]
    shown: tuple[str, ...] = ()
    opened: Ref | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return all(run.state not in OPEN_STATES for run in self.runs)

    def goes_on_by(self, moment: dt.datetime) -> bool:
        """Say whether some of it may be done by then: it is under way, and does not wait for later."""
        open_ = (run for run in self.runs if run.state in OPEN_STATES)
        return any(run.due_at is None or run.due_at <= moment for run in open_)

    @property
    def failure(self) -> str | None:
        """Why a run failed; None where none did."""
        return next((run.reason for run in self.runs if run.state is RunState.FAILED), None)

    @property
    def held_back(self) -> str | None:
        """Why nothing was started, where that is so: a limit was reached, or the rule is under way already."""
        if not self.runs or any(run.state is not RunState.SKIPPED for run in self.runs):
            return None
        return self.runs[0].reason


def read_answer(connection: Connection, system: SystemTables, run_ids: Sequence[str]) -> PressAnswer:
    """Read how runs stand and what they have answered."""
    run, step = system.run, system.run_step
    found = {row.id: row for row in connection.execute(select(run).where(run.c.id.in_(run_ids)))}
    steps = connection.execute(
        select(step.c.run_id, step.c.kind, step.c.result)
        .where(step.c.run_id.in_(run_ids), step.c.kind.in_((SHOW, OPEN)), step.c.outcome == "done")
        .order_by(step.c.at, step.c.path)
    ).all()
    # Steps of one moment stand by their paths; those of one run before those of the next.
    told = [from_stored(row.result) for run_id in run_ids for row in steps if row.run_id == run_id]
    opened = [each["opened"] for each in told if each.get("opened") is not None]
    return PressAnswer(
        runs=tuple(
            PressedRun(
                id=each,
                rule=found[each].rule,
                state=RunState(found[each].state),
                reason=found[each].error or "",
                due_at=found[each].due_at,
            )
            for each in run_ids
            if each in found
        ),
        shown=tuple(each["message"] for each in told if each.get("message")),
        opened=opened[-1] if opened else None,
    )
