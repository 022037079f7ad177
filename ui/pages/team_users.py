"""Users of the own team tree: who administrates them makes users there and gives roles of a named list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.users import UserRow
from engine.errors import AccessDenied, ValidationFailed
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.pages.account_parts import refusal_words, require_own_hand
from ui.pages.chrome import toast
from ui.pages.rights import user_formats
from ui.refused import note_caught
from ui.telling import tell

blueprint = Blueprint("team_users", __name__)
_MOST, _LONGEST = 500, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChoice:
    """One role that may be given; end: when it ends by itself."""

    name: str
    label: str
    is_held: bool
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamUser:
    """One user. others: roles held that are not of the list; is_me: whose rights others change."""

    id: str
    name: str
    login: str
    team: str
    others: str
    is_me: bool
    is_off: bool
    choices: tuple[RoleChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamUsersPage:
    """The context `page` of templates/pages/team_users.html."""

    users: tuple[TeamUser, ...]
    teams: tuple[tuple[str, str], ...]
    roles: tuple[RoleChoice, ...]
    is_free: bool
    tomorrow: str
    given: dict[str, str]
    problem: str


@blueprint.get("/team/users")
def show_team() -> ResponseReturnValue:
    """List the users that one administrates, with the roles that one gives."""
    return _page()


@blueprint.post("/team/users")
def add_user() -> ResponseReturnValue:
    """Make a user in a team, with roles."""
    require_own_hand()
    form = request.form
    login, name, team = (form.get(part, "").strip()[:_LONGEST] for part in ("login", "name", "team"))
    delegation = platform().delegation
    try:
        delegation.create_user(actor(), login, name=name, team_id=team or None, roles=_chosen())
    except ValidationFailed as refused:
        note_caught(refused)
        return _page(problem=refusal_words(refused)), 422
    except AccessDenied as refused:
        delegation.reach_of(actor())
        note_caught(refused)
        return _page(problem=_why(refused)), 403
    toast(_("The user is made. With “Forgotten your password?” on the log-in page they set their password."))
    return redirect("/team/users", 303)


@blueprint.post("/team/users/roles")
def give_roles() -> ResponseReturnValue:
    """Let a user hold the chosen ones of the roles that one gives."""
    require_own_hand()
    delegation = platform().delegation
    try:
        delegation.set_roles(actor(), request.form.get("user", "")[:_LONGEST], _chosen(), until=_until())
    except ValidationFailed as refused:
        note_caught(refused)
        return _page(problem=refusal_words(refused)), 422
    except ValueError as wrong:
        return _page(problem=str(wrong)), 422
    except AccessDenied as refused:
        delegation.reach_of(actor())
        note_caught(refused)
        return _page(problem=_why(refused)), 403
    toast(_("The roles are changed."))
    return redirect("/team/users", 303)


def _page(*, problem: str = "") -> str:
    delegation = platform().delegation
    reach = delegation.reach_of(actor())
    with platform().records.reading(actor(), release=release()) as transaction:
        today = transaction.today
    offered = sorted((_label(name), name) for name in reach.roles)
    page = TeamUsersPage(
        users=tuple(_user(each, reach.teams, offered) for each in delegation.users(actor())[:_MOST]),
        teams=tuple(sorted(reach.teams.items(), key=lambda each: each[1])),
        roles=tuple(RoleChoice(name=name, label=label, is_held=name in _chosen()) for label, name in offered),
        is_free=reach.everywhere,
        tomorrow=(today + dt.timedelta(days=1)).isoformat(),
        given={part: request.form.get(part, "")[:_LONGEST] for part in ("login", "name", "team")},
        problem=problem,
    )
    return render_template("pages/team_users.html", page=page)


def _user(user: UserRow, teams: Mapping[str, str], offered: list[tuple[str, str]]) -> TeamUser:
    formats = user_formats()
    mine = {name for _label_of, name in offered}
    return TeamUser(
        id=user.id,
        name=user.name or user.login,
        login=user.login,
        team=teams.get(user.team_id or "", ""),
        others=", ".join(_label(role) for role in user.roles if role not in mine),
        is_me=user.id == actor().user_id,
        is_off=not user.enabled,
        choices=tuple(
            RoleChoice(
                name=name,
                label=label,
                is_held=name in user.roles,
                end=formats.datetime(user.role_ends[name]) if name in user.role_ends else "",
            )
            for label, name in offered
        ),
    )


def _label(role: str) -> str:
    found = release().metamodel.roles.get(role)
    return label_text(found.label, language(), role) if found is not None else role


def _chosen() -> list[str]:
    return request.form.getlist("role")[:_MOST]


def _until() -> dt.date | None:
    text = request.form.get("until", "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(str(_("“%(text)s” is not a day.", text=text[:40]))) from None


def _why(refused: AccessDenied) -> str:
    return str(_("Not done: %(reason)s.", reason=tell(refused.reason)))
