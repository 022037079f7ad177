"""The door of a rule that is tried: all steps share one transaction, which its owner rolls back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.automation.run_door import RunDoor
from engine.automation.run_state import StepFailed
from engine.automation.run_work import RunWork
from engine.errors import AutomationStopped, DatabaseUnavailable, EngineError
from engine.records.hooks import Cause
from engine.records.transaction import Transaction
from engine.releases.release import Release
from workflow_dsl.evaluation_errors import EvaluationError


@dataclass(slots=True, kw_only=True)
class TryDoor(RunDoor):
    """Opens steps on a connection that is never committed."""

    connection: Connection
    release: Release

    @contextmanager
    def work(self, path: str) -> Iterator[RunWork]:
        """Open a step; one that fails is taken back alone, so that those before it can be told of."""
        try:
            with self.connection.begin_nested():
                transaction = self.records.within(self.connection, self.actor(), self.release)
                transaction.cause = Cause(
                    run=self.run.id,
                    step=path,
                    depth=self.run.depth + 1,
                    root=self.run.root,
                    chain=(*self.run.chain, self.run.link),
                )
                yield TryWork(transaction, self.run, self.program, self.notices)
                transaction.settle()
                transaction.wait()
        except (DatabaseUnavailable, AutomationStopped):
            raise
        except (EngineError, EvaluationError) as error:
            raise StepFailed(str(error)) from error

    @contextmanager
    def reading(self) -> Iterator[RunWork]:
        """Open a step that only reads."""
        yield TryWork(self.transaction(), self.run, self.program, self.notices)

    def transaction(self) -> Transaction:
        """Give a transaction of who the rule acts as."""
        return self.records.within(self.connection, self.actor(), self.release)


class TryWork(RunWork):
    """One step of a rule that is tried."""

    def log(self, text: str) -> None:
        """Write nothing: what is only tried does not stand in the log."""
