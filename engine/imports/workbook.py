"""Reads the first sheet of an XLSX workbook as rows of texts, as a CSV file would have them.

Only values are read: of formulas what they came to when the file was saved. Dates become ISO texts. A workbook that
would unpack to more than a file may have, or that declares entities, is refused.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import IO
from xml.etree import ElementTree

from engine.imports.errors import ImportRefused

MOST_UNPACKED = 200 * 1024**2
MOST_SETTINGS = 16 * 1024**2
"""How large the parts may be that are held as a whole: the list of the sheets, and the styles."""
MOST_COLUMNS = 1_000
MOST_ROWS = 1_048_576
"""As many as a sheet has."""
_MOST_TEXTS = 3_000_000
_MOST_APART = 1_000_000
"""How many elements may stand between two rows or texts: they are in memory until the next one."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"([A-Z]{1,3})\d+")
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_UNREADABLE = (
    zipfile.BadZipFile, ElementTree.ParseError, LookupError, ValueError, OverflowError, RuntimeError,
    EOFError, zlib.error,
)  # fmt: skip
_NEVER_WAS = 60
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_FIRST_DAYS = (dt.date(1899, 12, 30), dt.date(1904, 1, 1))


def rows_of_workbook(name: str, data: bytes) -> Iterator[Sequence[str]]:
    """Give the rows of the first sheet, empty ones too.

    Raises: ImportRefused.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_UNPACKED:
                raise ImportRefused(f"{name} unpacks to more than {MOST_UNPACKED // 1024**2} MB.")
            yield from _Workbook(archive).rows()
    except _UNREADABLE as fault:
        raise ImportRefused(f"{name} cannot be read as a workbook; save it as XLSX or CSV again.") from fault


def _unescaped(text: str) -> str:
    """Give the characters that XML can't hold and workbooks write as `_xHHHH_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    # Halves of pairs and NUL are no text, whoever wrote them.
    code = int(found[1], 16)
    return found[0] if not code or 0xD800 <= code <= 0xDFFF else chr(code)


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = set(archive.namelist())
        book = self._tree("xl/workbook.xml")
        settings = book.find(f"{_MAIN}workbookPr")
        is_1904 = settings is not None and settings.get("date1904") in ("1", "true")
        self._first_day = _FIRST_DAYS[is_1904]
        self._sheet = self._first_sheet(book)
        self._texts = self._shared("xl/sharedStrings.xml") if "xl/sharedStrings.xml" in names else ()
        self._dates = self._date_styles() if "xl/styles.xml" in names else frozenset()

    def rows(self) -> Iterator[Sequence[str]]:
        """Give the rows; those that the file leaves out are empty."""
        expected = 1
        for element in self._each(self._sheet, f"{_MAIN}row"):
            number = int(element.get("r") or expected)
            if number > MOST_ROWS or expected > MOST_ROWS:
                raise ValueError("more rows than a sheet has")
            for _ in range(min(max(number - expected, 0), 10_000)):
                yield []
            yield self._cells(element)
            expected = max(number, expected) + 1

    def _cells(self, row: ElementTree.Element) -> list[str]:
        cells: list[str] = []
        for cell in row.iter(f"{_MAIN}c"):
            found = _PLACE.fullmatch(cell.get("r") or "")
            at = _column(found[1]) if found else len(cells)
            if at >= MOST_COLUMNS:
                continue
            cells += [""] * (at + 1 - len(cells))
            cells[at] = self._value(cell)
        return cells

    def _value(self, cell: ElementTree.Element) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return _unescaped("".join(each.text or "" for each in cell.iter(f"{_MAIN}t")))
        text = cell.findtext(f"{_MAIN}v") or ""
        if kind == "s":
            return self._texts[int(text)] if text else ""
        if kind == "b":
            return "true" if text == "1" else "false"
        if kind == "e":
            return ""
        if not kind or kind == "n":
            return self._date(text) if int(cell.get("s") or 0) in self._dates and text else _number(text)
        return text

    def _date(self, text: str) -> str:
        seconds = round(float(text) * 86_400)
        days, rest = divmod(seconds, 86_400)
        if days < 0:
            return _number(text)
        day = self._day(days)
        time = f"{rest // 3_600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        if not days:
            return time
        return f"{day} {time}" if rest else day

    def _day(self, days: int) -> str:
        if self._first_day == _FIRST_DAYS[True] or days > _NEVER_WAS:
            return (self._first_day + dt.timedelta(days=days)).isoformat()
        # The count from 1900 has a 29 February 1900: what is before it lies one day nearer to us.
        return (self._first_day + dt.timedelta(days=days + 1)).isoformat() if days < _NEVER_WAS else "1900-02-29"

    def _first_sheet(self, book: ElementTree.Element) -> str:
        first = book.find(f".//{_MAIN}sheet")
        wanted = first.get(_RELATED) if first is not None else None
        for each in self._tree("xl/_rels/workbook.xml.rels"):
            if each.get("Id") == wanted:
                target = each.get("Target") or ""
                return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        raise KeyError("sheet")

    def _shared(self, path: str) -> Sequence[str]:
        runs = (f"{_MAIN}t", f"{_MAIN}r/{_MAIN}t")
        return [
            _unescaped("".join(each.text or "" for run in runs for each in item.findall(run)))
            for item in self._each(path, f"{_MAIN}si")
        ]

    def _each(self, path: str, tag: str) -> Iterator[ElementTree.Element]:
        """Give the elements of a name one by one; each is emptied when the next is asked for."""
        apart = found = 0
        with self._archive.open(path) as stream:
            for _, element in ElementTree.iterparse(_Guarded(stream)):  # noqa: S314 - see _Guarded  # nosec B314
                apart += 1
                if apart > _MOST_APART or found > _MOST_TEXTS:
                    raise ValueError("more elements than a sheet has")
                if element.tag == tag:
                    yield element
                    element.clear()
                    apart, found = 0, found + 1

    def _date_styles(self) -> frozenset[int]:
        tree = self._tree("xl/styles.xml")
        own: Mapping[int, str] = {
            int(each.get("numFmtId") or 0): _QUOTED.sub("", each.get("formatCode") or "")
            for each in tree.iter(f"{_MAIN}numFmt")
        }
        formats = tree.find(f"{_MAIN}cellXfs")
        ids = [int(each.get("numFmtId") or 0) for each in formats] if formats is not None else []
        return frozenset(
            place
            for place, number in enumerate(ids)
            if number in _BUILT_IN_DATES or (number in own and _DATE_LETTERS.search(own[number]))
        )

    def _tree(self, path: str) -> ElementTree.Element:
        if self._archive.getinfo(path).file_size > MOST_SETTINGS:
            raise ValueError("a part that is held as a whole is too large")
        with self._archive.open(path) as stream:
            return ElementTree.parse(_Guarded(stream)).getroot()  # noqa: S314 - see _Guarded  # nosec B314


class _Guarded:
    """A stream of XML that may declare no types: entities are what bombs are made of."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        """Give the next bytes."""
        part = self._stream.read(size)
        seen = self._tail + part
        # A NUL is a sign of UTF-16, in which the words would not be found; no program writes workbooks so.
        if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen or b"\0" in part:
            raise ValueError("declared types")
        self._tail = part[-10:]
        return part


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _number(text: str) -> str:
    """Write a number as people do: workbooks hold 0.1 + 0.2 as 0.30000000000000004."""
    try:
        rounded = Decimal(f"{float(text):.15g}")
    except (ValueError, InvalidOperation):
        return text
    return f"{rounded:f}" if rounded.is_finite() else text
