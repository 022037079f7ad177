"""Documents made by hand over the API: a template of the app becomes a PDF that is filed with the record."""

from __future__ import annotations

from typing import Any

from flask import Response

from engine.automation.documents import ATTACHMENT
from metamodel.objects import ObjectDef
from ui.api.answers import json_answer
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import PREFIX, object_key
from ui.api.value_schemas import Schema
from ui.context import actor, platform, release

_TEXT: Schema = {"type": "string"}
_MADE: Schema = {
    "type": "object",
    "properties": {
        "attachment": {**_TEXT, "format": "uuid", "description": "The record that has the file."},
        "name": {**_TEXT, "description": "The file's name."},
        "note": {**_TEXT, "description": "What its maker says of it, such as what may not be read."},
    },
    "required": ["attachment", "name", "note"],
}


def make_document(object_name: str, record_id: str, template_name: str) -> Response:
    """POST /records/{object}/{id}/documents/{template}: 201 with the attachment that was made."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    made = platform().automation.documents.make(actor(), release(), key, record_id, template_name)
    values = {"attachment": made.attachment, "name": made.name, "note": made.note}
    return json_answer(values, 201, {"Location": f"{PREFIX}/records/{ATTACHMENT}/{made.attachment}"})


def document_paths(object_def: ObjectDef, tag: str) -> dict[str, Any]:
    """Give the path of an object's documents, without any where no template makes one."""
    names = platform().automation.documents.names(release(), object_def)
    if not names:
        return {}
    answer = {"description": "The document is filed.", "content": {"application/json": {"schema": _MADE}}}
    call = {
        "operationId": f"make_document_{object_def.key}",
        "tags": [tag],
        "responses": {"201": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {"name": "template", "in": "path", "required": True, "schema": {"enum": list(names)}},
    ]
    return {f"/records/{object_def.key}/{{id}}/documents/{{template}}": {"parameters": parameters, "post": call}}
