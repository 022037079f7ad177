"""Buttons over the API: which the caller has on a record, and a press with what it asks for."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from engine.accounts.idempotency import MAX_KEY_LENGTH
from engine.automation.calls.buttons import MOST_AT_ONCE
from engine.automation.calls.index import Button
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.api.answers import json_answer
from ui.api.body import check_keys, parse_object, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.records import PREFIX, object_key
from ui.context import actor, language, platform, release
from ui.errors import ApiProblem
from ui.pages.input_controls import input_fields
from ui.presses import Pressed, done_once, press_once


def list_actions(object_name: str, record_id: str) -> Response:
    """GET /records/{object}/{id}/actions: the buttons that the caller has on the record now."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        object_def = transaction.object_def(key)
        transaction.reader.require_readable(object_def, record_id)
        found = platform().automation.calls.buttons.offered(transaction, object_def, record_id)
    return json_answer({"items": [button_json(object_def, each) for each in found]})


def press_button(object_name: str, record_id: str, button_name: str) -> Response:
    """POST /records/{object}/{id}/actions/{button}: 200 with the answer, 202 where workers are still at it."""
    read_parameters(())
    key = object_key(object_name)
    check_record_id(key, record_id)
    given = _inputs()
    repeat_key = _repeat_key()
    with platform().records.reading(actor(), release=release()) as transaction:
        object_def = transaction.object_def(key)
    pressed = press_once(object_def, record_id, button_name, given, key=repeat_key)
    return json_answer(_answer(pressed), 200 if pressed.answer.is_over else 202, _replayed(pressed.repeated))


def press_many(object_name: str, button_name: str) -> Response:
    """POST /records/{object}/actions/{button}: pressed on many records, done by workers; 202 with runs and refusals."""
    read_parameters(())
    key = object_key(object_name)
    values = read_object()
    check_keys(values, ("ids", "input"))
    ids, given = values.get("ids"), values.get("input") or {}
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_AT_ONCE or not all(isinstance(each, str) for each in ids):
        raise ApiProblem(400, "bad_value", f"`ids` is a list of 1 to {MOST_AT_ONCE:,} ids of records.")
    if not isinstance(given, dict):
        raise ApiProblem(400, "bad_request", "`input` is an object of what the button asks for.")
    for each in ids:
        check_record_id(key, each)
    buttons = platform().automation.calls.buttons

    def press(transaction: Transaction) -> str:
        done = buttons.press_many(transaction, transaction.object_def(key), ids, button_name, given)
        refused = [{"id": record_id, "reason": reason} for record_id, reason in done.refused.items()]
        return orjson.dumps({"runs": list(done.started), "refused": refused}).decode()

    body, repeated = done_once(["press many", key, ids, button_name, sorted(given.items())], press, key=_repeat_key())
    return json_answer(orjson.loads(body), 202, _replayed(repeated))


def _repeat_key() -> str | None:
    found = request.headers.get("Idempotency-Key")
    if found is not None and not (1 <= len(found) <= MAX_KEY_LENGTH and found.isprintable()):
        raise ApiProblem(400, "bad_idempotency_key", f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    return found


def _replayed(repeated: bool) -> dict[str, str] | None:
    return {"Idempotent-Replayed": "true"} if repeated else None


def button_json(object_def: ObjectDef, button: Button) -> dict[str, Any]:
    """Describe a button: its name, label, and what it asks for."""
    return {
        "name": button.name,
        "label": button.called(language()),
        "inputs": [
            {
                "name": each.name,
                "type": each.type,
                "label": label_text(each.label, language(), each.name),
                "required": each.required,
                "to": list(each.relation.targets) if each.relation is not None else None,
            }
            for each in input_fields(object_def, button)
        ],
    }


def _inputs() -> dict[str, Any]:
    text = request.get_data(cache=False)
    values = parse_object(text) if text.strip() else {}
    check_keys(values, ("input",))
    given = values.get("input")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ApiProblem(400, "bad_request", "`input` is an object of what the button asks for.")
    return given


def _answer(pressed: Pressed) -> dict[str, Any]:
    answer = pressed.answer
    opened = answer.opened
    return {
        "runs": [
            {"id": each.id, "rule": each.rule, "state": each.state.value, "reason": each.reason or None}
            for each in answer.runs
        ],
        "show": list(answer.shown),
        "open": None
        if opened is None
        else {"object": opened.object, "id": opened.id, "url": f"{PREFIX}/records/{opened.object}/{opened.id}"},
    }
