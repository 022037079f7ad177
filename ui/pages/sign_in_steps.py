"""The pages on the way in besides the log-in itself: the code of a second factor, a forgotten password, a new one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.errors import FactorRefused, LinkRefused, TooManyAttempts
from engine.errors import ValidationFailed
from ui.admission import LOGIN_PATH
from ui.auth import public, refusal_text, set_session_cookie, step
from ui.context import platform, signed_in
from ui.pages.account_parts import refusal_words
from ui.pages.chrome import toast
from ui.security import local_path
from ui.status_table import status_of

blueprint = Blueprint("sign_in_steps", __name__)
_MOST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage:
    """The context `page` of login_factor.html, login_forgot.html and login_reset.html. done: what was asked is done."""

    action: str
    next: str = "/"
    login: str = ""
    error: str = ""
    done: bool = False


@blueprint.get("/login/factor")
@step("code")
def ask_code() -> ResponseReturnValue:
    """Ask for the code of the second factor."""
    return render_template("pages/login_factor.html", page=_factor_page(local_path(request.args.get("next"))))


@blueprint.post("/login/factor")
@step("code")
def take_code() -> ResponseReturnValue:
    """Take a code and go on under a new session."""
    target, found = local_path(request.form.get("next")), signed_in()
    assert found is not None
    address, agent = request.remote_addr or "", request.headers.get("User-Agent", "")[:200]
    code = request.form.get("code", "")[:_MOST]
    try:
        new = platform().accounts.pass_factor(found, code, address=address, agent=agent)
    except (FactorRefused, TooManyAttempts) as refused:
        return _refused("pages/login_factor.html", _factor_page(target, refusal_text(refused)), refused)
    answer = make_response(redirect(target, 303))
    set_session_cookie(answer, new.secret, new.lifetime_s)
    return answer


@blueprint.get("/login/forgot")
@public
def ask_address() -> ResponseReturnValue:
    """Show the form that asks for a link by mail."""
    return render_template("pages/login_forgot.html", page=StepPage(action="/login/forgot"))


@blueprint.post("/login/forgot")
@public
def send_link() -> ResponseReturnValue:
    """Note that a link is wanted; what is answered is the same for every address."""
    login = request.form.get("login", "")[:_MOST]
    try:
        platform().accounts.resets.ask(login, address=request.remote_addr or "")
    except TooManyAttempts as refused:
        page = StepPage(action="/login/forgot", login=login, error=refusal_text(refused))
        return _refused("pages/login_forgot.html", page, refused)
    return render_template("pages/login_forgot.html", page=StepPage(action="/login/forgot", done=True))


@blueprint.get("/login/reset/<secret>")
@public
def ask_password(secret: str) -> ResponseReturnValue:
    """Show the form that takes a new password, for who has the link."""
    try:
        user = platform().accounts.resets.user_of(secret)
    except LinkRefused:
        return _link_gone()
    return render_template("pages/login_reset.html", page=StepPage(action=request.path, login=user.login))


@blueprint.post("/login/reset/<secret>")
@public
def set_password(secret: str) -> ResponseReturnValue:
    """Set the new password and lead to the log-in."""
    resets, given = platform().accounts.resets, request.form.get("password", "")[:_MOST]
    try:
        login, problem = resets.user_of(secret).login, ""
        if given == request.form.get("again", "")[:_MOST]:
            try:
                resets.set_password(secret, given)
            except ValidationFailed as refused:
                problem = refusal_words(refused)
        else:
            problem = str(_("The two passwords differ."))
    except LinkRefused:
        return _link_gone()
    if problem:
        page = StepPage(action=request.path, login=login, error=problem)
        return render_template("pages/login_reset.html", page=page), 422
    g.actor = None
    toast(str(_("The new password is set. Log in with it.")))
    return redirect(LOGIN_PATH, 303)


def _factor_page(target: str, error: str = "") -> StepPage:
    return StepPage(action="/login/factor", next=target, error=error)


def _link_gone() -> ResponseReturnValue:
    error = str(_("This link has been used or is too old. Ask for a new one."))
    return render_template("pages/login_forgot.html", page=StepPage(action="/login/forgot", error=error)), 404


def _refused(template: str, page: StepPage, refused: FactorRefused | TooManyAttempts) -> ResponseReturnValue:
    answer = make_response(render_template(template, page=page), status_of(refused)[0])
    if isinstance(refused, TooManyAttempts):
        answer.headers["Retry-After"] = str(refused.retry_after_s)
    return answer
