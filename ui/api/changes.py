"""GET /changes: what was committed, once and in order, for programs that keep a copy elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from engine.changes.feed import Change, newest_place, read_changes
from engine.changes.opening import change_numbers
from ui.api.answers import json_answer
from ui.api.parameters import read_limit, read_parameters, read_paths
from ui.api.records import object_key
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release
from ui.errors import ApiProblem

NOW = "now"
_PARAMETERS = ("since", "objects", "limit")


def list_changes() -> Response:
    """GET /changes: what followed the cursor `since`; `now` is behind all, none the oldest that is kept."""
    given = read_parameters(_PARAMETERS)
    limit = read_limit(given.get("limit"))
    objects = [object_key(name) for name in read_paths("objects", given.get("objects"))]
    since = given.get("since")
    if since == "":
        raise ApiProblem(400, "bad_parameter", "`since` is a cursor of an answer before, or `now`.")
    here = platform()
    numbers = change_numbers(here.settings, here.database, here.system)
    with here.records.reading(actor(), release=release()) as transaction:
        if since == NOW:
            return _answer((), newest_place(transaction, numbers), more=False)
        page = read_changes(transaction, numbers, since=since, objects=objects, limit=limit)
    return _answer(page.changes, page.next_cursor, more=page.more)


def change_paths() -> dict[str, Any]:
    """Give the path of the feed for OpenAPI."""
    text: Schema = {"type": "string"}
    change: Schema = {
        "type": "object",
        "properties": {
            "object": text,
            "id": text,
            "version": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            "action": text,
            "fields": {"type": "array", "items": text},
        },
        "required": ["object", "id", "version", "at", "action", "fields"],
    }
    page: Schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": change},
            "cursor": text,
            "next": text,
            "more": {"type": "boolean"},
        },
        "required": ["items", "cursor", "next", "more"],
    }
    call = {
        "operationId": "list_changes",
        "tags": ["changes"],
        "parameters": [
            {"name": "since", "in": "query", "schema": {**text, "minLength": 1}, "description": "A cursor, or `now`."},
            {"name": "objects", "in": "query", "schema": text, "description": "Only changes of these objects."},
            {"$ref": "#/components/parameters/limit"},
        ],
        "responses": {
            "200": {"description": "In order.", "content": {"application/json": {"schema": page}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    return {"/changes": {"get": call}}


def _answer(changes: tuple[Change, ...], cursor: str, *, more: bool) -> Response:
    same = {name: value for name, value in request.args.items() if name != "since"}
    following = f"{request.path}?{urlencode({**same, 'since': cursor})}"
    body = {"items": [_item(each) for each in changes], "cursor": cursor, "next": following, "more": more}
    return json_answer(body, headers={"Link": f'<{following}>; rel="next"', "Cache-Control": "no-store"})


def _item(change: Change) -> dict[str, Any]:
    return {
        "object": change.object,
        "id": change.record_id,
        "version": change.version,
        "at": change.at,
        "action": change.action,
        "by": {"id": change.actor_id, "title": change.actor_title},
        "origin": change.origin,
        "run": change.run,
        "fields": list(change.fields),
    }
