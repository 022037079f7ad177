"""One's own account: password, sessions, and the ways to tokens and the second factor."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.errors import SignInRefused, TooManyAttempts
from engine.accounts.trail import author_of
from engine.errors import ValidationFailed
from ui.admission import SESSION_COOKIE
from ui.auth import OWN_COOKIE, refusal_text, set_session_cookie
from ui.context import actor, platform, release, signed_in
from ui.pages.account_parts import HeldRow, refusal_words, require_own_hand, session_rows
from ui.pages.chrome import toast
from ui.pages.rights import user_formats
from ui.status_table import status_of

blueprint = Blueprint("account", __name__)
_MOST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """The context `page` of templates/pages/account.html."""

    login: str
    sessions: tuple[HeldRow, ...]
    has_factor: bool
    factor_required: bool
    codes_left: int
    tokens: int
    problem: str = ""


@blueprint.get("/account")
def show_account() -> ResponseReturnValue:
    """Show one's own account."""
    return _show()


@blueprint.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Choose a new password by the old one; all other sessions end."""
    require_own_hand()
    old, new = request.form.get("old", "")[:_MOST], request.form.get("password", "")[:_MOST]
    if new != request.form.get("again", "")[:_MOST]:
        return _show(str(_("The two passwords differ."))), 422
    try:
        platform().accounts.change_password(actor().login, old, new, keep_session=_session_id())
    except (SignInRefused, TooManyAttempts) as refused:
        text = str(_("The password of until now is wrong."))
        shown = text if isinstance(refused, SignInRefused) else refusal_text(refused)
        return _show(shown), 422 if isinstance(refused, SignInRefused) else status_of(refused)[0]
    except ValidationFailed as refused:
        return _show(refusal_words(refused)), 422
    toast(str(_("The password is changed. You are logged out everywhere else.")))
    return redirect("/account", 303)


@blueprint.post("/account/sessions/end")
def end_sessions() -> ResponseReturnValue:
    """End one of one's sessions (`id`), or without it all but this one."""
    require_own_hand()
    accounts, me, chosen = platform().accounts, actor(), request.form.get("id", "")
    ending = [chosen] if chosen else [each.id for each in accounts.list_sessions(str(me.user_id))]
    for session_id in ending:
        if session_id != _session_id() or chosen:
            accounts.end_session(session_id, user_id=me.user_id, by=author_of(me))
    toast(str(_("Logged out there.")))
    return redirect("/account", 303)


@blueprint.post("/account/as/end")
def end_standing_in() -> ResponseReturnValue:
    """Be oneself again after a log-in as another user."""
    own, found = request.cookies.get(OWN_COOKIE, ""), signed_in()
    who = actor().on_behalf_of
    if found is None or not platform().accounts.standing_in.end(actor(), found.id):
        return redirect("/", 303)
    before = platform().accounts.signed_in_by_session(own) if own else None
    answer = make_response(redirect("/", 303))
    answer.delete_cookie(OWN_COOKIE)
    if before is not None and before.actor.user_id == who:
        set_session_cookie(answer, own, platform().accounts.lifetime_s)
    else:
        answer.delete_cookie(SESSION_COOKIE)
    return answer


def _show(problem: str = "") -> str:
    require_own_hand()
    accounts, me = platform().accounts, actor()
    found = signed_in()
    page = AccountPage(
        login=me.login,
        sessions=session_rows(accounts.list_sessions(str(me.user_id)), user_formats(), _session_id()),
        has_factor=found is not None and found.has_factor,
        factor_required=accounts.factors.is_required(release(), me.roles),
        codes_left=accounts.factors.codes_left(str(me.user_id)),
        tokens=len(accounts.administration.list_tokens(me.login)),
        problem=problem,
    )
    return render_template("pages/account.html", page=page)


def _session_id() -> str:
    found = signed_in()
    return found.id if found is not None else ""
