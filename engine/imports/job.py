"""One import of the desk as it stands: its file, what its columns fill, how far it is, what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.imports.mapping import ColumnMapping, ImportMapping

STANDS_STILL = dt.timedelta(seconds=90)
"""Whoever works on an import says so with each batch; for how long nothing may be heard of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What people chose: column → field, and the field that finds known records ("" = each row is a new record)."""

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    match: str = ""

    def mapping(self, heads: Sequence[str]) -> ImportMapping:
        """Give it as the importer takes it; columns that fill nothing are passed over."""
        mapped = tuple(
            ColumnMapping(column=head, field=self.columns[head]) for head in heads if head and self.columns.get(head)
        )
        ignored = frozenset(head for head in heads if not self.columns.get(head))
        return ImportMapping(columns=mapped, ignored=ignored, match=(self.match,) if self.match else ())

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {"columns": dict(self.columns), "match": self.match}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with a row; column: "" where it is the row as a whole."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One import. state: taken, checking, checked, running, done or failed. rules: runs it starts, by rule.

    content, rejected: texts of CSV, where it was asked for alone. is_under_way: somebody works on it now.
    """

    id: str
    object: str
    file: str
    state: str
    wanted: Wanted
    counts: Mapping[str, int]
    created_at: dt.datetime
    finished_at: dt.datetime | None
    found: Mapping[str, Any]
    message: str
    beat_at: dt.datetime | None
    is_under_way: bool
    content: str = ""
    rejected: str = ""

    @property
    def total(self) -> int:
        """The rows of the file."""
        return self.counts.get("total", 0)

    @property
    def is_standing(self) -> bool:
        """Whether whoever worked on it has not been heard of."""
        return self.state in ("checking", "running") and not self.is_under_way

    @property
    def rules(self) -> Mapping[str, int]:
        """The runs that it starts, or started, by rule."""
        found: Mapping[str, int] = self.found.get("rules", {})
        return found

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """What is wrong with the first rows that are refused."""
        return tuple(RowFault(**each) for each in self.found.get("faults", ()))


def job_of(row: Mapping[Any, Any], now: dt.datetime) -> ImportJob:
    """Give an import of its row."""
    wanted, beat = row["mapping"] or {}, row["beat_at"]
    is_fresh = beat is not None and now - beat < STANDS_STILL
    return ImportJob(
        id=str(row["id"]),
        object=row["object"],
        file=row["file"],
        state=row["state"],
        wanted=Wanted(columns=wanted.get("columns", {}), match=wanted.get("match", "")),
        counts=row["counts"] or {},
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        found=row["found"] or {},
        message=row["message"] or "",
        beat_at=beat,
        is_under_way=row["state"] in ("checking", "running") and is_fresh,
        content=row.get("content") or "",
        rejected=row.get("rejected") or "",
    )
