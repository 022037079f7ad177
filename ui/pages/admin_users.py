"""Users for administrators: who there is, and for each the sessions, the tokens and what is done to an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.standing_in import LASTS, RIGHT
from engine.accounts.trail import author_of
from engine.accounts.users import USER_OBJECT, UserRow
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from engine.offboarding import OffboardingReport
from metamodel.texts import label_text
from ui.admission import SESSION_COOKIE
from ui.auth import OWN_COOKIE, set_session_cookie
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.account_parts import HeldRow, refusal_words, require_own_hand, session_rows, token_rows
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.refused import note_caught

blueprint = Blueprint("admin_users", __name__)
MANAGE, TOKENS = "manage_users", "manage_tokens"
_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEntry:
    """One user of the list. state: `on`, `off` or `service`."""

    name: str
    login: str
    href: str
    roles: str
    state: str
    has_factor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPage:
    """The context `page` of templates/pages/admin_users.html. more: there are more than are shown."""

    entries: tuple[UserEntry, ...]
    search: str
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """The context `page` of templates/pages/admin_user.html."""

    user: UserEntry
    crumbs: tuple[Crumb, ...]
    url: str
    record_url: str
    is_me: bool
    sessions: tuple[HeldRow, ...]
    tokens: tuple[HeldRow, ...]
    may_tokens: bool
    may_stand_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OffBoardPage:
    """The context `page` of templates/pages/off_board.html. others: log-in names and names of who may take over."""

    user: UserEntry
    crumbs: tuple[Crumb, ...]
    url: str
    others: tuple[tuple[str, str], ...]
    report: OffboardingReport | None
    problem: str


@blueprint.get("/admin/users")
def list_users() -> ResponseReturnValue:
    """List the users, all or those that a search finds."""
    _require(MANAGE)
    search = request.args.get("q", "").strip()[:100]
    wanted = search.casefold()
    found = [
        user
        for user in platform().accounts.administration.list_users()
        if wanted in user.name.casefold() or wanted in user.login.casefold()
    ]
    page = UsersPage(entries=tuple(map(_entry, found[:_MOST])), search=search, more=len(found) > _MOST)
    return render_template("pages/admin_users.html", page=page)


@blueprint.get("/admin/users/<user_id>")
def show_user(user_id: str) -> ResponseReturnValue:
    """Show one account."""
    _require(MANAGE)
    user, rights, me = _user(user_id), access_of(), actor()
    accounts, formats = platform().accounts, user_formats()
    entry, who = _entry(user), accounts.administration.find_user(me.login)
    may_stand_in = me.on_behalf_of is None and accounts.standing_in.may(who, user)
    page = UserPage(
        user=entry,
        crumbs=(Crumb(label=str(_("Users")), href="/admin/users"), Crumb(label=entry.name)),
        url=f"/admin/users/{quote(user.id)}",
        record_url=f"/o/{USER_OBJECT}/{quote(user.id)}",
        is_me=user.id == me.user_id,
        sessions=session_rows(accounts.list_sessions(user.id), formats),
        tokens=token_rows(accounts.administration.list_tokens(user.login), formats),
        may_tokens=rights.has_right(TOKENS),
        may_stand_in=may_stand_in,
    )
    return render_template("pages/admin_user.html", page=page)


@blueprint.post("/admin/users/<user_id>")
def act_on_user(user_id: str) -> ResponseReturnValue:
    """Do what the form's `act` says with an account; `id` names a session or token."""
    _require(MANAGE)
    require_own_hand()
    user, act = _user(user_id), _ACTS.get(request.form.get("act", ""))
    if act is None:
        raise RecordNotFound(USER_OBJECT, user_id)
    toast(act(user))
    return redirect(f"/admin/users/{quote(user.id)}", 303)


@blueprint.post("/admin/users/<user_id>/log-in-as")
def log_in_as(user_id: str) -> ResponseReturnValue:
    """Be logged in as another user, for a while; one's own session waits."""
    _require(RIGHT)
    require_own_hand()
    secret = platform().accounts.standing_in.begin(
        actor(), user_id, address=request.remote_addr or "", agent=request.headers.get("User-Agent", "")[:200]
    )
    answer, lasts = make_response(redirect("/", 303)), int(LASTS.total_seconds())
    set_session_cookie(answer, request.cookies.get(SESSION_COOKIE, ""), lasts, name=OWN_COOKIE)
    set_session_cookie(answer, secret, lasts)
    return answer


