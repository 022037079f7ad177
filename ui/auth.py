"""Signs people in and out, finds out who asks, and checks CSRF tokens: everything is closed unless marked `public`.

Pages come with a session cookie (a random id, the session itself lies in the database), the API with a bearer token or
that cookie. A request by cookie that changes something needs a CSRF token; one by bearer token does not, since no
browser sends it by itself. What the actor may do with data is decided by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFProtect, generate_csrf

from engine.accounts.askers import SignedIn
from engine.accounts.errors import FactorRefused, SignInRefused, TooManyAttempts
from ui.admission import (
    LOGIN_PATH,
    SESSION_COOKIE,
    LoginPage,
    ask_to_sign_in,
    is_https,
    to_step,
    unauthorised,
)
from ui.call_limits import Step, check_scope, refuse_token_in_address, step_owed
from ui.context import (
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    current_actor,
    language,
    platform,
    release,
    request_id,
    signed_in,
)
from ui.csrf import check_token, token_of
from ui.errors import API_PREFIX
from ui.security import SAFE_METHODS, WebSettings, local_path
from ui.status_table import status_of

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

OWN_COOKIE = "fieldstone_own"
"""Holds the own session of who is logged in as another user."""
PREFERENCE_MAX_AGE_S = 365 * 24 * 3600
_MAX_CREDENTIAL = 2_000

blueprint = Blueprint("auth", __name__)


class CookieState(SecureCookieSessionInterface):
    """Flask's signed cookie: messages for the next page, the token of the log-in form; one not sent costs nothing."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie where there is one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def public(view: View) -> View:
    """Mark a view as open to everybody; all others need a sign-in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def step(*steps: Step) -> Callable[[View], View]:
    """Mark a view as one that a session opens which still owes something: a code, or setting up a second factor."""

    def mark(view: View) -> View:
        for each in steps:
            setattr(view, f"is_step_{each}", True)
        return view

    return mark


def signed(view: View) -> View:
    """Mark a view that other programs call with a signature of their own: no cookie counts, so no CSRF token either."""
    view.is_signed = True  # type: ignore[attr-defined]
    return view


def anonymous(view: View) -> View:
    """Mark a view that everybody uses as nobody: no cookie counts, so there is nothing that another site could borrow.

    That other sites post to it is refused by their origin all the same (ui/security.py).
    """
    return public(signed(view))


def install_auth(app: Flask, settings: WebSettings) -> None:
    """Identify who asks before each view, and offer /login, /logout and /preferences."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="fieldstone_state",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # ui/security.py compares the Origin on http and https alike
    )
    app.session_interface = CookieState()
    csrf = CSRFProtect(app)

    def authenticate() -> ResponseReturnValue | None:
        if _is_marked("is_signed"):
            g.signed_in = g.actor = None
            return None
        found = g.signed_in = _find_signed_in()
        is_unsafe = request.method not in SAFE_METHODS
        if is_unsafe and found is not None and found.by_cookie:
            check_token(settings.secret_key, request.cookies[SESSION_COOKIE])
        refused = _admit(found)
        if refused is None and is_unsafe and found is None:
            csrf.protect()
        return refused

    def csrf_token() -> str:
        """Give the token of this page, the same wherever it stands on it."""
        token: str | None = g.get("csrf_token")
        if token is None and (found := signed_in()) is not None and found.by_cookie:
            token = g.csrf_token = token_of(settings.secret_key, request.cookies[SESSION_COOKIE])
        return token if token is not None else str(generate_csrf())

    # Templates and macros ask here, in place of Flask-WTF.
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})
    app.before_request(authenticate)
    app.register_blueprint(blueprint)


def _admit(found: SignedIn | None) -> ResponseReturnValue | None:
    """Set who acts, or answer whom this view is closed for."""
    owed = step_owed(found) if found is not None else ""
    g.actor = None if owed else _actor_of(found)
    if _is_public():
        return None
    if found is None:
        return ask_to_sign_in()
    if owed:
        return None if _is_marked(f"is_step_{owed}") else to_step(owed)
    if _is_marked("is_step_code"):
        return redirect("/", 303)
    check_scope(found)
    return None


@blueprint.get(LOGIN_PATH)
@public
def login_form() -> ResponseReturnValue:
    """Show the log-in page, or go on where somebody is signed in already."""
    target = local_path(request.args.get("next"))
    if current_actor() is not None:
        return redirect(target, 303)
    return render_template("pages/login.html", page=LoginPage(next=target))


