"""Starts the runs that a save causes: their rows, which workers hand over to the durable engine (`handing_over`).

They go with what else the save writes (`Transaction.later`), so that a run costs no way to the server of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert

from engine.automation.ledger import Ledger
from engine.automation.run_rows import NEW_RUN, row_of_new
from engine.automation.run_state import Run
from engine.expressions.sql.runtime import runtime
from engine.records.statements import Prepared
from engine.records.transaction import Transaction

_FEW = 8


class RunStarter:
    """Writes the runs of saves."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def start(self, transaction: Transaction, runs: Sequence[Run]) -> None:
        """Write runs; those that are to run are done by workers once the transaction commits."""
        if not runs:
            return
        if len(runs) > _FEW:
            self._ledger.add(transaction.connection, runs)
        else:
            count = len(runs)
            prepared = transaction.parts.made(("runs", count), lambda: _insert(transaction, count))
            rows = [row_of_new(run) for run in runs]
            given = {f"new_{name}_{index}": value for index, row in enumerate(rows) for name, value in row.items()}
            transaction.later(prepared, given)


def _insert(transaction: Transaction, count: int) -> Prepared:
    table = transaction.system.run
    rows = [{name: runtime(f"new_{name}_{index}", table.c[name].type) for name in NEW_RUN} for index in range(count)]
    return Prepared(insert(table).inline().values(rows), transaction.parts.dialect)
