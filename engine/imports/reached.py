"""How far an import is: what each of its transactions writes down with the rows it saves, and what goes on from there.

Progress is committed with the batch that it tells of, or not at all; so whoever takes an import over begins behind
the last batch that there is, and no row is saved twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import Connection

from engine.imports.batch import Batches, Waiting
from engine.imports.csv_file import CsvFile, CsvRow
from engine.imports.result import RowError, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDone:
    """What one transaction of an import did. rows, counts, waited: so far; errors, waiting: of this one.

    held: lines whose key another row of the batch had; the next batch has them.
    """

    number: int
    rows: int
    total: int
    counts: Mapping[str, int]
    held: Sequence[int]
    errors: Sequence[RowError]
    waiting: Sequence[Mapping[str, Any]]
    waited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where an import stands: what its transactions together did. errors: without the cells of their rows."""

    batches: int = 0
    rows: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    held: Sequence[int] = ()
    errors: Sequence[RowError] = ()
    waiting: Sequence[Mapping[str, Any]] = ()
    waited: int = 0


class Ledger(Protocol):
    """The books of one import that may be gone on with."""

    @property
    def id(self) -> str:
        """The id of the import."""
        ...

    def reached(self) -> Reached:
        """Give where it stands."""
        ...

    def note(self, connection: Connection, done: BatchDone) -> None:
        """Write down what a transaction did, within it.

        Raises: TakenOver, where somebody else works on the import or it was cancelled.
        """
        ...


class Way:
    """The way of one import through its file: the rows still to come, and what was noted of those before."""

    def __init__(self, ledger: Ledger | None, file: CsvFile, batches: Batches, tally: Tally) -> None:
        self._ledger = ledger
        self._batches = batches
        self._tally = tally
        found = ledger.reached() if ledger is not None else Reached()
        self._number, self.waited = found.batches, found.waited
        self.rows = file.rows()
        self.held = self._go_on(found) if found.batches else []
        self._errors, self._waiting = len(tally.errors), len(batches.waiting)

    def done(self, held: Sequence[CsvRow], total: int, waited: int = 0) -> BatchDone | None:
        """Give what is to be noted of the transaction that ends now; None where nobody keeps books."""
        self.waited = waited
        if self._ledger is None:
            return None
        self._number += 1
        tally, batches = self._tally, self._batches
        made = BatchDone(
            number=self._number,
            rows=tally.total,
            total=total,
            counts=dict(tally.counts),
            held=[row.line for row in held],
            errors=tally.errors[self._errors :],
            waiting=[_stored(each) for each in batches.waiting[self._waiting :]],
            waited=waited,
        )
        self._errors, self._waiting = len(tally.errors), len(batches.waiting)
        return made

    def note(self, connection: Connection, done: BatchDone | None) -> None:
        """Write it down. Raises: TakenOver."""
        if done is not None and self._ledger is not None:
            self._ledger.note(connection, done)

    def _go_on(self, found: Reached) -> list[CsvRow]:
        """Take the rows that were read before, and what is known of them; give those that the next batch has."""
        wanted = {*found.held, *(error.line for error in found.errors), *(each["line"] for each in found.waiting)}
        kept = {row.line: row for row in _first(self.rows, found.rows) if row.line in wanted}
        self._tally.go_on(found.rows, found.counts, [error.of_row(kept[error.line].cells) for error in found.errors])
        self._batches.go_on([(kept[each["line"]], each) for each in found.waiting])
        return [kept[line] for line in found.held]


def _first(rows: Iterator[CsvRow], count: int) -> Iterator[CsvRow]:
    for _ in range(count):
        yield next(rows)


def _stored(waiting: Waiting) -> Mapping[str, Any]:
    return {
        "line": waiting.row.line,
        "id": waiting.id,
        "lookups": [[lookup.source.column, text] for lookup, text in waiting.lookups],
        "links": [bound.lookup.source.column for bound in waiting.links],
    }
