"""What happened to one record: its history, the stages it went through, and the rule runs about it."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from engine.automation.run_views import RunFilter
from engine.records.types import HistoryEntry
from ui.api.answers import json_answer
from ui.api.parameters import check_record_id, read_limit, read_parameters, read_whole_number
from ui.api.records import object_key
from ui.api.runs import answer_runs
from ui.context import actor, platform


def get_history(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/history: who changed what, the newest first; `before` continues."""
    given = read_parameters(("before",))
    key = object_key(object_name)
    check_record_id(key, record_id)
    before = read_whole_number("before", given.get("before"))
    entries = platform().records.history(actor(), key, record_id, before=before)
    following = f"{request.path}?before={entries[-1].id}" if entries and entries[-1].version > 1 else None
    return json_answer({"items": [_entry(entry) for entry in entries], "next": following})


def get_stages(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/stages: when it entered and left the stages of its path, the oldest first."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    stays = platform().records.stays(actor(), key, record_id)
    items = [
        {
            "field": stay.field,
            "stage": stay.option,
            "entered_at": stay.entered_at,
            "left_at": stay.left_at,
            "left_by": stay.left_by,
        }
        for stay in stays
    ]
    return json_answer({"items": items, "next": None})


def get_runs(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/runs: the rule runs about a record the caller may read."""
    given = read_parameters(("limit", "cursor"))
    key = object_key(object_name)
    check_record_id(key, record_id)
    platform().records.get(actor(), key, record_id, fields=("id",))  # 404 before anything is said of its runs
    page = platform().automation.runs.list(
        actor(),
        RunFilter(object=key, record_id=record_id),
        limit=read_limit(given.get("limit")),
        cursor=given.get("cursor"),
    )
    return answer_runs(page)


def _entry(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "version": entry.version,
        "at": entry.at,
        "action": entry.action,
        "by": {"id": entry.actor_id, "title": entry.actor_title},
        "on_behalf_of": entry.on_behalf_of,
        "origin": entry.origin,
        "run": entry.run,
        "release": entry.release,
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new, "masked": change.masked}
            for change in entry.changes
        ],
    }
