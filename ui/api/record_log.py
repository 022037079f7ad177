"""What happened to one record: its history and versions, the stages it went through, and the rule runs about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from engine.automation.run_views import RunFilter
from engine.records.reverting import Revert, revert
from engine.records.types import HistoryEntry, ShareEntry
from engine.records.versions import compare_versions
from ui.api.answers import entity_tag, json_answer
from ui.api.body import check_keys, read_object, take_confirm
from ui.api.parameters import check_record_id, read_if_match, read_limit, read_parameters, read_whole_number
from ui.api.records import object_key
from ui.api.runs import answer_runs
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_MOST = 2**53


def get_history(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/history: who changed what, the newest first; `before` continues."""
    given = read_parameters(("before",))
    key = object_key(object_name)
    check_record_id(key, record_id)
    before = read_whole_number("before", given.get("before"))
    entries = platform().records.history(actor(), key, record_id, before=before)
    following = f"{request.path}?before={entries[-1].id}" if entries and entries[-1].version > 1 else None
    return json_answer({"items": [change_to_json(entry) for entry in entries], "next": following})


def compare(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/compare: the fields in which versions differ, without `from` and `to` the last two."""
    given = read_parameters(("from", "to"))
    key = object_key(object_name)
    check_record_id(key, record_id)
    before, after = (read_whole_number(name, given.get(name)) for name in ("from", "to"))
    with platform().records.reading(actor(), release=release()) as transaction:
        newest = transaction.get(key, record_id, fields=("version",)).version
        after = newest if after is None else after
        before = max(after - 1, 1) if before is None else before
        found = compare_versions(transaction, transaction.object_def(key), record_id, before, after)
    items = [{"field": each.field, "from": each.before, "to": each.after, "masked": each.masked} for each in found]
    return json_answer({"from": before, "to": after, "fields": items})


def revert_changes(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/revert: take an entry of the history back, or put back a version."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    version = read_if_match(required=False)
    values = read_object()
    confirm = take_confirm(values)
    asked = _revert(values)
    with platform().records.transaction(actor(), release=release()) as transaction:
        done = revert(transaction, transaction.object_def(key), record_id, asked, version=version, confirm=confirm)
    left = [{"field": each.field, "code": each.code, "message": each.message} for each in done.left]
    body = {"record": done.saved.record.json, "fields": list(done.fields), "left": left}
    return json_answer(body, headers={"ETag": entity_tag(done.saved.record.version)})


def _revert(values: Mapping[str, Any]) -> Revert:
    check_keys(values, ("confirm", "entry", "fields", "version"))
    entry, to, fields = values.get("entry"), values.get("version"), values.get("fields", [])
    if not all(each is None or (type(each) is int and 0 < each < _MOST) for each in (entry, to)):
        raise ApiProblem(400, "bad_request", "`entry` and `version` are numbers of the history.")
    if not isinstance(fields, list) or not all(isinstance(each, str) for each in fields):
        raise ApiProblem(400, "bad_request", "`fields` is a list of names.")
    return Revert(entry=entry, version=to, fields=tuple(fields))


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


def _share(share: ShareEntry | None) -> dict[str, Any] | None:
    if share is None:
        return None
    kind, _, sharee = share.grantee.partition(":")
    old, new = (None if each is None else {"level": each[0], "until": each[1]} for each in (share.old, share.new))
    return {"with": {kind: sharee}, "old": old, "new": new}


def change_to_json(entry: HistoryEntry) -> dict[str, Any]:
    """Give an entry of the history as JSON data."""
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
        "reason": entry.reason,
        "share": _share(entry.share),
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new, "masked": change.masked}
            for change in entry.changes
        ],
    }
