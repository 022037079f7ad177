"""GET /audit and GET /audit/{entry}: who did what, for callers with the right `view_audit`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from engine.audit.entries import EntryNotFound
from ui.api.answers import json_answer
from ui.api.parameters import next_address, read_limit, read_parameters
from ui.api.value_schemas import Schema
from ui.audit_filter import FILTERS, FilterUnclear, entry_to_json, read_filter
from ui.context import actor, platform, release
from ui.errors import ApiProblem
from ui.telling import tell

_NAMES = tuple(name for name in FILTERS if name != "before")
_ITEM: Schema = {"type": "object", "required": ["id", "at", "object", "action", "changes", "sealed"]}


def register_audit(api: Blueprint) -> None:
    """Put the audit log into the API."""
    api.get("/audit")(list_audit)
    api.get("/audit/<entry>")(get_audit_entry)


def list_audit() -> Response:
    """GET /audit: entries, the newest first; `cursor` is the number of the last entry seen."""
    given = dict(read_parameters((*_NAMES, "limit", "cursor")))
    limit = read_limit(given.pop("limit", None))
    if "cursor" in given:
        given["before"] = given.pop("cursor")
    try:
        which = read_filter(given, release().metamodel)
    except FilterUnclear as unclear:
        name = "cursor" if unclear.name == "before" else unclear.name
        raise ApiProblem(400, "bad_parameter", f"{name}: {tell(str(unclear))}") from None
    found = platform().audit.log.list(actor(), which, limit=limit)
    following = next_address(str(found.before) if found.before is not None else None)
    headers = {"Link": f'<{following}>; rel="next"'} if following else None
    return json_answer({"items": [entry_to_json(each) for each in found.rows], "next": following}, headers=headers)


def get_audit_entry(entry: str) -> Response:
    """GET /audit/{entry}: one entry with what was before and after."""
    read_parameters(())
    if not (entry.isascii() and entry.isdecimal() and len(entry) <= 18):
        raise EntryNotFound(0)
    return json_answer(entry_to_json(platform().audit.log.show(actor(), int(entry))))


def audit_paths() -> dict[str, Any]:
    """Give the paths for OpenAPI."""
    text: Schema = {"type": "string"}
    limit: Schema = {"$ref": "#/components/parameters/limit"}
    named = [{"name": name, "in": "query", "schema": text} for name in (*_NAMES, "cursor")]
    page: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": _ITEM}, "next": {"type": ["string", "null"]}},
        "required": ["items", "next"],
    }
    entry: Schema = {
        "name": "entry",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    }
    return {
        "/audit": {"get": _call("list audit", "The entries.", page, [*named, limit])},
        "/audit/{entry}": {"parameters": [entry], "get": _call("read audit entry", "The entry.", _ITEM, [])},
    }


def _call(name: str, told: str, schema: Schema, parameters: list[Any]) -> dict[str, Any]:
    answer = {"description": told, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": name.replace(" ", "_"),
        "tags": ["audit"],
        "parameters": parameters,
        "responses": {"200": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
