"""The paths of imports and exports for OpenAPI."""

from __future__ import annotations

from typing import Any

from engine.records.types import MAX_PAGE
from ui.api.exports import HEADS, PARAMETERS
from ui.api.parameters import DEFAULT_LIMIT
from ui.api.value_schemas import Schema
from ui.exporting import CONTENT_TYPES

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MAYBE: Schema = {"type": ["string", "null"]}
_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_KEY: Schema = {
    "name": "Idempotency-Key", "in": "header", "schema": _TEXT,
    "description": "The same key starts it once and gives the same one for 24 hours.",
}  # fmt: skip
_MAPPING: Schema = {
    "type": "object",
    "description": "Columns and what they fill, as in a mapping file; without it each fills the field of its name.",
}


def import_paths() -> dict[str, Any]:
    """Give the paths of imports."""
    options: dict[str, Schema] = {"object": _TEXT, "match": _TEXT}
    form: Schema = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}, "mapping": _TEXT, "dry_run": _TEXT, **options},
        "required": ["file", "object"],
    }
    again: Schema = {
        "type": "object",
        "properties": {"import": _TEXT, "mapping": _MAPPING, "dry_run": {"type": "boolean"}, **options},
        "required": ["import"],
        "additionalProperties": False,
    }
    body = {
        "required": True,
        "content": {"multipart/form-data": {"schema": form}, "application/json": {"schema": again}},
    }
    piece = [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_LIMIT}),
        _query("after", _COUNT),
    ]
    csv = {"description": "Refused rows.", "content": {"text/csv": {"schema": _TEXT}}}
    job, told = _import_schema(), _import_schema(errors=True)
    return {
        "/imports": {
            "post": {**_call("import file", "imports", "202", job), "requestBody": body, "parameters": [_KEY]}
        },
        "/imports/{id}": {
            "parameters": [_ID],
            "get": {**_call("read import", "imports", "200", told), "parameters": piece},
        },
        "/imports/{id}/rejected": {
            "parameters": [_ID],
            "get": {**_call("read refused rows", "imports", "200", {}), "responses": _answers("200", csv)},
        },
        "/imports/{id}/start": {"parameters": [_ID], "post": _call("start import", "imports", "202", job)},
        "/imports/{id}/cancel": {"parameters": [_ID], "post": _call("cancel import", "imports", "200", job)},
    }


def exported_content() -> dict[str, Any]:
    """Give the content types of an exported file; a workbook is no text, so nothing is said of its bytes."""
    types = [each.partition(";")[0] for each in CONTENT_TYPES.values()]
    return {each: {"schema": _TEXT} if each.startswith("text/") or each.endswith("jsonl") else {} for each in types}


def export_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the paths of exports of one object that are made beside requests, but for the one they begin at."""
    made, one = {"description": "The file.", "content": exported_content()}, f"/exports/{key}/{{id}}"
    return {
        one: {"parameters": [_ID], "get": _call(f"read export of {key}", tag, "200", _export_schema())},
        f"{one}/file": {
            "parameters": [_ID],
            "get": {**_call(f"fetch export of {key}", tag, "200", {}), "responses": _answers("200", made)},
        },
        f"{one}/cancel": {"parameters": [_ID], "post": _call(f"cancel export of {key}", tag, "200", _export_schema())},
    }


def start_export(key: str, tag: str) -> dict[str, Any]:
    """Give the call that begins one."""
    properties = {**dict.fromkeys(PARAMETERS, _TEXT), "heads": {"type": "string", "enum": list(HEADS)}}
    body: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    call = _call(f"start export of {key}", tag, "202", _export_schema())
    return {
        **call,
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
    }


def _import_schema(*, errors: bool = False) -> Schema:
    states = ["taken", "checking", "checked", "running", "done", "failed", "cancelled"]
    error: Schema = {"type": "object", "properties": {"line": _COUNT, "column": _TEXT, "value": _TEXT, "reason": _TEXT}}
    counts = ("total", "done", "created", "updated", "unchanged", "refused")
    more: dict[str, Schema] = {
        "errors": {"type": "array", "items": error},
        "errors_after": {"type": ["integer", "null"], "description": "`after` of the next piece."},
    }
    return {
        "type": "object",
        "properties": {
            **{name: _TEXT for name in ("id", "object", "file", "created_at")},
            **dict.fromkeys(counts, _COUNT),
            **dict.fromkeys(("message", "rejected", "finished_at"), _MAYBE),
            "state": {"type": "string", "enum": states},
            "dry_run": {"type": "boolean"},
            "rules": {"type": "object", "additionalProperties": _COUNT},
            **(more if errors else {}),
        },
        "required": ["id", "state", "total", "done"],
    }


def _export_schema() -> Schema:
    return {
        "type": "object",
        "properties": {
            **{name: _TEXT for name in ("id", "object", "format", "created_at")},
            **dict.fromkeys(("total", "done"), _COUNT),
            **dict.fromkeys(("message", "file", "finished_at"), _MAYBE),
            "bytes": {"type": ["integer", "null"]},
            "state": {"type": "string", "enum": ["running", "done", "failed", "cancelled"]},
        },
        "required": ["id", "state", "total", "done"],
    }


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _call(name: str, tag: str, status: str, schema: Schema) -> dict[str, Any]:
    answer = {"description": "How far it is.", "content": {"application/json": {"schema": schema}}}
    return {"operationId": name.replace(" ", "_"), "tags": [tag], "responses": _answers(status, answer)}


def _answers(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    return {status: answer, "default": {"$ref": "#/components/responses/Problem"}}
