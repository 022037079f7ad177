"""POST /hooks/{webhook}: what another system sends, signed, without a log-in; refused calls have no effect."""

from __future__ import annotations

from flask import Response, request

from engine.automation.calls.webhooks import MOST_BYTES
from ui.api.answers import json_answer
from ui.api.body import JSON_TYPES, parse_object
from ui.api.parameters import read_parameters
from ui.auth import public, signed
from ui.context import platform
from ui.errors import ApiProblem

_DELIVERY_HEADERS = ("Idempotency-Key", "X-Fieldstone-Event")


@public
@signed
def receive(webhook_name: str) -> Response:
    """Take a call in and start what waits for it: 202, or 200 where this delivery came before."""
    read_parameters(())
    webhooks = platform().automation.calls.webhooks
    webhooks.require(webhook_name)
    request.max_content_length = MOST_BYTES
    body = request.get_data(cache=False)
    delivery = next((found for name in _DELIVERY_HEADERS if (found := request.headers.get(name))), None)
    call = webhooks.prove(
        webhook_name,
        body,
        timestamp=request.headers.get("X-Fieldstone-Timestamp"),
        signature=request.headers.get("X-Fieldstone-Signature"),
        delivery=delivery,
    )
    if request.mimetype not in JSON_TYPES:
        raise ApiProblem(415, "content_type", "Send the body as application/json.")
    taken = webhooks.take_in(call, parse_object(body))
    return json_answer({"accepted": True, "repeated": taken.repeated}, 200 if taken.repeated else 202)
