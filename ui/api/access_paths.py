"""OpenAPI of access: why something may be done, requests for access, and users of the own team tree."""

from __future__ import annotations

from typing import Any

from metamodel.access import OBJECT_ACTIONS
from ui.api.access_requests import ASKED_KEYS, DECISIONS, LONGEST
from ui.api.team_users import LONGEST as LONGEST_NAME
from ui.api.team_users import MOST_ROLES
from ui.api.value_schemas import Schema
from ui.phrases import marked as _l

ACCESS_CALLS = {
    "get /access": _l("Whether somebody may do something, and why"),
    "get /access/requests": _l("Requests for access: your own, and those that you may decide"),
    "post /access/requests": _l("Ask for access"),
    "get /access/requests/{id}": _l("A request for access, with what would do"),
    "post /access/requests/{id}": _l("Give the access until a day, or refuse it"),
    "get /team/users": _l("Users whom you administrate, with the teams and roles in reach"),
    "post /team/users": _l("Make a user in a team that you administrate"),
    "put /team/users/{id}/roles": _l("Let a user hold these of the roles that you give"),
}
_ANSWER, _REQUESTS = _l("The answer with its grounds."), _l("The requests for access.")
_REQUEST, _USERS = _l("The request for access."), _l("The users, teams and roles.")
_USER = _l("The user.")
_AS, _KEYS = _l("The log-in name of another user, for who administrates users or configures."), _l("What would do.")
_GRANT = _l("One of `grants` of the request.")
_END = _l("A date (all of that day in the app's zone) or a moment with its offset.")
_NEW_END = _l("When roles that are new end by themselves, a date or a moment with its offset; null: never.")
_EXACTLY = _l("All that the user shall hold of the roles that you give; others stay as they are.")
ACCESS_NOTES = (_ANSWER, _REQUESTS, _REQUEST, _USERS, _USER, _AS, _KEYS, _GRANT, _END, _NEW_END, _EXACTLY)
"""What the API's document says of these calls; see `document_words`."""

_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_TEXT: Schema = {"type": "string", "maxLength": LONGEST}
_NAME: Schema = {"type": "string", "maxLength": LONGEST_NAME}
_ASKED: Schema = {"action": {"enum": list(OBJECT_ACTIONS)}, "object": {**_TEXT, "minLength": 1}}
_OF: Schema = {
    "type": ["object", "null"],
    "properties": {"id": {"type": "string"}, "title": {"type": ["string", "null"]}},
    "required": ["id", "title"],
}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_MAYBE: Schema = {"type": ["string", "null"]}
_ROLES: Schema = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ROLES}


def access_paths() -> dict[str, Any]:
    """Give the paths of access."""
    request, user = _answer(_REQUEST, _request()), _answer(_USER, _user())
    requests = _items(_request())
    asking = _body(
        {**_ASKED, "record": _TEXT, "field": _TEXT, "reason": {"type": "string"}}, "action", "object", "reason"
    )
    return {
        "/access": {"get": _call("explain_access", {"200": _answer(_ANSWER, _explained())}) | _asked_by()},
        "/access/requests": {
            "get": _call("list_access_requests", {"200": _answer(_REQUESTS, requests)}),
            "post": _call("ask_for_access", {"201": request}) | asking,
        },
        "/access/requests/{id}": {
            "parameters": [_ID],
            "get": _call("read_access_request", {"200": request}),
            "post": _call("decide_access_request", {"200": request}) | _decision(),
        },
        **_team_paths(user),
    }


def _team_paths(user: Schema) -> dict[str, Any]:
    listed = _items(_user())
    listed["properties"] |= {"teams": {"type": "array", "items": _OF}, "roles": _ROLES}
    added = _body(
        {"login": _NAME, "name": _NAME, "team": {**_NAME, "type": ["string", "null"]}, "roles": _ROLES}, "login"
    )
    until: Schema = {**_MAYBE, "description": _NEW_END}
    given = _body({"roles": {**_ROLES, "description": _EXACTLY}, "until": until}, "roles")
    return {
        "/team/users": {
            "get": _call("list_team_users", {"200": _answer(_USERS, listed)}),
            "post": _call("add_team_user", {"201": user}) | added,
        },
        "/team/users/{id}/roles": {
            "parameters": [_ID],
            "put": _call("give_team_roles", {"200": user}) | given,
        },
    }


def _asked_by() -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "required": name in _ASKED, "schema": _ASKED.get(name, _TEXT)}
        for name in ASKED_KEYS
    ]
    someone = {"name": "as", "in": "query", "description": _AS, "schema": {"type": "string"}}
    return {"parameters": [*parameters, someone]}


def _decision() -> dict[str, Any]:
    give, refuse = DECISIONS
    until: Schema = {"type": "string", "description": _END}
    grant = {"do": {"const": give}, "grant": {**_TEXT, "description": _GRANT}, "until": until}
    answers = (_object(grant, *grant), _object({"do": {"const": refuse}, "answer": {"type": "string"}}, "do"))
    schema = {"oneOf": [each | {"additionalProperties": False} for each in answers]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _explained() -> Schema:
    grounds: Schema = {"type": "array", "items": {"type": "object"}}
    answer: Schema = {"enum": ["yes", "no", "sometimes", "masked"]}
    known = {"answer": answer, "user": {"type": "string"}, "roles": _ROLES, **_ASKED, "id": _MAYBE, "field": _MAYBE}
    return _object({**known, "grounds": grounds, "control": grounds}, "answer", "grounds", "control")


def _request() -> Schema:
    plain = {"id": {"type": "string", "format": "uuid"}, "user": _OF, **_ASKED, "record": _OF, "field": _MAYBE}
    state: Schema = {"enum": ["open", "granted", "refused"]}
    known = {
        **plain,
        "reason": {"type": "string"},
        "state": state,
        "at": {"type": "string", "format": "date-time"},
        "decided_at": _MOMENT,
        "decided_by": _MAYBE,
        "granted": _MAYBE,
        "until": _MOMENT,
        "answer": _MAYBE,
        "may_decide": {"type": "boolean"},
        "grants": {"type": "array", "items": {"type": "string"}, "description": _KEYS},
    }
    return _object(known, *known)


def _user() -> Schema:
    known = {
        "id": {"type": "string", "format": "uuid"},
        "login": {"type": "string"},
        "name": _MAYBE,
        "team": _OF,
        "enabled": {"type": "boolean"},
        "roles": {"type": "array", "items": {"type": "string"}},
        "role_ends": {"type": "object", "additionalProperties": _MOMENT},
    }
    return _object(known, *known)


def _object(properties: dict[str, Any], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _items(item: Schema) -> Schema:
    return _object({"items": {"type": "array", "items": item}, "next": {"type": "null"}}, "items", "next")


def _body(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {**_object(properties, *required), "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _call(name: str, answers: dict[str, Any]) -> dict[str, Any]:
    responses = {**answers, "default": {"$ref": "#/components/responses/Problem"}}
    return {"operationId": name, "tags": ["access"], "responses": responses}
