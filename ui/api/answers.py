"""Makes the API's answers: JSON with entity tags, values in their documented form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from flask import Response

from engine.records.types import Saved
from metamodel.values import Money, Ref

JSON = "application/json"


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a JSON value; decimals become texts, dates ISO 8601, money and references objects."""
    return bytes_answer(to_json(value), status, headers)


def bytes_answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON that is written already."""
    response = Response(body, status, content_type=JSON)
    if headers:
        response.headers.update(headers)
    return response


def to_json(value: object) -> bytes:
    """Write a value as UTF-8 JSON."""
    return orjson.dumps(value, default=_value, option=orjson.OPT_UTC_Z)


def saved_body(saved: Saved) -> bytes:
    """Write a saved record; warnings that were confirmed and infos stand under `@notices`."""
    if not saved.notices:
        return saved.record.json_bytes()
    notices = [
        {"field": n.field, "code": n.code, "message": n.message, "severity": n.severity.value} for n in saved.notices
    ]
    return to_json({**saved.record.json, "@notices": notices})


def entity_tag(version: int) -> str:
    """Give the ETag of a record's version."""
    return f'"{version}"'


def _value(value: Any) -> object:
    match value:
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Ref():
            return {"object": value.object, "id": value.id}
        case Decimal():
            return str(value)
        case frozenset() | set():
            return sorted(value)
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
