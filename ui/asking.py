"""Where one asks for access: the address of the form for what was refused, the same for what is there and is not."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, request

from engine.access.explaining.answers import Asked
from engine.errors import AccessDenied
from metamodel.access import OBJECT_ACTIONS
from ui.context import current_actor

_ACTIONS = {"/edit": "update", "/new": "create", "/delete": "delete", "/export": "export"}


def note_denied(error: Exception) -> None:
    """Remember which action was refused, for the page that tells of it."""
    if isinstance(error, AccessDenied) and error.action in OBJECT_ACTIONS:
        g.denied_action = error.action


def ask_url(status: int) -> str:
    """Give where who was refused asks for access; "" where nothing was that can be asked for."""
    given = request.view_args or {}
    if status not in (403, 404) or current_actor() is None or not isinstance(given.get("object_name"), str):
        return ""
    action = next((action for end, action in _ACTIONS.items() if request.path.endswith(end)), "read")
    if "denied_action" in g:
        action = g.denied_action
    record_id = given.get("record_id")
    return url_to_ask(Asked(action=action, object=given["object_name"], record_id=record_id))


def url_to_ask(asked: Asked) -> str:
    """Give the address of the form that asks for something."""
    parts = {"action": asked.action, "object": asked.object, "record": asked.record_id, "field": asked.field}
    return "/access/ask?" + urlencode({name: value for name, value in parts.items() if value})


def access_request_url(request_id: str) -> str:
    """Give the page of a request."""
    return f"/access/request?id={request_id}"
