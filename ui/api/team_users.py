"""Users of the own team tree over the API: those whom the caller administrates, making one, giving roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from engine.accounts.users import USER_OBJECT, UserRow
from ui.api.answers import json_answer
from ui.api.body import check_keys, read_object
from ui.api.parameters import check_record_id, read_parameters
from ui.api.sharing import read_until
from ui.context import actor, platform
from ui.errors import ApiProblem

LONGEST = 200
MOST_ROLES = 500


def register_team_users(api: Blueprint) -> None:
    """Put these calls into the API."""
    api.get("/team/users")(list_team_users)
    api.post("/team/users")(add_team_user)
    api.put("/team/users/<user_id>/roles")(give_team_roles)


def list_team_users() -> Response:
    """GET /team/users: the users whom the caller administrates, with the teams and roles that are in reach."""
    read_parameters(())
    delegation = platform().delegation
    reach = delegation.reach_of(actor())
    teams = sorted(reach.teams.items(), key=lambda each: each[1])
    return json_answer(
        {
            "items": [team_user_to_json(each, reach.teams) for each in delegation.users(actor())],
            "teams": [{"id": key, "title": name} for key, name in teams],
            "roles": sorted(reach.roles),
            "next": None,
        }
    )


def add_team_user() -> Response:
    """POST /team/users: make a user in a team; the user sets a password by mail."""
    read_parameters(())
    body = read_object()
    check_keys(body, ("login", "name", "team", "roles"))
    login, name, team = (_text(body, part) for part in ("login", "name", "team"))
    user_id = platform().delegation.create_user(
        actor(), login, name=name, team_id=team or None, roles=_roles(body.get("roles", []))
    )
    return _shown(user_id, 201)


def give_team_roles(user_id: str) -> Response:
    """PUT /team/users/{id}/roles: let a user hold exactly these of the roles that the caller gives."""
    read_parameters(())
    body, delegation = read_object(), platform().delegation
    check_keys(body, ("roles", "until"))
    delegation.reach_of(actor())
    check_record_id(USER_OBJECT, user_id)
    delegation.set_roles(actor(), user_id, _roles(body.get("roles")), until=read_until(body.get("until")))
    return _shown(user_id)


def team_user_to_json(user: UserRow, teams: Mapping[str, str]) -> dict[str, Any]:
    """Give a user with the roles that are held now."""
    team = None if user.team_id is None else {"id": user.team_id, "title": teams.get(user.team_id)}
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name or None,
        "team": team,
        "enabled": user.enabled,
        "roles": user.roles,
        "role_ends": user.role_ends,
    }


def _shown(user_id: str, status: int = 200) -> Response:
    found = platform().accounts.administration.user_of(user_id)
    assert found is not None
    return json_answer(team_user_to_json(found, platform().delegation.reach_of(actor()).teams), status)


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if found is not None and (not isinstance(found, str) or len(found) > LONGEST):
        raise ApiProblem(400, "bad_text", f"`{name}` is a text of at most {LONGEST} characters.")
    return (found or "").strip()


def _roles(given: object) -> list[str]:
    if not isinstance(given, list) or len(given) > MOST_ROLES or not all(isinstance(each, str) for each in given):
        raise ApiProblem(400, "bad_request", "`roles` is a list of names of roles.")
    return given
