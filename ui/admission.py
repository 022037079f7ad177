"""Answers to who has not got in yet: the log-in page, the steps that a session still owes, the 401 of the API.

Who asks is found out by ui/auth.py; nothing here lets anybody in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from flask import Response, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from engine.accounts.elsewhere import WayOffered
from ui.call_limits import Step
from ui.context import platform
from ui.errors import API_PREFIX, ApiProblem
from ui.security import SAFE_METHODS, local_path

SESSION_COOKIE = "fieldstone_session"
LOGIN_PATH = "/login"
FACTOR_PATH = "/login/factor"
SET_UP_PATH = "/account/factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """The context `page` of templates/pages/login.html; `error` is empty or a sentence, already in words for people."""

    login: str = ""
    next: str = "/"
    error: str = ""

    @property
    def ways(self) -> Sequence[WayOffered]:
        """The providers that one can log in at."""
        return platform().accounts.elsewhere.ways()


def ask_to_sign_in() -> ResponseReturnValue:
    """Answer somebody who is not signed in: pages lead to the log-in, programs are told."""
    if request.path.startswith(API_PREFIX):
        raise unauthorised("Sign in, or send a token as `Authorization: Bearer TOKEN`.")
    is_read = request.method in SAFE_METHODS
    return _to_login(303 if is_read and SESSION_COOKIE not in request.cookies else 401)


def _to_login(status: int) -> ResponseReturnValue:
    here = _page_here()
    address = f"{LOGIN_PATH}?next={quote(here, safe='/')}"
    if request.headers.get("HX-Request") == "true":  # htmx would put the log-in page into a part of the page
        return Response("", 401, headers={"HX-Redirect": address})
    if status == 401:
        # The session ended: said with 401, and the log-in page in the same answer. The browser has kept what was typed.
        is_read = request.method in SAFE_METHODS
        note = "" if is_read else str(gettext("Your session has ended, so this was not saved. Log in to go on."))
        answer = make_response(render_template("pages/login.html", page=LoginPage(next=here, error=note)), 401)
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=is_https())
        return answer
    return redirect(address, status)


def _page_here() -> str:
    """Give the page that the person is on: what is asked for, or where a form or a part of it was sent from."""
    if request.method in SAFE_METHODS and request.headers.get("HX-Request") != "true":
        return local_path(request.full_path.rstrip("?"))
    sent_from = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    adapter = current_app.create_url_adapter(request)
    if sent_from.netloc != request.host or adapter is None or not adapter.test(sent_from.path, method="GET"):
        return "/"
    return local_path(urlunsplit(("", "", sent_from.path, sent_from.query, "")))


def to_step(owed: Step) -> ResponseReturnValue:
    """Lead to what the session still owes; programs are told."""
    if request.path.startswith(API_PREFIX):
        raise ApiProblem(401, "second_factor_needed", "Give the code of your second factor on the pages first.")
    address = f"{FACTOR_PATH if owed == 'code' else SET_UP_PATH}?next={quote(_page_here(), safe='/')}"
    if request.headers.get("HX-Request") == "true":
        return Response("", 401, headers={"HX-Redirect": address})
    return redirect(address, 303)


def unauthorised(detail: str) -> ApiProblem:
    """Make the problem of a call that nobody is known for."""
    return ApiProblem(401, "not_signed_in", detail, headers={"WWW-Authenticate": 'Bearer realm="fieldstone"'})


def is_https() -> bool:
    """Say whether cookies are for https alone."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
