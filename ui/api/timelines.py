"""GET /records/{object}/{id}/timeline: changes, rule runs and the records about a record, in one order."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.timeline import TimelineEntry, read_timeline, timeline_kinds
from metamodel.names import did_you_mean
from ui.api.answers import json_answer
from ui.api.parameters import check_record_id, next_address, read_limit, read_parameters, read_paths
from ui.api.record_log import change_to_json
from ui.api.records import object_key
from ui.api.runs import run_to_json
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release
from ui.errors import ApiProblem


def get_timeline(object_name: str, record_id: str) -> Response:
    """GET the timeline, the newest first; `kinds` names what of it is wanted."""
    given = read_parameters(("kinds", "limit", "cursor"))
    key = object_key(object_name)
    check_record_id(key, record_id)
    limit = read_limit(given.get("limit"))
    wanted = read_paths("kinds", given.get("kinds"))
    with platform().records.reading(actor(), release=release()) as transaction:
        object_def = transaction.object_def(key)
        transaction.reader.require_readable(object_def, record_id)
        known = timeline_kinds(transaction, object_def)
        for unknown in [each for each in wanted if each not in known]:
            hint = did_you_mean(unknown, known) or f"known are {', '.join(known)}"
            raise ApiProblem(400, "bad_parameter", f"There is no kind '{unknown[:40]}'; {hint}")
        page = read_timeline(
            transaction,
            platform().automation.runs,
            object_def,
            record_id,
            kinds=wanted or known,
            limit=limit,
            cursor=given.get("cursor") or None,
        )
        items = [_item(each) for each in page.entries]
    following = next_address(page.next_cursor)
    headers = {"Link": f'<{following}>; rel="next"'} if following else None
    return json_answer({"items": items, "next": following}, headers=headers)


def timeline_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the path of an object's timelines for OpenAPI."""
    record_id: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    text: Schema = {"type": "string"}
    limit: Schema = {"$ref": "#/components/parameters/limit"}
    items: Schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "required": ["kind", "at"]}},
            "next": {"type": ["string", "null"]},
        },
        "required": ["items", "next"],
    }
    parameters = [{"name": name, "in": "query", "schema": text} for name in ("kinds", "cursor")]
    call = {
        "operationId": f"timeline_of_{key}",
        "tags": [tag],
        "parameters": [*parameters, limit],
        "responses": {
            "200": {"description": "Newest first.", "content": {"application/json": {"schema": items}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    return {f"/records/{key}/{{id}}/timeline": {"parameters": [record_id], "get": call}}


def _item(entry: TimelineEntry) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": entry.kind, "at": entry.at}
    if entry.change is not None:
        return found | {"change": change_to_json(entry.change)}
    if entry.run is not None:
        return found | {"run": run_to_json(entry.run)}
    assert entry.record is not None
    return found | {"object": entry.record.object, "record": entry.record.json}
