"""One import of the desk as it stands: its file, what its columns fill, how far it is, what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.imports.csv_file import CsvFile, CsvRow
from engine.imports.mapping import ColumnMapping, ImportMapping, parse_mapping

STANDS_STILL = dt.timedelta(seconds=90)
"""Whoever works on an import says so with each batch; for how long nothing may be heard of them."""
SAMPLE_ROWS, SAMPLE_CELL = 10, 200
UNDER_WAY = ("checking", "running")
OVER = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What people chose: column → field, and the field that finds known records ("" = each row is a new record).

    text: in place of these a whole mapping, written as a mapping file is; "" with `by_head`, each column fills the
    field of its name.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    match: str = ""
    text: str = ""
    by_head: bool = False

    def mapping(self, heads: Sequence[str]) -> ImportMapping:
        """Give it as the importer takes it; columns that fill nothing are passed over.

        Raises: ImportRefused.
        """
        if self.text:
            return parse_mapping(self.text, "mapping")
        if self.by_head:
            return ImportMapping(match=(self.match,) if self.match else ())
        mapped = tuple(
            ColumnMapping(column=head, field=self.columns[head]) for head in heads if head and self.columns.get(head)
        )
        ignored = frozenset(head for head in heads if not self.columns.get(head))
        return ImportMapping(columns=mapped, ignored=ignored, match=(self.match,) if self.match else ())

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {"columns": dict(self.columns), "match": self.match, "text": self.text, "by_head": self.by_head}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Heads and first rows of a file, cells cut short: all that pages show of it."""

    columns: tuple[str, ...] = ()
    rows: tuple[CsvRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with a row; column: "" where it is the row as a whole. id: its place among those of the import."""

    line: int
    column: str
    value: str
    reason: str
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One import. state: taken, checking, checked, running, done, failed or cancelled. rules: runs it starts, by rule.

    dry_run: it ends when it was tried. limit: of the token that it was begun by, "" without one. is_under_way: somebody
    works on it now. has_rejected: rows it refused are kept.
    """

    id: str
    object: str
    file: str
    actor: str
    state: str
    wanted: Wanted
    counts: Mapping[str, int]
    created_at: dt.datetime
    finished_at: dt.datetime | None
    found: Mapping[str, Any]
    message: str
    beat_at: dt.datetime | None
    is_under_way: bool
    sample: Sample
    dry_run: bool = False
    limit: str = ""
    faults: tuple[RowFault, ...] = ()

    @property
    def total(self) -> int:
        """The rows of the file."""
        return self.counts.get("total", 0)

    @property
    def is_standing(self) -> bool:
        """Whether whoever worked on it has not been heard of."""
        return self.state in UNDER_WAY and not self.is_under_way

    @property
    def rules(self) -> Mapping[str, int]:
        """The runs that it starts, or started, by rule."""
        found: Mapping[str, int] = self.found.get("rules", {})
        return found

    @property
    def has_rejected(self) -> bool:
        """Whether rows that it refused are kept."""
        return bool(self.found.get("rejected"))


def job_of(row: Mapping[Any, Any], now: dt.datetime, faults: Sequence[RowFault] = ()) -> ImportJob:
    """Give an import of its row."""
    wanted, beat = row["mapping"] or {}, row["beat_at"]
    is_fresh = beat is not None and now - beat < STANDS_STILL
    return ImportJob(
        id=str(row["id"]),
        object=row["object"],
        file=row["file"],
        actor=row["actor"],
        state=row["state"],
        wanted=Wanted(
            columns=wanted.get("columns", {}),
            match=wanted.get("match", ""),
            text=wanted.get("text", ""),
            by_head=wanted.get("by_head", False),
        ),
        counts=row["counts"] or {},
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        found=row["found"] or {},
        message=row["message"] or "",
        beat_at=beat,
        is_under_way=row["state"] in UNDER_WAY and is_fresh,
        sample=_sample_of(row["sample"]),
        dry_run=bool(row["dry_run"]),
        limit=wanted.get("limit", ""),
        faults=tuple(faults),
    )


def sample_json(file: CsvFile) -> dict[str, Any]:
    """Give what is kept of a file for pages."""
    rows = []
    for row in file.rows():
        rows.append([row.line, [cell[:SAMPLE_CELL] for cell in row.cells]])
        if len(rows) == SAMPLE_ROWS:
            break
    return {"columns": list(file.columns), "rows": rows}


def _sample_of(stored: Mapping[str, Any] | None) -> Sample:
    if not stored:
        return Sample()
    rows = tuple(CsvRow(line, cells) for line, cells in stored["rows"])
    return Sample(columns=tuple(stored["columns"]), rows=rows)
