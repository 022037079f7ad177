"""One batch of rows: cells to values, lookups to records, known rows to their ids, and all of it through the door.

The number of statements of a batch does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from engine.imports.bound import Binding, BoundColumn, BoundLinks, BoundLookup
from engine.imports.cell_columns import CellColumns, CellFault
from engine.imports.csv_file import CsvRow
from engine.imports.errors import BadCell
from engine.imports.file_cells import FileCells
from engine.imports.heads import ID
from engine.imports.link_cells import LinkCells
from engine.imports.resolving import Lookups
from engine.imports.result import RowError, Tally
from engine.imports.sheet import Sheet
from engine.records.bulk_rows import ABSENT, RowColumns, RowResult, SaveRow
from engine.records.finding import find_by_fields, read_key
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction
from metamodel.field_types.files import holds_files

_NOBODY: Sequence[str | None] = (None,)
GrantRoles = Callable[[Transaction, str, Collection[str]], bool]
"""Lets a user hold roles, in the transaction of the import; tells whether that changed anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A saved row with lookups, or whole cells of links, that wait for a later one."""

    row: CsvRow
    id: str | None
    lookups: Sequence[tuple[BoundLookup, str]]
    links: Sequence[BoundLinks] = ()


class Batches:
    """Saves the batches of one import and remembers what they leave open.

    coming: texts by which rows of the file itself will be known, for lookups of an object to itself.
    """

    def __init__(
        self,
        binding: Binding,
        tally: Tally,
        coming: Collection[str],
        grant_roles: GrantRoles | None,
        files: FileCells | None = None,
    ) -> None:
        self._files = files or FileCells(None, None)
        self._binding = self._with_files(binding)
        self._tally = tally
        self._coming = coming
        self._grant_roles = grant_roles
        self._lookups = Lookups((*binding.lookups, *(each.lookup for each in binding.links)))
        self._late_links: dict[int, list[BoundLinks]] = {}
        self.waiting: list[Waiting] = []

    def read(self, rows: Sequence[CsvRow]) -> Sheet | None:
        """Read the cells of a batch, where nothing has to be asked of the database for that; None where it has."""
        if any(holds_files(column.field) for column in self._binding.plain):
            return None
        if not all(self._lookups.knows(lookup, self._texts(lookup, rows)) for lookup in self._binding.lookups):
            return None
        return self._prepare(rows)

    def save(self, transaction: Transaction, rows: Sequence[CsvRow], sheet: Sheet | None = None) -> list[CsvRow]:
        """Save a batch; give back the rows whose key another row of the batch has, for the next one.

        sheet: what `read` gave.
        """
        if sheet is None:
            self._learn(transaction, rows)
            sheet = self._prepare(rows)
        self._match(transaction, sheet)
        self._decide(transaction, sheet)
        later = sheet.take_repeated()
        links = LinkCells(transaction, self._lookups, self._binding.links)
        self._read_links(links, sheet)
        self._write(transaction, sheet, links)
        return later

    def save_waiting(self, transaction: Transaction, part: Sequence[Waiting]) -> None:
        """Set the lookups that pointed at later rows of the file."""
        for lookup in self._binding.lookups:
            texts = {text for item in part for waits_for, text in item.lookups if waits_for is lookup}
            self._lookups.learn(transaction, lookup, texts)
        self._link_late(transaction, [item for item in part if item.id is not None and item.links])
        ready = [(item, values) for item in part if (values := self._late_values(item))]
        if not ready:
            return
        rows = [SaveRow(values=values, id=item.id) for item, values in ready]
        saved = transaction.save_many(self._binding.object.key, rows, all_or_nothing=False)
        for (item, _), result in zip(ready, saved.rows, strict=True):
            if result.outcome == "refused":
                self._tally.errors += self._errors_of(item.row, result)

    def _link_late(self, transaction: Transaction, part: Sequence[Waiting]) -> None:
        for bound in self._binding.links:
            late = [item for item in part if bound in item.links]
            rows, ids = [item.row for item in late], [item.id for item in late]
            links = LinkCells(transaction, self._lookups, [bound])
            self._tally.errors += [fault.error for fault in links.read(rows, ids)]
            self._tally.errors += links.save(rows, ids)[1]

    def _read_links(self, links: LinkCells, sheet: Sheet) -> None:
        """Read the cells of links; rows with one that is wrong are refused."""
        refused: dict[int, list[RowError]] = {}
        for fault in links.read(sheet.rows, sheet.ids):
            if fault.may_come(self._binding.object.key, self._coming):
                self._late_links.setdefault(fault.row.line, []).append(fault.bound)
            else:
                refused.setdefault(fault.row.line, []).append(fault.error)
        for errors in refused.values():
            self._tally.refuse(errors)
        sheet.drop([place for place, row in enumerate(sheet.rows) if row.line in refused])

    def _late_values(self, item: Waiting) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for lookup, text in item.lookups:
            try:
                values[lookup.source.field.name] = self._lookups.value(lookup, text)
            except BadCell as fault:
                self._tally.errors.append(self._error(item.row, lookup.source, text, str(fault)))
        return values

    def _with_files(self, binding: Binding) -> Binding:
        """Give the binding with cells of files read as what they name."""
        plain = tuple(
            replace(column, convert=self._files.reader(column.field)) if holds_files(column.field) else column
            for column in binding.plain
        )
        return replace(binding, plain=plain)

    def _learn(self, transaction: Transaction, rows: Sequence[CsvRow]) -> None:
        for column in self._binding.plain:
            if holds_files(column.field):
                cells = {column.mapped(row.cells[column.index]) for row in rows}
                self._files.learn(transaction, column, filter(None, cells))
        for lookup in self._binding.lookups:
            self._lookups.learn(transaction, lookup, self._texts(lookup, rows))

    def _texts(self, lookup: BoundLookup, rows: Sequence[CsvRow]) -> set[str]:
        source = lookup.source
        return {source.mapped(text) for text in {row.cells[source.index] for row in rows}}

    def _prepare(self, rows: Sequence[CsvRow]) -> Sheet:
        self._tally.total += len(rows)
        columns = CellColumns(self._binding, self._lookups, rows)
        sheet = Sheet(rows, dict(zip(columns.names, columns.values, strict=True)))
        refused = [place for place in sorted(columns.faulty) if not self._waits(sheet, place)]
        sheet.drop(refused)
        return sheet

    def _waits(self, sheet: Sheet, place: int) -> bool:
        """Take faults out of a row; say whether it may be saved, its lookups of later rows left open."""
        row = sheet.rows[place]
        errors = []
        for column in sheet.values.values():
            fault = column[place]
            if not isinstance(fault, CellFault):
                continue
            column[place] = ABSENT
            lookup = fault.lookup
            if lookup is not None and self._binding.object.key in lookup.targets and fault.cell in self._coming:
                sheet.waiting.setdefault(place, []).append((lookup, fault.cell))
            elif fault.candidates:
                sheet.unsure.setdefault(place, []).append(fault)
            else:
                errors.append(self._error(row, fault.column, fault.cell, fault.reason))
        if errors:
            self._tally.refuse(errors)
        return not errors

    def _match(self, transaction: Transaction, sheet: Sheet) -> None:
        """Find the records that rows are about; rows that are about none that there is are refused."""
        match, fields = self._binding.match, self._binding.object.fields
        if not match:
            return
        if match == (ID,):
            self._match_ids(transaction, sheet)
            return
        parts = [_keys_of(sheet.column(name), partial(read_key, transaction, fields[name])) for name in match]
        sheet.keys = [key if key[0] is not None else None for key in zip(*parts, strict=True)]
        found = find_by_fields(transaction, self._binding.object.key, match, {*parts[0]} - {None})
        if found:
            sheet.ids = [found.get(key, _NOBODY)[0] if key is not None else None for key in sheet.keys]

    def _match_ids(self, transaction: Transaction, sheet: Sheet) -> None:
        """Find records by the ids that rows have; a row without one is a new record."""
        given = sheet.column(ID)
        sheet.values.pop(ID, None)
        sheet.keys = [None if value is None or value is ABSENT else (str(value),) for value in given]
        ids = {key[0] for key in sheet.keys if key is not None and could_be_id(key[0])}
        found = find_by_fields(transaction, self._binding.object.key, (ID,), ids)
        sheet.ids = [found.get(key, _NOBODY)[0] if key is not None else None for key in sheet.keys]
        unknown = [place for place, key in enumerate(sheet.keys) if key is not None and key not in found]
        for place in unknown:
            reason = f"there is no {self._binding.object.name} with this id; without an id the row is a new one"
            shown = str(given[place])
            self._tally.refuse([self._error(sheet.rows[place], self._binding.column_of(ID), shown, reason)])
        sheet.drop(unknown)

    def _decide(self, transaction: Transaction, sheet: Sheet) -> None:
        """Settle cells that several records are called by: the one that the record points at already stays."""
        if not sheet.unsure:
            return
        names = tuple(dict.fromkeys(fault.column.field.name for faults in sheet.unsure.values() for fault in faults))
        ids = {record_id for place in sheet.unsure if (record_id := sheet.ids[place]) is not None}
        found = find_by_fields(transaction, self._binding.object.key, (ID, *names), ids)
        current = {record_id: dict(zip(names, values, strict=True)) for (record_id, *values) in found}
        refused = []
        for place, faults in sheet.unsure.items():
            now = current.get(sheet.ids[place] or "", {})
            open_faults = [fault for fault in faults if now.get(fault.column.field.name) not in fault.candidates]
            if open_faults:
                row = sheet.rows[place]
                refused.append(place)
                self._tally.refuse([self._error(row, each.column, each.cell, each.reason) for each in open_faults])
        sheet.drop(refused)

    def _write(self, transaction: Transaction, sheet: Sheet, links: LinkCells) -> None:
        if not sheet.rows:
            return
        saved = transaction.save_many(self._binding.object.key, RowColumns(sheet.values, sheet.ids), beside=True)
        linked: set[str] = set()
        if self._binding.links:
            linked, errors = links.save(sheet.rows, [_saved_id(result) for result in saved.rows])
            self._tally.errors += errors
        gives_roles = bool(self._binding.roles) or self._binding.roles_index is not None
        told = enumerate(saved.rows) if gives_roles else sorted(saved.told.items())
        if not gives_roles:
            self._tally.count("created", len(sheet.rows) - len(saved.told))
        for place, result in told:
            row = sheet.rows[place]
            if result.outcome == "refused":
                self._tally.refuse(self._errors_of(row, result))
                sheet.waiting.pop(place, None)
                continue
            for notice in result.notices:
                column = self._binding.column_of(notice.field)
                self._tally.notices.append(self._error(row, column, "", notice.message))
            outcome = self._with_roles(transaction, row, result) if gives_roles else result.outcome
            self._tally.count("updated" if outcome == "unchanged" and result.id in linked else outcome)
        for place, row in enumerate(sheet.rows) if sheet.waiting or self._late_links else ():
            lookups, late = sheet.waiting.get(place, ()), self._late_links.pop(row.line, ())
            if (lookups or late) and (record_id := _saved_id(saved.rows[place])) is not None:
                self.waiting.append(Waiting(row=row, id=record_id, lookups=lookups, links=late))

    def _with_roles(self, transaction: Transaction, row: CsvRow, result: RowResult) -> str:
        binding, outcome = self._binding, result.outcome
        roles = list(binding.roles)
        if binding.roles_index is not None:
            roles += row.cells[binding.roles_index].replace("|", " ").replace(",", " ").replace(";", " ").split()
        if not roles or self._grant_roles is None or result.id is None:
            return outcome
        changed = self._grant_roles(transaction, result.id, roles)
        return "updated" if changed and outcome == "unchanged" else outcome

    def _errors_of(self, row: CsvRow, result: RowResult) -> list[RowError]:
        found = []
        for error in result.errors:
            column = self._binding.column_of(error.field)
            found.append(self._error(row, column, column.cell(row.cells) if column else "", error.message, error.field))
        return found or [self._error(row, None, "", "the row was refused")]

    def _error(
        self, row: CsvRow, column: BoundColumn | None, value: str, reason: str, field_name: str | None = None
    ) -> RowError:
        shown = column.column if column is not None else ""
        if column is None and field_name:
            reason = f"{field_name}: {reason}"
        return RowError(line=row.line, column=shown, value=value, reason=reason, cells=row.cells)


def _saved_id(result: RowResult) -> str | None:
    return None if result.outcome == "refused" else result.id


def _keys_of(raw_values: Sequence[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read raw values by which records are found; each text is read once."""
    given = [None if raw is ABSENT else raw for raw in raw_values]
    if {*map(type, given)} <= {str, type(None)}:
        known = {raw: read(raw) for raw in {*given}}
        return [known[raw] for raw in given]
    return [read(raw) for raw in given]
