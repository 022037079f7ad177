"""One batch of rows: cells to values, lookups to records, known rows to their ids, and all of it through the door.

The number of statements of a batch does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.audit.refusals import note_rows_within
from engine.imports.bound import Binding, BoundLinks, BoundLookup
from engine.imports.cell_columns import CellColumns, CellFault
from engine.imports.csv_file import CsvRow
from engine.imports.errors import BadCell
from engine.imports.file_cells import FileCells
from engine.imports.link_cells import LinkCells
from engine.imports.matching import Matching
from engine.imports.resolving import Lookups
from engine.imports.result import RowError, Tally
from engine.imports.role_cells import RoleCells, RoleGranting
from engine.imports.row_teller import RowTeller
from engine.imports.sheet import Sheet
from engine.imports.unreadable import unreadable
from engine.records.bulk_rows import ABSENT, RowColumns, RowResult, SaveRow
from engine.records.hooks import SaveKind
from engine.records.transaction import Transaction
from metamodel.field_types.files import holds_files


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
        granting: RoleGranting | None,
        files: FileCells | None = None,
    ) -> None:
        self._files = files or FileCells(None, None)
        self._binding = self._with_files(binding)
        self._tally = tally
        self._teller = RowTeller(binding)
        self._matching = Matching(binding, tally, self._teller)
        self._coming = coming
        self._roles = RoleCells(binding, granting)
        self._lookups = Lookups((*binding.lookups, *(each.lookup for each in binding.links)))
        self._late_links: dict[int, list[BoundLinks]] = {}
        self.waiting: list[Waiting] = []

    def go_on(self, waiting: Sequence[tuple[CsvRow, Mapping[str, Any]]]) -> None:
        """Take what rows of earlier batches wait for, as it was written down: the columns of lookups, their texts."""
        lookups = {each.source.column: each for each in self._binding.lookups}
        links = {each.lookup.source.column: each for each in self._binding.links}
        self.waiting += [
            Waiting(
                row=row,
                id=stored["id"],
                lookups=[(lookups[column], text) for column, text in stored["lookups"]],
                links=[links[column] for column in stored["links"]],
            )
            for row, stored in waiting
        ]

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
        self._refuse_faulty(transaction, sheet)
        self._matching.match(transaction, sheet)
        self._matching.decide(transaction, sheet)
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
                self._tally.errors.append(self._teller.error(item.row, lookup.source, text, str(fault)))
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
        for place in sorted(columns.faulty):
            self._take_faults(sheet, place)
        return sheet

    def _refuse_faulty(self, transaction: Transaction, sheet: Sheet) -> None:
        """Refuse rows with cells that are wrong, with all that is: roles too, and what the door can't read of them."""
        for place, error in self._roles.faults(transaction, sheet.rows).items():
            sheet.faulty.setdefault(place, []).append(error)
        kind = SaveKind.UPDATED if self._binding.match else SaveKind.CREATED
        for place, errors in sheet.faulty.items():
            row, told = sheet.rows[place], {error.column for error in errors}
            values = {name: value for name, column in sheet.values.items() if (value := column[place]) is not ABSENT}
            others = unreadable(transaction, self._binding.object, values, kind)
            errors += [each for each in self._teller.told(row, others) if each.column not in told]
            self._tally.refuse(errors)
        sheet.drop([*sheet.faulty])

    def _take_faults(self, sheet: Sheet, place: int) -> None:
        """Take faults out of a row; lookups of later rows are left open, others keep it from being saved."""
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
                errors.append(self._teller.error(row, fault.column, fault.cell, fault.reason))
        if errors:
            sheet.faulty[place] = errors

    def _write(self, transaction: Transaction, sheet: Sheet, links: LinkCells) -> None:
        if not sheet.rows:
            return
        saved = transaction.save_many(self._binding.object.key, RowColumns(sheet.values, sheet.ids), beside=True)
        linked: set[str] = set()
        if self._binding.links:
            linked, errors = links.save(sheet.rows, [_saved_id(result) for result in saved.rows])
            self._tally.errors += errors
        gives_roles = self._roles.is_used
        told = enumerate(saved.rows) if gives_roles else sorted(saved.told.items())
        if not gives_roles:
            self._tally.count("created", len(sheet.rows) - len(saved.told))
        refused = (result for result in saved.told.values() if result.outcome == "refused")
        note_rows_within(transaction, self._binding.object.key, refused)
        for place, result in told:
            row = sheet.rows[place]
            if result.outcome == "refused":
                self._tally.refuse(self._errors_of(row, result))
                sheet.waiting.pop(place, None)
                continue
            for notice in result.notices:
                column = self._binding.column_of(notice.field)
                self._tally.notices.append(self._teller.error(row, column, "", notice.message))
            is_moved = gives_roles and self._roles.grant(transaction, row, result.id)
            is_moved = is_moved or result.id in linked
            self._tally.count("updated" if is_moved and result.outcome == "unchanged" else result.outcome)
        for place, row in enumerate(sheet.rows) if sheet.waiting or self._late_links else ():
            lookups, late = sheet.waiting.get(place, ()), self._late_links.pop(row.line, ())
            if (lookups or late) and (record_id := _saved_id(saved.rows[place])) is not None:
                self.waiting.append(Waiting(row=row, id=record_id, lookups=lookups, links=late))

    def _errors_of(self, row: CsvRow, result: RowResult) -> list[RowError]:
        return self._teller.told(row, result.errors) or [self._teller.error(row, None, "", "the row was refused")]


def _saved_id(result: RowResult) -> str | None:
    return None if result.outcome == "refused" else result.id
