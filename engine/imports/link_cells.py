"""Cells that name all that a record is linked to: read by title or key, held against the links that there are.

A cell is the whole list: what it does not name is unlinked, and an empty cell unlinks all, as an empty cell of any
field empties it. A title means the record of that title that is linked already, so that a file that was exported
changes nothing; else it is looked up like the cell of a lookup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.imports.bound import BoundLinks
from engine.imports.csv_file import CsvRow
from engine.imports.errors import BadCell
from engine.imports.resolving import Lookups, NotThere
from engine.imports.result import RowError
from engine.records.linking import Linked, link_exactly, linked_records
from engine.records.transaction import Transaction
from engine.records.types import ListQuery
from metamodel.names import did_you_mean
from metamodel.values import LinkedRecord

_NEAR = 200
"""Among how many of the newest records a title is looked for that may be meant."""


class UnknownLinks(BadCell):
    """Cells name records that are not there; later rows of the file may be them. texts: what they are called."""

    def __init__(self, reason: str, texts: Collection[str]) -> None:
        self.texts = texts
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFault:
    """A cell without a value. texts: names nobody has yet; () = it is wrong whatever comes."""

    bound: BoundLinks
    row: CsvRow
    reason: str
    texts: tuple[str, ...] = ()

    def may_come(self, object_key: str, coming: Collection[str]) -> bool:
        """Say whether later rows of a file for an object, known by these texts, are all that misses."""
        return bool(self.texts) and self.bound.list.target == object_key and all(each in coming for each in self.texts)

    @property
    def error(self) -> RowError:
        """What is told of it."""
        return link_error(self.bound, self.row, self.reason)


def link_error(bound: BoundLinks, row: CsvRow, reason: str) -> RowError:
    """Tell what is wrong with the links of a row."""
    source = bound.lookup.source
    return RowError(line=row.line, column=source.column, value=source.cell(row.cells), reason=reason, cells=row.cells)


class LinkCells:
    """The links that the cells of one batch ask for: column → line of a row → ids of the records."""

    def __init__(self, transaction: Transaction, lookups: Lookups, columns: Sequence[BoundLinks]) -> None:
        self._transaction = transaction
        self._lookups = lookups
        self._columns = columns
        self._linked: dict[str, Linked] = {}
        self._wanted: dict[str, dict[int, list[str]]] = {}
        self._near: dict[str, Sequence[str]] = {}

    def read(self, rows: Sequence[CsvRow], ids: Sequence[str | None]) -> list[LinkFault]:
        """Read the cells of rows, which are about these records; give those that have no value."""
        faults: list[LinkFault] = []
        for bound in self._columns:
            name = bound.list.field.name
            linked = linked_records(self._transaction, bound.list, (each for each in ids if each is not None))
            self._linked[name] = linked
            cells = [
                (row, bound.texts(row.cells), linked.get(one or "", ())) for row, one in zip(rows, ids, strict=True)
            ]
            open_texts = {text for _, texts, now in cells for text in _not_linked(texts, now)}
            self._lookups.learn(self._transaction, bound.lookup, open_texts)
            self._wanted[name] = wanted = {}
            for row, texts, now in cells:
                try:
                    wanted[row.line] = self._ids(bound, texts, now)
                except UnknownLinks as fault:
                    faults.append(LinkFault(bound=bound, row=row, reason=str(fault), texts=tuple(fault.texts)))
                except BadCell as fault:
                    faults.append(LinkFault(bound=bound, row=row, reason=str(fault)))
        return faults

    def save(self, rows: Sequence[CsvRow], ids: Sequence[str | None]) -> tuple[set[str], list[RowError]]:
        """Link saved records; give those that changed, and what was refused. ids: of the rows' records, if saved."""
        changed: set[str] = set()
        errors: list[RowError] = []
        row_of = {record_id: row for row, record_id in zip(rows, ids, strict=True) if record_id is not None}
        for bound in self._columns:
            name = bound.list.field.name
            given = self._wanted[name]
            wanted = {one: given[row.line] for one, row in row_of.items() if row.line in given}
            moved, refused = link_exactly(self._transaction, bound.list, wanted, self._linked[name])
            changed |= moved
            errors += [
                link_error(bound, row_of[one], each.message) for one, faults in refused.items() for each in faults
            ]
        return changed, errors

    def _ids(self, bound: BoundLinks, texts: Sequence[str], now: Sequence[LinkedRecord]) -> list[str]:
        """Give the records that a cell names.

        Raises: BadCell.
        """
        meant = _linked_titles(texts, now)
        found = [each.id for each in now if each.title in meant]
        unknown = []
        for text in dict.fromkeys(text for text in texts if text not in meant):
            try:
                found.append(str(self._lookups.value(bound.lookup, text)))
            except NotThere as fault:
                unknown.append((text, str(fault)))
        if unknown:
            titles = self._titles(bound.list.target)
            hints = [(reason, did_you_mean(text, titles)) for text, reason in unknown]
            reasons = [f"{reason}; {hint}" if hint else reason for reason, hint in hints]
            raise UnknownLinks("; ".join(reasons), [text for text, _ in unknown])
        return found

    def _titles(self, target: str) -> Sequence[str]:
        if target not in self._near:
            page = self._transaction.list(ListQuery(object=target, fields=("id",), limit=_NEAR))
            self._near[target] = [row.title for row in page.rows]
        return self._near[target]


def _linked_titles(texts: Sequence[str], now: Sequence[LinkedRecord]) -> set[str]:
    """Give the titles that a cell names as often as records of that title are linked: these are meant."""
    if not texts or not now:
        return set()
    titles = Counter(each.title for each in now)
    return {text for text, times in Counter(texts).items() if titles[text] == times}


def _not_linked(texts: Sequence[str], now: Sequence[LinkedRecord]) -> list[str]:
    meant = _linked_titles(texts, now)
    return [text for text in texts if text not in meant]
