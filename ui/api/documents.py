"""Documents made by hand over the API: a template of the app becomes a PDF that is filed with the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from flask import Response

from engine.accounts.idempotency import KeptAnswer
from engine.automation.document_desk import FileOnce, MadeDocument
from engine.automation.documents import ATTACHMENT
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from ui.api.answers import json_answer
from ui.api.button_paths import REPEAT_KEY
from ui.api.imports import read_repeat_key
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
    """POST /records/{object}/{id}/documents/{template}: 201 with the attachment; an Idempotency-Key makes it once."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    repeat_key = read_repeat_key()
    if repeat_key is None:
        return _answer(_make(key, record_id, template_name))
    keys, owner = platform().accounts.idempotency, actor().user_id or actor().login
    wanted = orjson.dumps(["document", key, record_id, template_name])
    with keys.in_flight(owner, repeat_key):
        kept = keys.find(owner, repeat_key, wanted)

        def once(transaction: Transaction, file: Callable[[], MadeDocument]) -> MadeDocument:
            nonlocal kept
            kept = keys.claim(transaction.connection, owner, repeat_key, wanted)
            if kept is not None:
                return _of_kept(kept)
            made = file()
            body = orjson.dumps(asdict(made)).decode()
            keys.keep(transaction.connection, owner, repeat_key, wanted, KeptAnswer(status=201, headers={}, body=body))
            return made

        made = _make(key, record_id, template_name, once) if kept is None else _of_kept(kept)
        return _answer(made, repeated=kept is not None)


def _make(key: str, record_id: str, template: str, once: FileOnce = lambda _, file: file()) -> MadeDocument:
    return platform().automation.documents.make(actor(), release(), key, record_id, template, once=once)


def _of_kept(kept: KeptAnswer) -> MadeDocument:
    return MadeDocument(**orjson.loads(kept.body))


def _answer(made: MadeDocument, *, repeated: bool = False) -> Response:
    headers = {"Location": f"{PREFIX}/records/{ATTACHMENT}/{made.attachment}"}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return json_answer(asdict(made), 201, headers)


def document_paths(object_def: ObjectDef, tag: str) -> dict[str, Any]:
    """Give the path of an object's documents, without any where no template makes one."""
    names = platform().automation.documents.names(release(), object_def)
    if not names:
        return {}
    answer = {"description": "The document is filed.", "content": {"application/json": {"schema": _MADE}}}
    call = {
        "operationId": f"make_document_{object_def.key}",
        "tags": [tag],
        "parameters": [REPEAT_KEY],
        "responses": {"201": answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {"name": "template", "in": "path", "required": True, "schema": {"enum": list(names)}},
    ]
    return {f"/records/{object_def.key}/{{id}}/documents/{{template}}": {"parameters": parameters, "post": call}}
