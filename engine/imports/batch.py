"""One batch of rows: cells to values, lookups to records, known rows to their ids, and all of it through the door.

The number of statements of a batch does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.imports.binding import Binding, BoundColumn, BoundLookup
from engine.imports.cell_columns import CellColumns, CellFault
from engine.imports.csv_file import CsvRow
from engine.imports.errors import BadCell
from engine.imports.file_cells import FileCells
from engine.imports.heads import ID
from engine.imports.resolving import Lookups
from engine.imports.result import RowError, Tally
from engine.records.finding import find_by_fields, read_key
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction
from engine.records.types import RowResult, SaveRow
from metamodel.field_types.files import holds_files

GrantRoles = Callable[[Transaction, str, Collection[str]], bool]
"""Lets a user hold roles, in the transaction of the import; tells whether that changed anything."""


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A row on its way: its values so far, the record it changes.

    waiting: lookups that wait for a later row. unsure: lookups whose cell several records are called by.
    """

    row: CsvRow
    values: dict[str, Any] = field(default_factory=dict)
    key: tuple[Any, ...] | None = None
    id: str | None = None
    waiting: list[tuple[BoundLookup, str]] = field(default_factory=list)
    unsure: list[CellFault] = field(default_factory=list)


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
        self._lookups = Lookups(binding.lookups)
        self.waiting: list[Prepared] = []

    def read(self, rows: Sequence[CsvRow]) -> list[Prepared] | None:
        """Read the cells of a batch, where nothing has to be asked of the database for that; None where it has."""
        if any(holds_files(column.field) for column in self._binding.plain):
            return None
        if not all(self._lookups.knows(lookup, self._texts(lookup, rows)) for lookup in self._binding.lookups):
            return None
        return self._prepare(rows)

    def save(
        self, transaction: Transaction, rows: Sequence[CsvRow], prepared: list[Prepared] | None = None
    ) -> list[CsvRow]:
        """Save a batch; give back the rows whose key another row of the batch has, for the next one.

        prepared: what `read` gave.
        """
        if prepared is None:
            self._learn(transaction, rows)
            prepared = self._prepare(rows)
        prepared = self._match(transaction, prepared)
        prepared = self._decide(transaction, prepared)
        now, later = _first_of_each_key(prepared)
        self._write(transaction, now)
        return [item.row for item in later]

    def save_waiting(self, transaction: Transaction, part: Sequence[Prepared]) -> None:
        """Set the lookups that pointed at later rows of the file."""
        for lookup in self._binding.lookups:
            texts = {text for item in part for waits_for, text in item.waiting if waits_for is lookup}
            self._lookups.learn(transaction, lookup, texts)
        ready = [(item, values) for item in part if (values := self._late_values(item))]
        if not ready:
            return
        rows = [SaveRow(values=values, id=item.id) for item, values in ready]
        saved = transaction.save_many(self._binding.object.key, rows, all_or_nothing=False)
        for (item, _), result in zip(ready, saved.rows, strict=True):
            if result.outcome == "refused":
                self._tally.errors += self._errors_of(item.row, result)

    def _late_values(self, item: Prepared) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for lookup, text in item.waiting:
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

    def _prepare(self, rows: Sequence[CsvRow]) -> list[Prepared]:
        self._tally.total += len(rows)
        columns = CellColumns(self._binding, self._lookups, rows)
        names, faulty = columns.names, columns.faulty
        prepared = []
        for place, (row, values) in enumerate(zip(rows, columns.rows(), strict=True)):
            item = Prepared(row=row, values=dict(zip(names, values, strict=True)))
            if place not in faulty or self._waits(item):
                prepared.append(item)
        return prepared

    def _waits(self, item: Prepared) -> bool:
        """Take faults out of a row; say whether it may be saved, its lookups of later rows left open."""
        faults = {name: value for name, value in item.values.items() if isinstance(value, CellFault)}
        errors = []
        for name, fault in faults.items():
            del item.values[name]
            lookup = fault.lookup
            if lookup is not None and self._binding.object.key in lookup.targets and fault.cell in self._coming:
                item.waiting.append((lookup, fault.cell))
            elif fault.candidates:
                item.unsure.append(fault)
            else:
                errors.append(self._error(item.row, fault.column, fault.cell, fault.reason))
        if errors:
            self._tally.refuse(errors)
        return not errors

    def _match(self, transaction: Transaction, prepared: Sequence[Prepared]) -> list[Prepared]:
        """Find the records that rows are about; give the rows that may go on."""
        match, fields = self._binding.match, self._binding.object.fields
        if not match:
            return list(prepared)
        if match == (ID,):
            return self._match_ids(transaction, prepared)
        read = [partial(read_key, transaction, fields[name]) for name in match]
        for item in prepared:
            values = item.values
            key = tuple([part(values.get(name)) for part, name in zip(read, match, strict=True)])
            item.key = key if key[0] is not None else None
        firsts = {item.key[0] for item in prepared if item.key is not None}
        found = find_by_fields(transaction, self._binding.object.key, match, firsts)
        for item in prepared:
            ids = found.get(item.key, ()) if item.key is not None else ()
            item.id = ids[0] if ids else None
        return list(prepared)

    def _match_ids(self, transaction: Transaction, prepared: Sequence[Prepared]) -> list[Prepared]:
        """Find records by the ids that rows have; a row without one is a new record."""
        for item in prepared:
            given = item.values.pop(ID, None)
            item.key = (str(given),) if given is not None else None
        ids = {item.key[0] for item in prepared if item.key is not None and could_be_id(item.key[0])}
        found = find_by_fields(transaction, self._binding.object.key, (ID,), ids)
        kept = []
        for item in prepared:
            item.id = found[item.key][0] if item.key in found else None
            if item.key is None or item.id is not None:
                kept.append(item)
                continue
            reason = f"there is no {self._binding.object.name} with this id; without an id the row is a new one"
            self._tally.refuse([self._error(item.row, self._binding.column_of(ID), item.key[0], reason)])
        return kept

    def _decide(self, transaction: Transaction, prepared: Sequence[Prepared]) -> list[Prepared]:
        """Settle cells that several records are called by: the one that the record points at already stays."""
        unsure = [item for item in prepared if item.unsure]
        names = tuple(dict.fromkeys(fault.column.field.name for item in unsure for fault in item.unsure))
        current: dict[str, dict[str, Any]] = {}
        if unsure:
            ids = {item.id for item in unsure if item.id is not None}
            found = find_by_fields(transaction, self._binding.object.key, (ID, *names), ids)
            current = {record_id: dict(zip(names, values, strict=True)) for (record_id, *values) in found}
        refused = set()
        for item in unsure:
            now = current.get(item.id or "", {})
            open_faults = [fault for fault in item.unsure if now.get(fault.column.field.name) not in fault.candidates]
            if open_faults:
                refused.add(id(item))
                self._tally.refuse([self._error(item.row, each.column, each.cell, each.reason) for each in open_faults])
        return [item for item in prepared if id(item) not in refused]

    def _write(self, transaction: Transaction, prepared: Sequence[Prepared]) -> None:
        if not prepared:
            return
        rows = [SaveRow(values=item.values, id=item.id) for item in prepared]
        saved = transaction.save_many(self._binding.object.key, rows, beside=True)
        gives_roles = bool(self._binding.roles) or self._binding.roles_index is not None
        for item, result in zip(prepared, saved.rows, strict=True):
            if result.outcome == "refused":
                self._tally.refuse(self._errors_of(item.row, result))
                continue
            for notice in result.notices:
                column = self._binding.column_of(notice.field)
                self._tally.notices.append(self._error(item.row, column, "", notice.message))
            item.id = result.id
            self._tally.count(self._with_roles(transaction, item, result.outcome) if gives_roles else result.outcome)
            if item.waiting:
                self.waiting.append(item)

    def _with_roles(self, transaction: Transaction, item: Prepared, outcome: str) -> str:
        binding = self._binding
        roles = list(binding.roles)
        if binding.roles_index is not None:
            roles += item.row.cells[binding.roles_index].replace("|", " ").replace(",", " ").replace(";", " ").split()
        if not roles or self._grant_roles is None or item.id is None:
            return outcome
        changed = self._grant_roles(transaction, item.id, roles)
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


def _first_of_each_key(prepared: Sequence[Prepared]) -> tuple[list[Prepared], list[Prepared]]:
    now: list[Prepared] = []
    later: list[Prepared] = []
    seen: set[tuple[Any, ...]] = set()
    for item in prepared:
        if item.key is not None and item.key in seen:
            later.append(item)
        else:
            now.append(item)
            if item.key is not None:
                seen.add(item.key)
    return now, later
