"""Which records the rows of a batch are about: found by their keys, and told from others of the same name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from engine.imports.bound import Binding
from engine.imports.heads import ID
from engine.imports.result import Tally
from engine.imports.row_teller import RowTeller
from engine.imports.sheet import Sheet
from engine.records.bulk_rows import ABSENT
from engine.records.finding import find_by_fields, read_key
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction

_NOBODY: Sequence[str | None] = (None,)


class Matching:
    """Finds records for the rows of one import; rows that are about none there is are refused."""

    def __init__(self, binding: Binding, tally: Tally, teller: RowTeller) -> None:
        self._binding = binding
        self._tally = tally
        self._teller = teller

    def match(self, transaction: Transaction, sheet: Sheet) -> None:
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
            self._tally.refuse([self._teller.error(sheet.rows[place], self._binding.column_of(ID), shown, reason)])
        sheet.drop(unknown)

    def decide(self, transaction: Transaction, sheet: Sheet) -> None:
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
                self._tally.refuse(
                    [self._teller.error(row, each.column, each.cell, each.reason) for each in open_faults]
                )
        sheet.drop(refused)


def _keys_of(raw_values: Sequence[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read raw values by which records are found; each text is read once."""
    given = [None if raw is ABSENT else raw for raw in raw_values]
    if {*map(type, given)} <= {str, type(None)}:
        known = {raw: read(raw) for raw in {*given}}
        return [known[raw] for raw in given]
    return [read(raw) for raw in given]
