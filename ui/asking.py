"""Where one asks for access: the address of the form for what was refused, the same for what is there and is not.

And whose access is asked about, where it is not one's own.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, request

from engine.access.explaining.answers import Asked
from engine.access.explaining.service import NEEDED
from engine.accounts.errors import UnknownUser
from engine.accounts.users import UserRow
from engine.errors import AccessDenied, UnknownObject
from metamodel.access import OBJECT_ACTIONS
from ui.context import actor, current_actor, platform

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


def person_asked(login: str) -> UserRow | None:
    """Give the user whose access is asked about; None: one's own.

    Raises: AccessDenied, UnknownObject.
    """
    login = login.strip()
    if not login or login == actor().login:
        return None
    if not platform().access.may_ask_about_others(actor()):
        raise AccessDenied("explain", "access", NEEDED)
    try:
        return platform().accounts.administration.find_user(login)
    except UnknownUser:
        raise UnknownObject(login) from None
