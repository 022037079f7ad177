"""Starts the runs that a save causes: their rows and their places in the durable engine's queue.

Both go with what else the save writes (`Transaction.later`), so that a run costs no way to the server of its own. On
PostgreSQL dbos' own SQL function puts runs into its queue; on SQLite its client does.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, insert, text

from engine.automation.durable import APPLICATION, PROTOCOL_VERSION, QUEUE, WORKFLOW, RunQueue, segment_name
from engine.automation.ledger import Ledger
from engine.automation.run_rows import NEW_RUN, row_of_new
from engine.automation.run_state import Run, RunState
from engine.expressions.sql.runtime import runtime
from engine.records.statements import Prepared
from engine.records.transaction import Transaction
from engine.storage.dialect import Dialect

_FEW = 8
_ENQUEUE = """SELECT dbos.enqueue_workflow(
    workflow_name => CAST(:workflow AS text), queue_name => CAST(:queue AS text),
    positional_args => ARRAY[to_json(run), to_json(0)], workflow_id => name,
    app_version => CAST(:version AS text), application_name => CAST(:application AS text))
FROM unnest(CAST(:runs AS text[]), CAST(:names AS text[])) AS started (run, name)"""


class RunStarter:
    """Writes and enqueues the runs of saves."""

    def __init__(self, ledger: Ledger, queue: RunQueue) -> None:
        self._ledger = ledger
        self._queue = queue

    def start(self, transaction: Transaction, runs: Sequence[Run]) -> None:
        """Write runs and enqueue those that are to run; all of it is committed with the transaction or not at all."""
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
        self._enqueue(transaction, [run.id for run in runs if run.state is RunState.QUEUED])

    def _enqueue(self, transaction: Transaction, ids: list[str]) -> None:
        if transaction.database.dialect is not Dialect.POSTGRESQL:
            self._start_on_sqlite(transaction, ids)
        elif ids:
            prepared = transaction.parts.made("enqueue", lambda: _enqueueing(transaction))
            transaction.later(prepared, {"runs": ids, "names": [segment_name(run_id, 0) for run_id in ids]})

    def _start_on_sqlite(self, transaction: Transaction, ids: list[str]) -> None:
        if len(ids) > _FEW:
            self._queue.start_many(transaction.connection, ids)
        else:
            for run_id in ids:
                self._queue.start(transaction.connection, run_id)


def _insert(transaction: Transaction, count: int) -> Prepared:
    table = transaction.system.run
    rows = [{name: runtime(f"new_{name}_{index}", table.c[name].type) for name in NEW_RUN} for index in range(count)]
    return Prepared(insert(table).inline().values(rows), transaction.parts.dialect)


def _enqueueing(transaction: Transaction) -> Prepared:
    names = ARRAY(Text())
    constants = {"workflow": WORKFLOW, "queue": QUEUE, "version": PROTOCOL_VERSION, "application": APPLICATION}
    statement = text(_ENQUEUE).bindparams(runtime("runs", names), runtime("names", names), **constants)
    return Prepared(statement, transaction.parts.dialect)
