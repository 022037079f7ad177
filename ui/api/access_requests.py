"""Access over the API: why somebody may do something, asking for what is refused, and deciding about that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from engine.access.explaining.answers import Asked
from engine.access.requests.service import ShownRequest
from engine.errors import FieldError, ValidationFailed
from metamodel.access import OBJECT_ACTIONS
from ui.api.access_data import answer_to_json
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import read_parameters
from ui.api.sharing import read_until
from ui.asking import person_asked
from ui.context import actor, platform, release
from ui.errors import ApiProblem

ASKED_KEYS = ("action", "object", "record", "field")
DECISIONS = ("grant", "refuse")
LONGEST = 100


def register_access(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/access")(explain_access)
    api.get("/access/requests")(list_asked)
    api.post("/access/requests")(ask_for_access)
    api.get("/access/requests/<ask_id>")(get_asked)
    api.post("/access/requests/<ask_id>")(decide_asked)


def explain_access() -> Response:
    """GET /access: whether the caller, or the user named by `as`, may do something, and why."""
    given = read_parameters((*ASKED_KEYS, "as"))
    asked, person = _asked(given), person_asked(given.get("as", ""))
    return json_answer(answer_to_json(platform().access.explain(actor(), person, asked, release=release())))


def list_asked() -> Response:
    """GET /access/requests: the caller's own requests, and the open ones that the caller may decide."""
    read_parameters(())
    found = platform().access_requests.list(actor())
    return json_answer({"items": [request_to_json(each) for each in found], "next": None})


def ask_for_access() -> Response:
    """POST /access/requests: ask for access; the same asked again while it is open is the same request."""
    read_parameters(())
    body = read_object()
    check_keys(body, (*ASKED_KEYS, "reason"))
    reason = _text(body, "reason", longest=None)
    return _shown(platform().access_requests.ask(actor(), _asked(body), reason), 201)


def get_asked(ask_id: str) -> Response:
    """GET /access/requests/{id}: one request; who may decide it reads what would do."""
    read_parameters(())
    return _shown(ask_id)


def decide_asked(ask_id: str) -> Response:
    """POST /access/requests/{id}: give one of the grants that would do until a day, or refuse."""
    read_parameters(())
    body, desk = read_object(), platform().access_requests
    if (do := body.get("do")) not in DECISIONS:
        raise ApiProblem(400, "unknown_act", f"`do` is one of {', '.join(DECISIONS)}.")
    if do == "refuse":
        check_keys(body, ("do", "answer"))
        desk.refuse(actor(), ask_id, _text(body, "answer", longest=None))
        return _shown(ask_id)
    check_keys(body, ("do", "grant", "until"))
    grant, until = _text(body, "grant"), read_until(body.get("until"))
    if until is None:
        desk.get(actor(), ask_id)
        raise ValidationFailed([FieldError(field="until", code="required", message="The grant needs an end, a day.")])
    desk.grant(actor(), ask_id, grant, until)
    return _shown(ask_id)


def request_to_json(shown: ShownRequest) -> dict[str, Any]:
    """Give a request as its reader may see it."""
    each, asked = shown.request, shown.request.asked
    record = {"id": asked.record_id, "title": shown.title or None} if asked.record_id is not None else None
    return {
        "id": each.id,
        "user": {"id": each.user_id, "title": shown.person or shown.login or None},
        "action": asked.action,
        "object": asked.object,
        "record": record,
        "field": asked.field,
        "reason": each.reason,
        "state": each.state.value,
        "at": each.at,
        "decided_at": each.decided_at,
        "decided_by": each.decided_by,
        "granted": each.granted,
        "until": each.until,
        "answer": each.answer or None,
        "may_decide": shown.may_decide,
        "grants": [option.key for option in shown.options],
    }


def _shown(ask_id: str, status: int = 200) -> Response:
    return json_answer(request_to_json(platform().access_requests.get(actor(), ask_id)), status)


def _asked(given: Mapping[str, Any]) -> Asked:
    action = _text(given, "action")
    if action not in OBJECT_ACTIONS:
        raise ApiProblem(400, "bad_request", f"`action` is one of {', '.join(OBJECT_ACTIONS)}.")
    if not (name := _text(given, "object")):
        raise ApiProblem(400, "bad_request", "`object` is the name of an object.")
    return Asked(
        action=action, object=name, record_id=_text(given, "record") or None, field=_text(given, "field") or None
    )


def _text(given: Mapping[str, Any], name: str, *, longest: int | None = LONGEST) -> str:
    found = given.get(name)
    if found is not None and (not isinstance(found, str) or (longest is not None and len(found) > longest)):
        if longest is None:
            raise ApiProblem(400, "bad_text", f"`{name}` is a text.")
        raise ApiProblem(400, "bad_text", f"`{name}` is a text of at most {longest} characters.")
    return found or ""
