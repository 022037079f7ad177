"""One look of a run that waits until a condition holds: it goes on, its time has run out, or it waits on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine import faults
from engine.automation.durable import RunQueue
from engine.automation.explaining import explain_value
from engine.automation.inside_actions import Door, Work
from engine.automation.journal import Journal, StepDone
from engine.automation.ledger import Ledger
from engine.automation.program import AwaitCondition
from engine.automation.run_state import Run
from engine.automation.schedules.waiting import end_of_wait
from engine.automation.waiting.waits import CONDITION, Waiting, Waits
from engine.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionWaiter:
    """Lets one run wait until a condition holds."""

    run: Run
    door: Door
    journal: Journal
    waits: Waits
    ledger: Ledger
    queue: RunQueue
    clock: Clock

    def look(self, action: AwaitCondition, path: str, names: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Judge the condition: give what was recorded where the wait is over, None where the run has to wait.

        What holds and what has timed out at the same moment holds: the look that finds it so decides, and is recorded.
        """
        begun = self.clock.now()
        with self.door.work(path) as work:
            self.journal.claim(work.connection, counts=False)
            known = self.waits.of(work.connection, self.run.id)
            until = known.until if known is not None else self._time_out(work, action, names, begun)
            context, seen = work.watched(names)
            holds = bool(action.condition.evaluate(context))
            if holds or (until is not None and until <= begun):
                explained = explain_value(action.condition, context)
                value = {"holds": holds, "explained": explained}
                step = StepDone(kind="wait until", text=action.text, value=value, counts=False)
                self.waits.forget(work.connection, self.run.id)
                self.journal.record(work.connection, path, step, begun=begun)
            else:
                reason = f"It waits until this holds: {action.condition.text}"
                self._wait_on(work.connection, Waiting(until=until, keys=seen()), known, reason)
                step = None
            faults.reach("run.before_commit")
        faults.reach("run.waiting")
        if step is None:
            return None
        self.journal.keep(path, step)
        return step.value

    def _time_out(
        self, work: Work, action: AwaitCondition, names: Mapping[str, Any], begun: dt.datetime
    ) -> dt.datetime | None:
        if action.at_most is None:
            return None
        context = work.context(names)
        return end_of_wait(begun, action.at_most.evaluate(context), context)

    def _wait_on(self, connection: Connection, waiting: Waiting, known: Waiting | None, reason: str) -> None:
        if waiting == known:
            until = waiting.until
            self.ledger.pause(connection, self.run, due_at=until, tries=0, error=reason, held_by=CONDITION)
            return
        # What was saved before these keys are there to be found has to be looked for once more.
        self.waits.begin(connection, self.run.id, waiting.until, waiting.keys)
        segment = self.ledger.pause(connection, self.run, due_at=waiting.until, tries=0)
        self.queue.start(connection, self.run.id, segment=segment)
