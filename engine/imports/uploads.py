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
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


def read_upload(name: str, data: bytes) -> str:
    """Give the text of an uploaded file as CSV that can be imported.

    Raises: ImportRefused.
    """
    if len(data) > MOST_BYTES:
        raise ImportRefused(f"{name} is larger than {MOST_BYTES // 1024**2} MB.")
    if data.startswith(b"PK\x03\x04"):
        text = _written(rows_of_workbook(name, data))
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
    raise ImportRefused(f"{name} is neither UTF-8 nor GB18030; save it as UTF-8.")


def _written(rows: Iterable[Sequence[str]]) -> str:
    found = list(rows)
    while found and not any(found[-1]):
        found.pop()
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for row in found:
        # A line of nothing but commas, so that it stays the line it was.
        writer.writerow(row if any(row) else ["", ""])
    return written.getvalue()