@blueprint.get("/admin/users/<user_id>/off-board")
def ask_off_boarding(user_id: str) -> ResponseReturnValue:
    """Ask who takes over what a user has."""
    _require(MANAGE)
    return _off_board_page(_user(user_id))


@blueprint.post("/admin/users/<user_id>/off-board")
def off_board(user_id: str) -> ResponseReturnValue:
    """Shut a user out, hand over what the user has, and show the report."""
    _require(MANAGE)
    require_own_hand()
    user = _user(user_id)
    if user.id == actor().user_id:
        raise AccessDenied("update", USER_OBJECT, "nobody shuts out oneself")
    _require_rank(user)
    try:
        report = platform().offboarding.run(actor(), user.login, request.form.getlist("to")[:_MOST])
    except ValidationFailed as refused:
        note_caught(refused)
        return _off_board_page(user, problem=refusal_words(refused)), 422
    return _off_board_page(user, report=report)


def _off_board_page(user: UserRow, *, report: OffboardingReport | None = None, problem: str = "") -> str:
    users = platform().accounts.administration.list_users()
    entry = _entry(user)
    crumbs = (Crumb(label=str(_("Users")), href="/admin/users"), Crumb(label=entry.name, href=entry.href))
    page = OffBoardPage(
        user=entry,
        crumbs=(*crumbs, Crumb(label=str(_("Off-board")))),
        url=f"{entry.href}/off-board",
        others=tuple((u.login, u.name) for u in users if u.enabled and not u.service and u.id != user.id),
        report=report,
        problem=problem,
    )
    return render_template("pages/off_board.html", page=page)


def _end_session(user: UserRow) -> str:
    accounts = platform().accounts
    chosen = request.form.get("id", "")
    for session_id in [chosen] if chosen else [each.id for each in accounts.list_sessions(user.id)]:
        accounts.end_session(session_id, user_id=user.id, by=author_of(actor()))
    return str(_("Logged out there."))


def _revoke_token(user: UserRow) -> str:
    _require(TOKENS)
    platform().accounts.administration.revoke_token(request.form.get("id", ""), user_id=user.id, by=author_of(actor()))
    return str(_("The token is revoked."))


def _disable(user: UserRow) -> str:
    if user.id == actor().user_id:
        raise AccessDenied("update", USER_OBJECT, "nobody shuts out oneself")
    platform().accounts.administration.disable(user.login, by=author_of(actor()))
    return str(_("The user is shut out; sessions and tokens have ended."))


def _enable(user: UserRow) -> str:
    platform().accounts.administration.enable(user.login, by=author_of(actor()))
    return str(_("The user may log in again."))


def _send_link(user: UserRow) -> str:
    platform().accounts.resets.send(user.login, by=author_of(actor()))
    return str(_("A mail with a link that sets a password is on its way."))


def _remove_factor(user: UserRow) -> str:
    _require_rank(user)
    platform().accounts.factors.remove(user.id, by=author_of(actor()))
    return str(_("The second factor is removed; the user is logged out."))


_ACTS: Mapping[str, Callable[[UserRow], str]] = MappingProxyType(
    {
        "end_session": _end_session,
        "revoke_token": _revoke_token,
        "disable": _disable,
        "enable": _enable,
        "send_link": _send_link,
        "remove_factor": _remove_factor,
    }
)


def _require(right: str) -> None:
    if not access_of().has_right(right):
        raise AccessDenied("update", USER_OBJECT, "this is for who administrates users")


def _require_rank(user: UserRow) -> None:
    """Refuse to take an account apart that may do more than who acts: what it has would be had by others."""
    if user.id != actor().user_id and platform().accounts.standing_in.outranks(user, actor()):
        raise AccessDenied("update", USER_OBJECT, "this user has rights that you do not hold")


def _user(user_id: str) -> UserRow:
    found = platform().accounts.user(user_id)
    if found is None:
        raise RecordNotFound(USER_OBJECT, user_id)
    return found


def _entry(user: UserRow) -> UserEntry:
    roles = release().metamodel.roles
    ends, formats = user.role_ends, user_formats()
    called = {name: label_text(roles[name].label, language(), name) if name in roles else name for name in user.roles}
    names = [
        str(_("%(role)s until %(end)s", role=label, end=formats.datetime(ends[name]))) if name in ends else label
        for name, label in called.items()
    ]
    return UserEntry(
        name=user.name or user.login,
        login=user.login,
        href=f"/admin/users/{quote(user.id)}",
        roles=", ".join(names),
        state="off" if not user.enabled else "service" if user.service else "on",
        has_factor=user.has_factor,
    )