@blueprint.post(LOGIN_PATH)
@public
def log_in() -> ResponseReturnValue:
    """Start a session for name and password, under a new id."""
    login = request.form.get("login", "")[:_MAX_CREDENTIAL]
    password = request.form.get("password", "")[:_MAX_CREDENTIAL]
    target = local_path(request.form.get("next"))
    accounts = platform().accounts
    try:
        new = accounts.sign_in(
            login, password, address=request.remote_addr or "", agent=request.headers.get("User-Agent", "")[:200]
        )
    except (SignInRefused, TooManyAttempts) as error:
        status, _ = status_of(error)
        page = LoginPage(login=login, next=target, error=refusal_text(error))
        answer = make_response(render_template("pages/login.html", page=page), status)
        if isinstance(error, TooManyAttempts):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    if old := request.cookies.get(SESSION_COOKIE):
        accounts.sign_out(old)
    session.clear()  # the CSRF token of before the log-in dies with it
    answer = make_response(redirect(target, 303))
    set_session_cookie(answer, new.secret, new.lifetime_s)
    return answer


@blueprint.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    """End the session on the server and forget its cookie."""
    for name in (SESSION_COOKIE, OWN_COOKIE):
        if secret := request.cookies.get(name):
            platform().accounts.sign_out(secret)
    session.clear()
    answer = make_response(redirect(LOGIN_PATH, 303))
    for name in (SESSION_COOKIE, OWN_COOKIE):
        if name in request.cookies:
            answer.delete_cookie(name, httponly=True, samesite="Lax", secure=is_https())
    return answer


@blueprint.post("/preferences")
@public
def save_preferences() -> ResponseReturnValue:
    """Keep language and theme of this browser in cookies: form fields `language`, `theme`, `next`."""
    answer = make_response(redirect(local_path(request.form.get("next")), 303))
    languages = release().metamodel.main.languages
    for name, cookie, allowed in (("language", LANGUAGE_COOKIE, languages), ("theme", THEME_COOKIE, THEMES)):
        value = request.form.get(name)
        if value is not None and value in allowed:
            answer.set_cookie(
                cookie, value, max_age=PREFERENCE_MAX_AGE_S, samesite="Lax", secure=is_https(), httponly=True
            )
    return answer


def refusal_text(error: SignInRefused | FactorRefused | TooManyAttempts) -> str:
    """Say why a try to get in did not work, in the page's language."""
    if isinstance(error, SignInRefused):
        return str(gettext("User name or password is wrong."))
    if isinstance(error, FactorRefused):
        return str(gettext("This code is wrong or was used before."))
    minutes = -(-error.retry_after_s // 60)
    return str(gettext("Too many wrong log-ins. Try again in %(minutes)s minutes.", minutes=minutes))


def _find_signed_in() -> SignedIn | None:
    if request.path.startswith(API_PREFIX):
        refuse_token_in_address()
    if request.path.startswith(API_PREFIX) and (header := request.headers.get("Authorization")):
        scheme, _, secret = header.partition(" ")
        found = platform().accounts.signed_in_by_token(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise unauthorised("The token is unknown, expired or revoked.")
        return found
    cookie = request.cookies.get(SESSION_COOKIE)
    return platform().accounts.signed_in_by_session(cookie) if cookie else None


def _actor_of(found: SignedIn | None) -> object:
    if found is None:
        return None
    # The audit log says from where.
    address, asked = request.remote_addr, request_id()
    g.actor = found.api_actor if request.path.startswith(API_PREFIX) else found.actor
    # What the door says of a save is said in the language of the answer.
    return replace(g.actor, language=language(), address=address, request_id=asked)


def _is_public() -> bool:
    endpoint = request.endpoint
    if endpoint is None:  # no such address or method: the router's own answer, the same for everybody
        return True
    if endpoint == "static" or endpoint.endswith(".static"):
        return True
    return _is_marked("is_public")


def _is_marked(mark: str) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, mark, False))


def set_session_cookie(answer: Response, secret: str, lifetime_s: int, *, name: str = SESSION_COOKIE) -> None:
    """Let the browser keep the secret of a session."""
    answer.set_cookie(name, secret, max_age=lifetime_s, httponly=True, samesite="Lax", secure=is_https(), path="/")
