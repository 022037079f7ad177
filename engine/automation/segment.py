"""One piece of a run: take it, walk the rule as far as it goes, and end it, pause it, try again later or park it.

This is what the durable engine calls, with nothing but the run's id and the number of the piece. Whatever happens in
here ends with the run's row telling where it stands; only a database that is away comes out as an exception.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from engine import faults
from engine.automation.calls.at_once import HandedOver
from engine.automation.calls.received import noting
from engine.automation.durable import RunQueue
from engine.automation.inside import InsideActions
from engine.automation.inside_actions import Door
from engine.automation.interpreter import Interpreter, Outside, Paused
from engine.automation.journal import Journal
from engine.automation.ledger import FAILED_TRY, Ledger, unless_lost
from engine.automation.outside import Outbox, OutsideActions
from engine.automation.program import Program
from engine.automation.run_state import LeaseLost, Run, RunState, StepFailed, TargetPaused
from engine.automation.surrounds import Surrounds
from engine.automation.sweeps import Sweeper
from engine.automation.taking import NotAlone, Taker
from engine.automation.targets import Targets, held_by
from engine.automation.tuning import Tuning
from engine.automation.turns import Turns, Verdict
from engine.automation.unreadable import UNREADABLE, park_unreadable
from engine.automation.waiting.waiter import RunWaiter
from engine.automation.waiting.waits import Waits
from engine.clock import Clock
from engine.errors import AutomationStopped, DatabaseUnavailable
from engine.process_memory import NEEDS_MORE, let_go
from engine.storage.database import Database

_LOG = logging.getLogger("fieldstone.automation")


@dataclass(slots=True, kw_only=True)
class SegmentRunner:
    """Works on pieces of runs in one worker; inside_only: what reaches outside is left to others."""

    database: Database
    ledger: Ledger
    taker: Taker
    queue: RunQueue
    outbox: Outbox
    sweeper: Sweeper
    surrounds: Surrounds
    waits: Waits
    clock: Clock
    tuning: Tuning
    turns: Turns
    targets: Targets
    executor: str
    is_stopping: Callable[[], bool]
    inside_only: bool = False

    def __call__(self, run_id: str, segment: int) -> str:
        """Take a piece and work on it; give a word on how it went, for the durable engine's own record."""
        try:
            run, verdict = self._take(run_id, segment)
        except UNREADABLE as error:
            return park_unreadable(self.database, self.ledger.table, run_id, error, self.clock.now())
        if run is None:
            return "not due"
        if verdict is not Verdict.GO:
            return verdict.value
        return self.go_on(run)

    def begin(self, run_ids: Sequence[str]) -> Mapping[str, Run]:
        """Take those of the runs that nobody has begun and that are alone, by one statement."""
        return self.taker.take_new(run_ids, executor=self.executor, now=self.clock.now())

    def go_on(self, run: Run) -> str:
        """Work on a run that was taken; give a word on how it went."""
        if run.begun > self.tuning.crashes:
            return self._give_up(run, StepFailed(f"The worker died {self.tuning.crashes} times at this step."))
        faults.reach("run.taken")
        return self._work(run)

    def _take(self, run_id: str, segment: int) -> tuple[Run | None, Verdict]:
        now = self.clock.now()
        alone = self.taker.take(run_id, segment, executor=self.executor, now=now)
        if not isinstance(alone, NotAlone):
            return alone, Verdict.GO
        with self.database.write() as connection:
            run = self.ledger.take(connection, run_id, segment, executor=self.executor, now=now)
            return run, self._verdict(connection, run) if run is not None and run.beside else Verdict.GO

    def _verdict(self, connection: Connection, run: Run) -> Verdict:
        """Say whether a run that was taken beside others goes on now."""
        program, now = self._program(run), self.clock.now()
        verdict, reason = self.turns.judge(connection, run, program.mode if program is not None else "queued", now)
        over = {Verdict.SKIP: (RunState.SKIPPED, "single"), Verdict.CANCELLED: (RunState.CANCELLED, "restarted")}
        if verdict in over:
            state, outcome = over[verdict]
            if self.ledger.finish(connection, run, state, now=now, outcome=outcome, error=reason):
                self.turns.pass_on(connection, run)
        return verdict

    def _program(self, run: Run) -> Program | None:
        with suppress(Exception):  # the rule may be what is broken
            return self.surrounds.program(run)
        return None

    def _work(self, run: Run) -> str:
        try:
            return self._walk(run)
        except Paused:
            return "paused"
        except LeaseLost:
            _LOG.warning("run %s was taken over by another worker", run.id)
            return "lost"
        except StepFailed as failure:
            return self._after_failure(run, failure)
        except AutomationStopped as stopped:
            return self._park(run, StepFailed(str(stopped)), outcome="stopped")
        except DatabaseUnavailable:
            raise
        except MemoryError as error:
            let_go(error)
            return self._after_failure(run, StepFailed(f"This step needed {NEEDS_MORE}.", permanent=False))
        except Exception as error:
            _LOG.exception("run %s of rule %s", run.id, run.rule)
            return self._after_failure(run, StepFailed(f"Something unexpected happened: {error!r}", permanent=False))

    def _walk(self, run: Run) -> str:
        program = self.surrounds.program(run)
        if program is None:
            raise StepFailed(f"The rule '{run.rule}' of release {run.release} cannot be loaded any more.")
        done, tries, actions, rows = self._so_far(run)
        most = {"max_actions": self.tuning.max_actions, "max_rows": self.tuning.max_rows}
        journal = Journal(
            run, self.ledger, self.clock, done=done, tries=tries, used_actions=actions, used_rows=rows, **most
        )
        if run.snapshot.facts.get("sweep"):
            return self._done(run, self.sweeper.run(run, program, journal))
        door = self.surrounds.door(run, program)
        waiter = RunWaiter(runner=self, run=run, door=door, journal=journal)
        walk = Interpreter(
            program=program,
            journal=journal,
            inside=InsideActions(
                journal=journal,
                door=door,
                clock=self.clock,
                object_key=run.object,
                record_id=run.record_id,
                pass_on=partial(self.turns.pass_on, run=run),
            ),
            outside=self._outside(run, program, door, journal, waiter),
            waiter=waiter,
            gone=self.surrounds.gone(run),
        )
        names = noting(run.snapshot.facts.get("names") or {}, journal.note_missing)
        if run.failing is None:
            outcome = walk.run(names)
            return outcome if journal.over else self._done(run, outcome)
        walk.run_failure(names)
        return self._park(run, StepFailed(str(run.failing["message"])), first=False)

    def _outside(self, run: Run, program: Program, door: Door, journal: Journal, waiter: RunWaiter) -> Outside:
        if self.inside_only:
            return HandedOver(hand_over=waiter.hand_over)
        return OutsideActions(
            journal=journal,
            door=door,
            outbox=self.outbox,
            courier=self.surrounds.courier(run, program),
            targets=self.targets,
            clock=self.clock,
            files=self.surrounds.files,
        )

    def _so_far(self, run: Run) -> tuple[Mapping[str, Any], Mapping[str, int], int, int]:
        if run.lease == 1 and run.depth == 0:
            # Taken for the first time, and caused by no run: nothing is done yet.
            return {}, {}, 0, 0
        with self.database.read() as connection:
            done, tries = self.ledger.steps(connection, run.id)
            return done, tries, *self.ledger.used_by_root(connection, run.root)

    def _done(self, run: Run, outcome: str) -> str:
        with self.database.write() as connection:
            self._end(connection, run, RunState.DONE, outcome)
            faults.reach("run.before_commit")
        return outcome

    def _after_failure(self, run: Run, failure: StepFailed) -> str:
        if isinstance(failure, TargetPaused):
            return self._hold(run, failure)
        program, tries = self._program(run), run.tries + 1
        allowed = self.tuning.retries if program is None or program.retries is None else program.retries
        if failure.permanent or tries > allowed:
            return self._give_up(run, failure)
        pause_s = self.tuning.pause_after(tries, failure.retry_after_s)
        due_at = self.clock.now() + dt.timedelta(seconds=pause_s)
        with unless_lost(run), self.database.write() as connection:
            segment = self.ledger.pause(connection, run, due_at=due_at, tries=tries, error=failure.reason)
            self._note_try(connection, run, failure)
            self.queue.start(connection, run.id, segment=segment, delay_s=pause_s)
        return "tried"

    def _hold(self, run: Run, paused: TargetPaused) -> str:
        """Let a run wait for a target that is paused; that is none of its tries."""
        now = self.clock.now()
        pause_s = self.tuning.spread(max((paused.until - now).total_seconds(), 0.0))
        due_at, by = now + dt.timedelta(seconds=pause_s), held_by(paused.target)
        with unless_lost(run), self.database.write() as connection:
            segment = self.ledger.pause(
                connection, run, due_at=due_at, tries=run.tries, error=paused.reason, held_by=by
            )
            self.queue.start(connection, run.id, segment=segment, delay_s=pause_s)
        return "held"

    def _give_up(self, run: Run, failure: StepFailed) -> str:
        """Do what the rule does on failure, or park the run where it does nothing or that has failed too."""
        program = self._program(run)
        on_failure = program is not None and program.on_failure and not run.snapshot.facts.get("sweep")
        if run.failing is not None or not on_failure:
            return self._park(run, failure)
        error = {"message": failure.reason, "step": failure.path or "", "action": failure.action}
        try:
            with self.database.write() as connection:
                self._note_try(connection, run, failure)
                failing = self.ledger.begin_failing(connection, run, {**error, "tries": run.tries + 1})
                faults.reach("run.before_commit")
        except LeaseLost:
            return "lost"
        return self._work(failing)

    def _park(self, run: Run, failure: StepFailed, *, outcome: str = "failed", first: bool = True) -> str:
        """Put a run into the failed list. first: the failure is news, not what the rule has just reacted to."""
        reason = failure.reason
        if first and run.failing is not None:
            reason = f"{run.failing['message']} What the rule does on failure failed too: {reason}"
        with unless_lost(run), self.database.write() as connection:
            self._note_try(connection, run, failure)
            self._end(connection, run, RunState.FAILED, outcome, reason)
        return "parked"

    def _note_try(self, connection: Connection, run: Run, failure: StepFailed) -> None:
        if failure.path is None:
            return
        now = self.clock.now()
        _, tries = self.ledger.steps(connection, run.id)
        self.ledger.add_step(
            connection,
            run,
            failure.path,
            attempt=tries.get(failure.path, 0) + 1,
            kind="try",
            result={"text": failure.action} if failure.action else None,
            outcome=FAILED_TRY,
            at=now,
            finished_at=now,
            error=failure.reason,
        )

    def _end(self, connection: Connection, run: Run, state: RunState, outcome: str, error: str | None = None) -> None:
        if self.ledger.finish(connection, run, state, now=self.clock.now(), outcome=outcome, error=error):
            self.turns.pass_on(connection, run)
        self.surrounds.note_outcome(connection, run, failed=state is RunState.FAILED, error=error)
