"""Conversions over the API: convert a record, and read what it was converted into."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.records.conversions.converting import ConversionRequest, convert_record
from engine.records.conversions.keeping import Converted, read_conversion
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object, take_confirm
from ui.api.parameters import check_record_id, read_if_match, read_parameters
from ui.api.records import object_key
from ui.context import actor, platform, release
from ui.errors import ApiProblem

_KEYS = frozenset(("conversion", "use", "confirm"))


def convert(object_name: str, record_id: str) -> Response:
    """POST /records/{object}/{id}/convert: the records it becomes, made or taken in one transaction."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    version = read_if_match(required=False)
    asked = _request(version)
    with platform().records.transaction(actor(), release=release()) as transaction:
        done = convert_record(transaction, transaction.object_def(key), record_id, asked)
    return json_answer(_body(done))


def get_conversion(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/conversion: what it was converted into; `made` is empty where it was not."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        done = read_conversion(transaction, transaction.object_def(key), record_id)
    return json_answer(_body(done) if done is not None else {"conversion": None, "made": []})


def _request(version: int | None) -> ConversionRequest:
    values = read_object()
    check_keys(values, _KEYS)
    confirm = take_confirm(values)
    if "confirm" in values:
        raise ApiProblem(400, "bad_confirm", "`confirm` is a list of codes, each a text.")
    name, use = values.get("conversion"), values.get("use") or {}
    if not isinstance(name, str | None) or not isinstance(use, dict):
        raise ApiProblem(400, "bad_request", "`conversion` is a name, `use` an object of target names and ids.")
    if not all(isinstance(each, str) for each in use.values()):
        raise ApiProblem(400, "bad_request", "`use` gives each target the id of a record, or `new`.")
    return ConversionRequest(conversion=name, use=use, version=version, confirm=confirm)


def _body(done: Converted) -> dict[str, Any]:
    return {
        "conversion": done.conversion,
        "at": done.at,
        "by": done.by,
        "made": [
            {
                "name": each.name,
                "object": each.object,
                "id": each.id,
                "title": each.title or None,
                "created": each.created,
            }
            for each in done.made
        ],
    }
