"""Writes an export as a workbook (XLSX): one sheet, its head on top of every screen, numbers as numbers.

Rows go to a temporary file as they come, so memory holds one of them; the workbook is there when its last row is.
Texts have what CSV has, so that both come back alike; characters that XML can't hold stand in Excel's `_xHHHH_`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence

import xlsxwriter

from engine.errors import EngineError
from engine.exports.columns import ExportColumn
from engine.records.types import Page

MOST_ROWS = 1_048_576
"""Rows of a sheet, its head among them."""
LONGEST_CELL = 32_767
"""Characters of a cell, as UTF-16 counts them."""
_NUMBER = re.compile(r"-?(?=[0-9.]{1,16}\Z)[0-9]{1,15}(?:\.[0-9]+)?", re.ASCII)
_CHUNK = 1 << 16
_WIDTHS = (8, 48)


class TooLargeForWorkbook(EngineError):
    """A workbook can't hold the list: it has too many rows, or a value is too long for a cell."""

    def __init__(self, *, rows: int = 0, column: str = "", title: str = "") -> None:
        self.rows, self.column, self.title = rows, column, title
        super().__init__(
            f"A workbook holds {MOST_ROWS - 1:,} records, and the list has {rows:,}; export it as CSV."
            if rows
            else f"A cell of a workbook holds {LONGEST_CELL:,} characters, and '{column}' of '{title}' has more; "
            "export the list as CSV."
        )


def workbook_chunks(columns: Sequence[ExportColumn], pages: Iterator[Page], total: int) -> Iterator[bytes]:
    """Give a workbook: an empty chunk for each page that is in it, then its bytes.

    Raises: TooLargeForWorkbook, before the first bytes.
    """
    if total >= MOST_ROWS:
        raise TooLargeForWorkbook(rows=total)
    with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        try:
            yield from _rows(book, columns, pages)
        except BaseException:
            # Without it the writer complains that it was left alone.
            book.fileclosed = True
            raise
        book.close()
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _rows(book: xlsxwriter.Workbook, columns: Sequence[ExportColumn], pages: Iterator[Page]) -> Iterator[bytes]:
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    heads = [head for column in columns for head in column.heads]
    numbers = [column.numbers for column in columns for _head in column.heads]
    for at, head in enumerate(heads):
        sheet.set_column(at, at, min(max(len(head) + 2, _WIDTHS[0]), _WIDTHS[1]))
        sheet.write_string(0, at, head, bold)
    sheet.freeze_panes(1, 0)
    row = 0
    for page in pages:
        for record in page.rows:
            row += 1
            for at, text in enumerate(cell for column in columns for cell in column.write(record)):
                if not text:
                    continue
                if numbers[at] and _NUMBER.fullmatch(text):
                    sheet.write_number(row, at, float(text))
                elif _length(text) > LONGEST_CELL or sheet.write_string(row, at, text) != 0:
                    raise TooLargeForWorkbook(column=heads[at], title=record.title or record.id)
        yield b""


def _length(text: str) -> int:
    return len(text) if len(text) < LONGEST_CELL // 2 else len(text.encode("utf-16-le")) // 2
