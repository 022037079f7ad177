"""Cells that name files: by their path beside the imported file, or by the id of one that is here already.

A path never leads out of the folder of the imported file. Bytes come in by the store of files, in the transaction of
the batch, so that a row that is refused leaves nothing behind for long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.imports.bound import BoundColumn
from engine.imports.errors import BadCell
from engine.records.transaction import Transaction
from metamodel.field_types import FieldValueError, message
from metamodel.field_types.files import is_file_id, split_files
from metamodel.fields import FieldDef
from metamodel.values import StoredFile

if TYPE_CHECKING:
    from engine.files.store import FileStore


class FileCells:
    """The files that the cells of one import name. folder: where paths start; None = no paths are taken."""

    def __init__(self, store: FileStore | None, folder: Path | None) -> None:
        self._store = store
        self._folder = folder.resolve() if folder is not None else None
        self._known: dict[tuple[str, str], StoredFile | BadCell] = {}

    def learn(self, transaction: Transaction, column: BoundColumn, cells: Iterable[str]) -> None:
        """Bring in the files that cells of a column name."""
        for path in dict.fromkeys(path for cell in cells for path in _paths(column.field, cell)):
            if not is_file_id(path):
                self._known[column.field.name, path] = self._taken(transaction, column.field, path)

    def reader(self, field: FieldDef) -> Callable[[str], object]:
        """Make what turns a cell of a field into its raw value.

        The function raises BadCell.
        """

        def read(cell: str) -> object:
            found = [self._file(field, path) for path in _paths(field, cell)]
            return found if field.value_type == "files" else found[0]

        return read

    def _file(self, field: FieldDef, path: str) -> object:
        found = path if is_file_id(path) else self._known[field.name, path]
        if isinstance(found, BadCell):
            raise found
        return found

    def _taken(self, transaction: Transaction, field: FieldDef, path: str) -> StoredFile | BadCell:
        source = self._source(path)
        if self._store is None or source is None:
            return BadCell("is no file in the folder of the imported file, nor the id of one that was uploaded")
        try:
            return self._store.take(transaction.connection, transaction.actor, field, source, source.name)
        except FieldValueError as fault:
            return BadCell(f"can't be taken: {message(fault.code, 'en', **fault.params)}")

    def _source(self, path: str) -> Path | None:
        if self._folder is None or "\0" in path or len(path) > 1_000:
            return None
        source = (self._folder / path).resolve()
        # After all links are followed, it must still lie there.
        return source if source.is_relative_to(self._folder) and source.is_file() else None


def _paths(field: FieldDef, cell: str) -> list[str]:
    return split_files(cell) if field.value_type == "files" else [cell.strip()]
