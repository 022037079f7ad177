"""Takes the rows of a file through the batches of an import, each a transaction, and notes with each how far it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from engine import faults
from engine.imports.batch import Batches
from engine.imports.csv_file import CsvFile
from engine.imports.finishing import Finishing
from engine.imports.reached import BatchDone, Ledger, Way
from engine.imports.result import Tally
from engine.records.saving.bulk import BATCH
from engine.records.transaction import Transaction

OnProgress = Callable[[int, int], None]
"""Told of rows done and rows in all."""
Open = Callable[[], AbstractContextManager[Transaction]]


def save_all(
    file: CsvFile, total: int, batches: Batches, tally: Tally, opening: Open, ledger: Ledger | None, say: OnProgress
) -> None:
    """Save the rows that are left of a file, and then what waited for later rows.

    Raises: TakenOver, where the import is somebody else's by now; the batch under way is rolled back.
    """
    way = Way(ledger, file, batches, tally)
    left, rows = way.held, way.rows
    done = tally.total - len(left)
    with Finishing() as finishing:
        while part := [*left, *itertools.islice(rows, BATCH - len(left))]:
            tally.total -= len(left)
            # The batch before is being committed; what is read of this one needs nothing of it.
            sheet = batches.read(part)
            finishing.wait()
            if done:
                say(done, total)
            with ExitStack() as batch:
                opened = batch.enter_context(opening())
                left = batches.save(opened, part, sheet)
                told = way.done(left, total)
                finishing.begin(partial(_end, batch.pop_all(), way, opened, told))
            done = tally.total - len(left)
    if done:
        say(done, total)
    waiting = batches.waiting
    for start in range(way.waited, len(waiting), BATCH):
        some = waiting[start : start + BATCH]
        with opening() as opened:
            batches.save_waiting(opened, some)
            _note(way, opened, way.done((), total, start + len(some)))


def _end(batch: ExitStack, way: Way, transaction: Transaction, done: BatchDone | None) -> None:
    """Note what a batch did in its transaction, and commit it; where it may not be noted nothing of it stays."""
    with batch:
        _note(way, transaction, done)


def _note(way: Way, transaction: Transaction, done: BatchDone | None) -> None:
    if done is not None:
        way.note(transaction.connection, done)
        faults.reach("import.noted")
