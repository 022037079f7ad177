"""Lets a run wait: for a time, until a condition holds, or for its next turn; each ends the piece at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine import faults
from engine.automation.durable import RunQueue
from engine.automation.inside_actions import Door
from engine.automation.interpreter import Paused
from engine.automation.journal import Journal, StepDone
from engine.automation.ledger import Ledger
from engine.automation.program import AwaitCondition, Pause
from engine.automation.run_state import Run
from engine.automation.schedules.waiting import end_of_wait
from engine.automation.tuning import Tuning
from engine.automation.waiting.looking import ConditionWaiter
from engine.automation.waiting.waits import Waits
from engine.clock import Clock
from engine.storage.database import Database


class Runner(Protocol):
    """What a waiter needs of who works on the pieces of runs."""

    database: Database
    ledger: Ledger
    queue: RunQueue
    waits: Waits
    clock: Clock
    tuning: Tuning

    def is_stopping(self) -> bool:
        """Say whether the worker stops."""
        ...


@dataclass(slots=True, kw_only=True)
class RunWaiter:
    """Lets one run wait: records it, queues the next piece, and ends this one."""

    runner: Runner
    run: Run
    door: Door
    journal: Journal
    steps: int = 0

    def wait(self, action: Pause, path: str, names: Mapping[str, Any]) -> None:
        """Record the wait and queue the next piece."""
        clock, ledger = self.runner.clock, self.runner.ledger
        begun = clock.now()
        with self.door.work(path) as work:
            self.journal.claim(work.connection, counts=False)
            context = work.context(names)
            due_at = end_of_wait(begun, action.duration.evaluate(context), context)
            step = StepDone(kind="wait", text=action.text, value={"until": due_at}, counts=False)
            self.journal.record(work.connection, path, step, begun=begun)
            segment = ledger.pause(work.connection, self.run, due_at=due_at, tries=0)
            delay_s = max((due_at - begun).total_seconds(), 0.0)
            self.runner.queue.start(work.connection, self.run.id, segment=segment, delay_s=delay_s)
        faults.reach("run.waiting")
        raise Paused

    def wait_until(self, action: AwaitCondition, path: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what was recorded where the wait is over."""
        runner = self.runner
        waiter = ConditionWaiter(
            run=self.run,
            door=self.door,
            journal=self.journal,
            waits=runner.waits,
            ledger=runner.ledger,
            queue=runner.queue,
            clock=runner.clock,
        )
        found = waiter.look(action, path, names)
        if found is None:
            raise Paused
        return found

    def yield_turn(self) -> None:
        """Give others a turn after many actions, or all of them when the worker stops."""
        self.steps += 1
        if self.steps <= self.runner.tuning.segment_actions and not self.runner.is_stopping():
            return
        self.hand_over()

    def hand_over(self) -> None:
        """Queue the next piece at once and end this one."""
        with self.runner.database.write() as connection:
            segment = self.runner.ledger.pause(connection, self.run, due_at=self.runner.clock.now(), tries=0)
            self.runner.queue.start(connection, self.run.id, segment=segment)
        raise Paused
