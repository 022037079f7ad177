"""Webhooks that rules call: GET /webhooks and one call, sent again by POST; a webhook that a 410 switched off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from engine.automation.webhook_calls.desk import CallNotFound, WebhookCall
from engine.records.identifiers import could_be_id
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_no_body, read_object
from ui.api.parameters import next_address, read_limit, read_parameters
from ui.api.value_schemas import Schema
from ui.context import actor, platform
from ui.errors import ApiProblem
from ui.phrases import marked as _l

WEBHOOK_CALLS = {
    "get /webhooks": _l("Calls of webhooks"),
    "get /webhooks/{call}": _l("One call of a webhook with its tries"),
    "post /webhooks/{call}/send": _l("Send a call of a webhook again"),
    "post /webhooks/switch-on": _l("Call a webhook again after a 410"),
}
WEBHOOK_NOTES = (_l("Calls."), _l("The webhook."), _l("The call."))
"""What the API's document says of these calls; see `document_words`."""


def register_webhook_calls(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/webhooks")(list_calls)
    api.post("/webhooks/switch-on")(switch_webhook_on)
    api.get("/webhooks/<call_id>")(get_call)
    api.post("/webhooks/<call_id>/send")(send_call)


def list_calls() -> Response:
    """GET /webhooks: calls, the newest first, of one `connection` or all; and the webhooks that are switched off."""
    given = read_parameters(("connection", "limit", "cursor"))
    limit, cursor = read_limit(given.get("limit")), given.get("cursor")
    if cursor is not None and not could_be_id(cursor):
        raise ApiProblem(400, "bad_parameter", "`cursor` is taken from `next` of the page before.")
    desk = platform().automation.webhooks
    found = desk.list(actor(), connection=given.get("connection"), limit=limit, before=cursor)
    following = next_address(found.before)
    off = [{"connection": each.connection, "url": each.url, "at": each.at} for each in desk.off(actor())]
    headers = {"Link": f'<{following}>; rel="next"'} if following else None
    items = [_summary(each) for each in found.rows]
    return json_answer({"items": items, "next": following, "off": off}, headers=headers)


def get_call(call_id: str) -> Response:
    """GET /webhooks/{call}: one call with its tries; what was sent and answered for who reads everything."""
    read_parameters(())
    found = platform().automation.webhooks.show(actor(), _checked(call_id))
    return json_answer(_whole(found))


def send_call(call_id: str) -> Response:
    """POST /webhooks/{call}/send: a worker sends it again, with the event id and key it had."""
    read_parameters(())
    read_no_body()
    found = platform().automation.webhooks.send_again(actor(), _checked(call_id))
    return json_answer(_whole(found), 202)


def switch_webhook_on() -> Response:
    """POST /webhooks/switch-on: the webhook `connection` is called again."""
    read_parameters(())
    body = read_object()
    check_keys(body, ("connection",))
    name = body.get("connection")
    if not isinstance(name, str) or not name:
        raise ApiProblem(400, "bad_body", "`connection` names one, as a text.")
    platform().automation.webhooks.switch_on(actor(), name)
    return json_answer({"connection": name})


def webhook_call_paths() -> dict[str, Any]:
    """Give the paths for OpenAPI."""
    text: Schema = {"type": "string"}
    call: Schema = {"name": "call", "in": "path", "required": True, "schema": {**text, "format": "uuid"}}
    item: Schema = {"type": "object", "required": ["id", "event_id", "connection", "state", "created_at"]}
    page: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "next": {"type": ["string", "null"]}},
        "required": ["items", "next", "off"],
    }
    named: Schema = {
        "type": "object",
        "properties": {"connection": text},
        "required": ["connection"],
        "additionalProperties": False,
    }
    asked = [{"name": name, "in": "query", "schema": text} for name in ("connection", "cursor")]
    limit: Schema = {"$ref": "#/components/parameters/limit"}
    listing = _call("list webhook calls", "Calls.", page) | {"parameters": [*asked, limit]}
    body = {"required": True, "content": {"application/json": {"schema": named}}}
    switch = _call("switch webhook on", "The webhook.", named) | {"requestBody": body}
    sending = _call("send webhook call again", "The call.", item, "202")
    return {
        "/webhooks": {"get": listing},
        "/webhooks/switch-on": {"post": switch},
        "/webhooks/{call}": {"parameters": [call], "get": _call("read webhook call", "The call.", item)},
        "/webhooks/{call}/send": {"parameters": [call], "post": sending},
    }


def _checked(call_id: str) -> str:
    if not could_be_id(call_id):
        raise CallNotFound(call_id[:40])
    return call_id


def _summary(call: WebhookCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "event_id": call.key,
        "connection": call.connection,
        "rule": call.rule,
        "run": call.run,
        "state": call.state,
        "status": call.status,
        "tries": len(call.tries),
        "created_at": call.created_at,
        "sent_at": call.sent_at,
        "next_at": call.next_at,
    }


def _whole(call: WebhookCall) -> dict[str, Any]:
    return _summary(call) | {"tries": [asdict(each) for each in call.tries], "shows_all": call.shows_all}


def _call(name: str, told: str, schema: Schema, status: str = "200") -> dict[str, Any]:
    answer = {"description": told, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": name.replace(" ", "_"),
        "tags": ["automation"],
        "responses": {status: answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
