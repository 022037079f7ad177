"""One export that is made beside requests, as it stands; and what was asked for, as it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.exports.service import ExportRequest
from engine.records.types import ListQuery, SortKey

STANDS_STILL = dt.timedelta(seconds=90)
"""Whoever makes an export says so with every few thousand rows; for how long nothing may be heard of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """One export. state: running, done, failed or cancelled. roles: of who asked, as they were."""

    id: str
    object: str
    actor: str
    roles: frozenset[str]
    asked: Mapping[str, Any]
    state: str
    counts: Mapping[str, int]
    message: str
    created_at: dt.datetime
    finished_at: dt.datetime | None
    beat_at: dt.datetime | None
    is_under_way: bool

    @property
    def format(self) -> str:
        """How it is written."""
        return str(self.asked["format"])

    @property
    def total(self) -> int:
        """The rows that it has; 0 before that is known."""
        return self.counts.get("total", 0)

    @property
    def done(self) -> int:
        """The rows that are written."""
        return self.counts.get("done", 0)


def job_of(row: Mapping[Any, Any], now: dt.datetime) -> ExportJob:
    """Give an export of its row."""
    beat = row["beat_at"]
    return ExportJob(
        id=str(row["id"]),
        object=row["object"],
        actor=row["actor"],
        roles=frozenset(row["roles"] or ()),
        asked=row["asked"],
        state=row["state"],
        counts=row["counts"] or {},
        message=row["message"] or "",
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        beat_at=beat,
        is_under_way=row["state"] == "running" and beat is not None and now - beat < STANDS_STILL,
    )


def asked_json(request: ExportRequest, language: str, timezone: str) -> dict[str, Any]:
    """Give what was asked for as JSON data."""
    query = request.query
    return {
        "filter": query.filter,
        "view": query.view,
        "search": query.search,
        "fields": list(query.fields),
        "sort": [[key.path, key.descending] for key in query.sort],
        "format": request.format,
        "labelled": request.labelled,
        "language": language,
        "timezone": timezone,
    }


def request_of(job: ExportJob) -> ExportRequest:
    """Give what was asked for."""
    asked = job.asked
    query = ListQuery(
        object=job.object,
        filter=asked["filter"],
        view=asked["view"],
        search=asked["search"],
        fields=tuple(asked["fields"]),
        sort=tuple(SortKey(path=path, descending=descending) for path, descending in asked["sort"]),
    )
    return ExportRequest(query=query, format=asked["format"], labelled=asked["labelled"])
