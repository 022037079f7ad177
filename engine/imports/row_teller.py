"""Says what is wrong with rows: where it stands in the file, in the words of the file's own columns."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import FieldError
from engine.imports.bound import Binding, BoundColumn
from engine.imports.csv_file import CsvRow
from engine.imports.result import RowError


class RowTeller:
    """Tells of the rows of one import."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding

    def told(self, row: CsvRow, errors: Sequence[FieldError]) -> list[RowError]:
        """Give what the door says of a row."""
        found = []
        for error in errors:
            column = self._binding.column_of(error.field)
            found.append(self.error(row, column, column.cell(row.cells) if column else "", error.message, error.field))
        return found

    def error(
        self, row: CsvRow, column: BoundColumn | None, value: str, reason: str, field_name: str | None = None
    ) -> RowError:
        """Give what is wrong with a cell of a row, or with the row as a whole."""
        shown = column.column if column is not None else ""
        if column is None and field_name:
            reason = f"{field_name}: {reason}"
        return RowError(line=row.line, column=shown, value=value, reason=reason, cells=row.cells)
