"""Files as people upload them: CSV in the encodings that occur, or a workbook; both become one CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from engine.imports.csv_file import ENCODINGS, CsvFile
from engine.imports.errors import ImportRefused
from engine.imports.workbook import rows_of_workbook

MOST_ROWS = 100_000
MOST_COLUMNS = 300
MOST_BYTES = 20 * 1024**2
MOST_WRITTEN = 100 * 1024**2
"""How long the CSV text of a workbook may be: a sheet can name one long text in each of its cells."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


def read_upload(name: str, data: bytes) -> str:
    """Give the text of an uploaded file as CSV that can be imported.

    Raises: ImportRefused.
    """
    if len(data) > MOST_BYTES:
        raise ImportRefused(f"{name} is larger than {MOST_BYTES // 1024**2} MB.")
    if data.startswith(b"PK\x03\x04"):
        text = _written(name, rows_of_workbook(name, data))
    elif data.startswith(_OLD_WORKBOOK):
        raise ImportRefused(f"{name} is an old workbook (XLS); save it as XLSX or CSV.")
    else:
        text = _decoded(name, data).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise ImportRefused(f"{name} is no text; save it as CSV or XLSX.")
    file = CsvFile.of_text(name, text)
    if not any(file.columns) or len(file.columns) > MOST_COLUMNS:
        raise ImportRefused(f"{name} has {len(file.columns)} columns; 1 to {MOST_COLUMNS} can be read.")
    rows = file.count()
    if not rows:
        raise ImportRefused(f"{name} has no rows below its heads.")
    if rows > MOST_ROWS:
        raise ImportRefused(f"{name} has {rows:,} rows; at most {MOST_ROWS:,} are read at once.")
    return text


def first_rows(text: str, rows: int) -> str:
    """Give the start of a CSV text: its head and some rows, line by line as they stand there."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=CsvFile.of_text("", text).delimiter)
    for _ in range(rows + 1):
        if next(reader, None) is None:
            return text
    return "".join(io.StringIO(text, newline="").readlines()[: reader.line_num])


def _decoded(name: str, data: bytes) -> str:
    told = [encoding for mark, encoding in _BOMS if data.startswith(mark)]
    for encoding in told or ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    if name.lower().endswith(".xlsx"):
        raise ImportRefused(f"{name} cannot be read as a workbook; save it as XLSX or CSV again.")
    raise ImportRefused(f"{name} is neither UTF-8 nor GB18030; save it as UTF-8.")


def _written(name: str, rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV, without the empty ones at the end."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    size = empty = 0
    for row in rows:
        if not any(row):
            empty += 1
            continue
        size += 2 * empty + sum(map(len, row)) + len(row)
        if size > MOST_WRITTEN:
            raise ImportRefused(f"{name} unpacks to more than {MOST_WRITTEN // 1024**2} MB.")
        # A line of nothing but commas, so that it stays the line it was.
        writer.writerows(["", ""] for _ in range(empty))
        writer.writerow(row)
        empty = 0
    return written.getvalue()
