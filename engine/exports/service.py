"""Runs an export: rights, one state of the data, its audit entry, and pages by keyset written as they are read.

A file is made while it is sent: what is in memory is one page of rows, however long the list is.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal

import orjson
from sqlalchemy import insert

from engine.access.actor import Actor
from engine.audit.entries import entry_values
from engine.clock import Clock
from engine.errors import AccessDenied, TooManyAtOnce, UnknownObject
from engine.exports.columns import ExportColumn, export_columns
from engine.exports.workbook import workbook_chunks
from engine.records.service import Records
from engine.records.types import ListQuery, Page
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables
from metamodel.field_types.cells import CellForm
from metamodel.objects import ObjectDef

Format = Literal["csv", "xlsx", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "jsonl")
BYTE_ORDER_MARK = "\ufeff"
"""With it spreadsheets read the file as UTF-8; the importer knows it."""
RIGHT = "export"
PAGE_ROWS = 500
_AT_ONCE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is exported: a list as the door takes it (its limit and cursor do not count), and how it is written.

    labelled: heads, options and names of records for people, in the actor's language; else API names and ids.
    """

    query: ListQuery
    format: Format = "csv"
    labelled: bool = True


class Export:
    """A file on its way: iterate over its bytes, once, and close it.

    total: the rows it has. name: what it may be called.
    """

    def __init__(self, name: str, total: int, chunks: Iterator[bytes], end: Callable[[], None]) -> None:
        self.name = name
        self.total = total
        self._chunks = chunks
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the state of the data that is read; may be called twice."""
        self._end()


class Exports:
    """Exports lists for actors."""

    def __init__(
        self,
        database: Database,
        system: SystemTables,
        records: Records,
        release: Callable[[], Release],
        clock: Clock,
    ) -> None:
        self._database = database
        self._system = system
        self._records = records
        self._release = release
        self._clock = clock
        # Each holds a connection for as long as somebody reads; those of pages must not run out.
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def may_export(self, actor: Actor, object_key: str, release: Release | None = None) -> bool:
        """Say whether the actor may export any record of an object."""
        access = self._records.access(actor, release)
        return access.has_right(RIGHT) and access.of(object_key).may("export") and access.of(object_key).visible

    def check(self, actor: Actor, object_key: str, release: Release | None = None) -> None:
        """Refuse what `start` would. Raises: UnknownObject, AccessDenied."""
        self._permitted(actor, object_key, release or self._release())

    def start(self, actor: Actor, request: ExportRequest, *, release: Release | None = None) -> Export:
        """Begin an export; it is in the audit log before its first byte is given.

        Raises:
            UnknownObject, QueryProblem: the list cannot be read. AccessDenied: it may not be exported.
            TooManyAtOnce: as many exports as the process takes are on their way.
        """
        pinned = release or self._release()
        object_def = self._permitted(actor, request.query.object, pinned)
        if not self._places.acquire(blocking=False):
            raise TooManyAtOnce("exports", _AT_ONCE)
        closing = ExitStack()
        closing.callback(self._places.release)
        try:
            return self._opened(actor, request, pinned, object_def, closing)
        except BaseException:
            closing.close()
            raise

    def _opened(
        self, actor: Actor, request: ExportRequest, pinned: Release, object_def: ObjectDef, closing: ExitStack
    ) -> Export:
        query = replace(request.query, exported=True)
        transaction = closing.enter_context(self._records.reading(actor, release=pinned, snapshot=True))
        pages = transaction.reader.pages(object_def, query, PAGE_ROWS)
        first = next(pages)
        total = transaction.count(query, exact=True).value
        self._note(actor, request, pinned, object_def, total)
        form = CellForm(language=actor.language, timezone=actor.timezone, labelled=request.labelled)
        columns = export_columns(pinned, object_def, first.fields, form)
        name = f"{object_def.name}.{request.format}"
        chunks = _chunks(request.format, columns, _all_pages(first, pages), total)
        return Export(name, total, chunks, closing.close)

    def _permitted(self, actor: Actor, object_key: str, pinned: Release) -> ObjectDef:
        object_def = pinned.metamodel.objects.get(object_key)
        access = self._records.access(actor, pinned)
        if object_def is None or not access.of(object_key).visible:
            raise UnknownObject(object_key)
        if not access.has_right(RIGHT):
            raise AccessDenied("export", object_key, "no role of yours has the right 'export'")
        if not access.of(object_key).may("export"):
            raise AccessDenied("export", object_key, "no role of yours grants it for this object")
        return object_def

    def _note(self, actor: Actor, request: ExportRequest, pinned: Release, object_def: ObjectDef, total: int) -> None:
        query = request.query
        told = {
            "rows": total,
            "format": request.format,
            "filter": query.filter,
            "view": query.view,
            "search": query.search,
            "fields": ",".join(query.fields) or None,
            "sort": ",".join(f"-{key.path}" if key.descending else key.path for key in query.sort) or None,
            "language": actor.language if request.labelled else None,
        }
        with self._database.write() as connection:
            values = entry_values(actor, object_def.key, "exported", self._clock.now(), told, release=pinned.number)
            connection.execute(insert(self._system.audit).values(values))


def _all_pages(first: Page, others: Iterator[Page]) -> Iterator[Page]:
    yield first
    yield from others


def _chunks(form: Format, columns: Sequence[ExportColumn], pages: Iterator[Page], total: int) -> Iterator[bytes]:
    match form:
        case "csv":
            return _csv_chunks(columns, pages)
        case "xlsx":
            return workbook_chunks(columns, pages, total)
        case "jsonl":
            return _json_lines(pages)


def _csv_chunks(columns: Sequence[ExportColumn], pages: Iterator[Page]) -> Iterator[bytes]:
    yield BYTE_ORDER_MARK.encode() + _csv_text([[head for column in columns for head in column.heads]])
    for page in pages:
        yield _csv_text([cell for column in columns for cell in column.write(record)] for record in page.rows)


def _csv_text(rows: Iterator[list[str]] | list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    # All is quoted: a cell stays one cell for who splits lines at another sign, too.
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _json_lines(pages: Iterator[Page]) -> Iterator[bytes]:
    for page in pages:
        yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in page.json_rows())
