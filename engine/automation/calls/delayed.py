"""Starts runs whose first piece a request does itself: workers take them only where it did not come to it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.automation.durable import RunQueue
from engine.automation.ledger import Ledger
from engine.automation.run_state import Run, RunState
from engine.automation.starting import RunStarter
from engine.records.transaction import Transaction


class DelayedStarter(RunStarter):
    """Writes runs and enqueues them for later."""

    def __init__(self, ledger: Ledger, queue: RunQueue, *, delay_s: float) -> None:
        super().__init__(ledger)
        self._runs, self._later, self._delay_s = ledger, queue, delay_s

    def start(self, transaction: Transaction, runs: Sequence[Run]) -> None:
        """Write runs and enqueue those that are to run; all of it is committed with the transaction or not at all."""
        self._runs.add(transaction.connection, runs, to_workers=False)
        for run in runs:
            if run.state is RunState.QUEUED:
                self._later.start(transaction.connection, run.id, delay_s=self._delay_s)
