"""Reads a CSV file: which encoding and delimiter it has, its header, and its rows with their line numbers.

Nothing is known here of objects or fields.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from engine.imports.errors import ImportRefused

DELIMITERS = ",;\t|"
ENCODINGS = ("utf-8", "gb18030")
MAX_CELL = 1_000_000
ERROR_COLUMNS = ("line", "column", "value", "reason")
"""The first columns of an errors file; a corrected one may be imported again as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """How a CSV file is written."""

    encoding: str
    delimiter: str


class CsvRow(NamedTuple):
    """One row; `line` is where it starts in the file, the header is line 1."""

    line: int
    cells: Sequence[str]


class CsvFile:
    """A CSV file that can be read several times; its header is read when it is opened.

    name: what it is called in messages. opened: opens its text from the start.

    Raises:
        ImportRefused: it cannot be read, has no header, or a column twice.
    """

    def __init__(self, name: str, opened: Callable[[], TextIO], delimiter: str) -> None:
        csv.field_size_limit(MAX_CELL)
        self.name = name
        self._opened = opened
        self.delimiter = delimiter
        header = next(self._lines(), None)
        if header is None:
            raise ImportRefused(f"{name} is empty; its first line must name the columns.")
        cells = [cell.strip() for cell in header[1]]
        self._skipped = len(ERROR_COLUMNS) if tuple(cells[: len(ERROR_COLUMNS)]) == ERROR_COLUMNS else 0
        self.columns = tuple(cells[self._skipped :])
        doubled = sorted({column for column in self.columns if column and self.columns.count(column) > 1})
        if doubled:
            raise ImportRefused(f"{name} has the column {', '.join(repr(column) for column in doubled)} twice.")

    @staticmethod
    def of_path(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> CsvFile:
        """Open a file; what is not told of its form is found out.

        Raises:
            ImportRefused: it cannot be used.
        """
        try:
            form = _find_form(path, encoding, delimiter)
            return CsvFile(str(path), lambda: path.open(encoding=form.encoding, newline=""), form.delimiter)
        except OSError as error:
            raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from error

    @staticmethod
    def of_text(name: str, text: str) -> CsvFile:
        """Open a text that is in memory already.

        Raises:
            ImportRefused: it cannot be used.
        """
        return CsvFile(name, lambda: io.StringIO(text, newline=""), _find_delimiter(text[:64_000]))

    def rows(self) -> Iterator[CsvRow]:
        """Give the rows below the header; empty lines are passed over."""
        width = len(self.columns)
        for line, cells in self._filled_lines():
            if len(cells) < width:
                cells = [*cells, *[""] * (width - len(cells))]
            yield CsvRow(line, cells)

    def count(self) -> int:
        """Count the rows below the header."""
        return sum(1 for _ in self._filled_lines())

    def _filled_lines(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        next(lines, None)
        for line, cells in lines:
            own = cells[self._skipped :] if self._skipped else cells
            if "".join(own).strip():
                yield line, own

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Give each line's number and cells, the header's too."""
        with self._opened() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            line = 1
            try:
                for cells in reader:
                    yield line, cells
                    line = reader.line_num + 1
            except (csv.Error, UnicodeDecodeError) as error:
                raise ImportRefused(f"{self.name} cannot be read from line {line} on: {error}.") from error


def _find_form(path: Path, encoding: str | None, delimiter: str | None) -> CsvForm:
    encoding = encoding or _find_encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            sample = file.read(64_000)
    except (UnicodeDecodeError, LookupError) as error:
        raise ImportRefused(f"{path} is not written in {encoding}: {error}.") from error
    return CsvForm(encoding=encoding, delimiter=delimiter or _find_delimiter(sample))


def _find_encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ENCODINGS:
        if _decodes(path, encoding):
            return encoding
    raise ImportRefused(f"{path} is neither UTF-8 nor GB18030; save it as UTF-8.")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _find_delimiter(sample: str) -> str:
    """Choose the delimiter that splits the header into most columns and the next rows into as many."""
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        rows = []
        reader = csv.reader(io.StringIO(sample), delimiter=delimiter)
        for _ in range(20):
            try:
                rows.append(next(reader))
            except (StopIteration, csv.Error):
                break
        if not rows:
            continue
        width = len(rows[0])
        score = (sum(len(row) == width for row in rows) if width > 1 else 0, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best
