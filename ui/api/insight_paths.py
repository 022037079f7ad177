"""OpenAPI of what is told of rules: traces of runs, rules of a record, where values come from, try and backtest."""

from __future__ import annotations

from typing import Any

from ui.api.value_schemas import Schema

_ANYTHING: Schema = {"type": "object"}
_ITEMS: Schema = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"type": "object"}}},
    "required": ["items"],
}
_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_RULE: Schema = {"name": "rule", "in": "path", "required": True, "schema": {"type": "string"}}
_TRIED: Schema = {
    "type": "object",
    "properties": {"record": {"type": ["string", "null"], "description": "A record of the rule's object."}},
    "additionalProperties": False,
}


def rule_paths() -> dict[str, Any]:
    """Give the paths that are about rules and runs."""
    backtest = _call("backtest rule", "What it would have done.", _ITEMS, _text("since", "30d, 12h, 4w or a day."))
    tried = _call("try rule", "What it would do; nothing of it is kept.", _ANYTHING)
    tried["requestBody"] = {"required": True, "content": {"application/json": {"schema": _TRIED}}}
    return {
        "/runs/{id}": {"parameters": [_ID], "get": _call("read run", "The trace.", _ANYTHING)},
        "/rules": {"get": _call("list rules", "The rules.", _ITEMS)},
        "/rules/{rule}": {"parameters": [_RULE], "get": _call("read rule", "The rule.", _ANYTHING)},
        "/rules/{rule}/try": {"parameters": [_RULE], "post": tried},
        "/rules/{rule}/backtest": {"parameters": [_RULE], "get": backtest},
    }


def record_rule_paths(key: str, tag: str) -> dict[str, Any]:
    """Give the paths that tell of the rules and values of a record."""
    rules = _call(f"rules of {key}", "What each rule made of the record.", _ITEMS, _text("rule", "Only this rule."))
    blame = _call(f"blame of {key}", "What set each value.", _ITEMS, _text("field", "Only this field."))
    rules["tags"] = blame["tags"] = [tag]
    base = f"/records/{key}/{{id}}"
    return {
        f"{base}/rules": {"parameters": [_ID], "get": rules},
        f"{base}/blame": {"parameters": [_ID], "get": blame},
    }


def _text(name: str, description: str) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


def _call(name: str, description: str, schema: Schema, *parameters: Schema) -> dict[str, Any]:
    answer = {"description": description, "content": {"application/json": {"schema": schema}}}
    call: dict[str, Any] = {
        "operationId": name.replace(" ", "_"),
        "tags": ["automation"],
        "responses": {"200": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
    if parameters:
        call["parameters"] = list(parameters)
    return call
