"""Inside actions of a run: each in one transaction with its step row, done by the performer of its kind.

Decisions are steps of the same form: the branch taken, the rows of a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import faults
from engine.automation.explaining import explain_value
from engine.automation.inside_actions import PERFORMERS, Doing, Door, Work
from engine.automation.journal import Journal, StepDone
from engine.automation.program import Action, Loop, Value
from engine.automation.run_statements import End, is_followed
from engine.clock import Clock
from metamodel.values import Ref

Do = Callable[[Work], StepDone]


@dataclass(slots=True, kw_only=True)
class InsideActions:
    """Does the inside actions of one run.

    pass_on: starts the run that waits for the end of this one; without it the run does not end with its last action.
    """

    journal: Journal
    door: Door
    clock: Clock
    object_key: str | None
    record_id: str | None
    pass_on: Callable[[Connection], None] | None = None

    def step(self, path: str, do: Do, *, counts: bool = True, ends: bool = False) -> Mapping[str, Any]:
        """Do something and record it, both or neither; give what was recorded. ends: nothing follows in the run."""
        begun = self.clock.now()
        self.journal.check(counts=counts)
        with self.door.work(path) as work:
            step = do(work)
            faults.reach("run.before_step_row")
            end = End(outcome="done", at=self.clock.now()) if ends and self.pass_on is not None else None
            self.journal.settle(work.transaction, path, step, begun=begun, counts=counts, end=end)
            work.transaction.settle()
            if end is not None and self.pass_on and is_followed(work.transaction, self.journal.run, end):
                self.pass_on(work.connection)
            faults.reach("run.before_commit")
        faults.reach("run.after_commit")
        self.journal.keep(path, step, counted=True, ends=end is not None)
        return step.value

    def perform(self, action: Action, path: str, names: Mapping[str, Any], *, ends: bool = False) -> Mapping[str, Any]:
        """Do one action. ends: it is the last one of the run."""
        return self.step(path, lambda work: self._do(work, action, path, names), ends=ends)

    def rows_of_loop(self, action: Loop, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Find the rows of a `for each` and record them, so that every turn is the same after a restart."""

        def do(work: Work) -> StepDone:
            found = work.rows(action.rows, names)
            text = f"{action.text} ({len(found)} rows)"
            return StepDone(kind="for each", text=text, value={"rows": found}, counts=False)

        return self.step(path, do, counts=False)

    def _do(self, work: Work, action: Action, path: str, names: Mapping[str, Any]) -> StepDone:
        own = Ref(self.object_key, self.record_id) if self.object_key and self.record_id else None
        doing = Doing(work=work, names=names, own=own, key=self.journal.run.key(path))
        return PERFORMERS[type(action)](doing, action)


def do_decision(work: Work, condition: Value, names: Mapping[str, Any], *, explain: bool = False) -> StepDone:
    """Judge a condition and record the answer, with the values of its parts where people want to see them."""
    context = work.context(names, with_rights=False)
    holds = bool(condition.evaluate(context))
    value: dict[str, Any] = {"holds": holds}
    if explain:
        value["explained"] = explain_value(condition, context)
    return StepDone(kind="if", text=condition.text, value=value, counts=False)
