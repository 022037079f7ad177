"""GET /search: records of all objects by what somebody types."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response

from engine.records.global_search.service import A_FEW, MANY, HitGroup, search
from metamodel.texts import label_text
from ui.api.answers import json_answer
from ui.api.parameters import read_parameters
from ui.api.records import object_key
from ui.api.value_schemas import Schema
from ui.context import actor, language, platform, release
from ui.phrases import marked as _l

SEARCH_CALLS = {"get /search": _l("Find records of all objects")}
SEARCH_NOTES = (
    _l("What was found, the object with the nearest record first."),
    _l("What is typed: words, numbers, parts of phones, initials of pinyin."),
    _l("The one object that is searched."),
    _l("Whether there are more."),
    _l("What stands in the texts that the search reads, by path."),
)
"""What the API's document says of this call; see `document_words`."""


def find_records() -> Response:
    """GET /search: records by `q`, grouped by object; `object` asks for one object and more of it."""
    given = read_parameters(("q", "object"))
    only = object_key(given["object"]) if "object" in given else None
    with platform().records.reading(actor(), release=release()) as transaction:
        found = search(transaction, given.get("q", ""), only=only)
    return json_answer({"groups": [_group(each) for each in found]})


def search_paths() -> dict[str, Any]:
    """Give the path of the search for the API's document."""
    hit: Schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "title": {"type": "string"},
            "url": {"type": "string"},
            "texts": {
                "type": "object",
                "description": "What stands in the texts that the search reads, by path.",
                "additionalProperties": {"type": "string"},
            },
        },
        "required": ["id", "title", "url", "texts"],
    }
    group: Schema = {
        "type": "object",
        "properties": {
            "object": {"type": "string"},
            "label": {"type": "string"},
            "more": {"type": "boolean", "description": "Whether there are more."},
            "items": {"type": "array", "items": hit, "maxItems": max(A_FEW, MANY)},
        },
        "required": ["object", "label", "more", "items"],
    }
    answer: Schema = {
        "type": "object",
        "properties": {"groups": {"type": "array", "items": group}},
        "required": ["groups"],
    }
    asked = {"q": "What is typed: words, numbers, parts of phones, initials of pinyin."}
    asked["object"] = "The one object that is searched."
    parameters = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}} for name, text in asked.items()
    ]
    return {
        "/search": {
            "get": {
                "operationId": "search",
                "tags": ["records"],
                "summary": "Find records of all objects",
                "parameters": parameters,
                "responses": {
                    "200": {
                        "description": "What was found, the object with the nearest record first.",
                        "content": {"application/json": {"schema": answer}},
                    },
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            }
        }
    }


def _group(group: HitGroup) -> dict[str, Any]:
    key = group.object.key
    items = [
        {"id": hit.id, "title": hit.title, "url": f"/o/{quote(key)}/{quote(hit.id)}", "texts": dict(hit.texts)}
        for hit in group.hits
    ]
    label = label_text(group.object.plural or group.object.label, language(), group.object.name)
    return {"object": key, "label": label, "more": group.goes_on, "items": items}
