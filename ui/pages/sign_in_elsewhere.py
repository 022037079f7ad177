"""The way over a provider: the browser is sent there, and what it brings back is taken once."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.errors import ElsewhereRefused
from ui.admission import LOGIN_PATH, SESSION_COOKIE, LoginPage, is_https
from ui.auth import public, set_session_cookie
from ui.context import platform
from ui.security import local_path

blueprint = Blueprint("sign_in_elsewhere", __name__)
COOKIE = "fieldstone_sign_in"
_KEPT_S = 600
_MOST = 4_000


@blueprint.get(f"{LOGIN_PATH}/at/<name>")
@public
def go_elsewhere(name: str) -> ResponseReturnValue:
    """Send the browser to a provider."""
    try:
        address, kept = platform().accounts.elsewhere.begin(name, local_path(request.args.get("next")))
    except ElsewhereRefused:
        return _refused()
    answer = make_response(redirect(address, 303))
    # Lax: the provider leads back by an address, which is what Lax lets pass.
    answer.set_cookie(
        COOKIE, kept, max_age=_KEPT_S, httponly=True, samesite="Lax", secure=is_https(), path=f"{LOGIN_PATH}/at"
    )
    return answer


@blueprint.get(f"{LOGIN_PATH}/at/<name>/back")
@public
def come_back(name: str) -> ResponseReturnValue:
    """Start a session for who the provider says it is."""
    accounts = platform().accounts
    brought = {key: value[:_MOST] for key, value in request.args.items() if key in ("code", "state", "iss", "error")}
    try:
        new, target = accounts.sign_in_elsewhere(
            name,
            request.cookies.get(COOKIE, ""),
            brought,
            address=request.remote_addr or "",
            agent=request.headers.get("User-Agent", "")[:200],
        )
    except ElsewhereRefused:
        return _refused()
    if old := request.cookies.get(SESSION_COOKIE):
        accounts.sign_out(old)
    session.clear()  # the CSRF token of before the log-in dies with it
    answer = make_response(redirect(target, 303))
    answer.delete_cookie(COOKIE, path=f"{LOGIN_PATH}/at", httponly=True, samesite="Lax", secure=is_https())
    set_session_cookie(answer, new.secret, new.lifetime_s)
    return answer


def _refused() -> ResponseReturnValue:
    error = str(_("This log-in did not work. Try again, or ask who looks after accounts."))
    return render_template("pages/login.html", page=LoginPage(error=error)), 403
