"""Inside actions of a run: each in one transaction with its step row, done by the performer of its kind.

Decisions are steps of the same form: the branch taken, the rows of a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import faults
from engine.automation.explaining import explain_value
from engine.automation.inside_actions import PERFORMERS, Doing, Door, Work
from engine.automation.journal import Journal, StepDone
from engine.automation.program import Action, Loop, Value
from engine.clock import Clock
from metamodel.values import Ref

Do = Callable[[Work], StepDone]


@dataclass(slots=True, kw_only=True)
class InsideActions:
    """Does the inside actions of one run."""

    journal: Journal
    door: Door
    clock: Clock
    object_key: str | None
    record_id: str | None

    def step(self, path: str, do: Do, *, counts: bool = True) -> Mapping[str, Any]:
        """Do something and record it, both or neither; give what was recorded."""
        begun = self.clock.now()
        with self.door.work(path) as work:
            self.journal.claim(work.connection, counts=counts)
            step = do(work)
            faults.reach("run.before_step_row")
            self.journal.record(work.connection, path, step, begun=begun)
            faults.reach("run.before_commit")
        faults.reach("run.after_commit")
        self.journal.keep(path, step)
        return step.value

    def perform(self, action: Action, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one action."""
        return self.step(path, lambda work: self._do(work, action, path, names))

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
