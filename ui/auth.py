"""Signs people in and out, finds out who asks, and checks CSRF tokens: everything is closed unless marked `public`.

Pages come with a session cookie (a random id, the session itself lies in the database), the API with a bearer token or
that cookie. A request by cookie that changes something needs a CSRF token; one by bearer token does not, since no
browser sends it by itself. What the actor may do with data is decided by the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

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

from engine.accounts.errors import SignInRefused, TooManyAttempts
from engine.accounts.service import SignedIn
from ui.context import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, current_actor, language, platform, release, signed_in
from ui.csrf import check_token, token_of
from ui.errors import API_PREFIX, ApiProblem, status_of
from ui.security import SAFE_METHODS, WebSettings, local_path

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

SESSION_COOKIE = "fieldstone_session"
LOGIN_PATH = "/login"
PREFERENCE_MAX_AGE_S = 365 * 24 * 3600
_MAX_CREDENTIAL = 2_000

blueprint = Blueprint("auth", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """The context `page` of templates/pages/login.html; `error` is empty or a sentence, already in words for people."""

    login: str = ""
    next: str = "/"
    error: str = ""


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
        g.signed_in = found = _find_signed_in()
        g.actor = _actor_of(found)
        if found is not None and not request.path.startswith(API_PREFIX):
            # What the door says of a save is read on the page, so it is said in the page's language.
            g.actor = replace(found.actor, language=language())
        if not _is_public():
            if found is None:
                return _ask_to_sign_in()
            _check_scope(found)
        if request.method not in SAFE_METHODS:
            _check_csrf(found, csrf, settings.secret_key)
        return None

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


def _check_csrf(found: SignedIn | None, csrf: CSRFProtect, secret_key: str) -> None:
    if found is None:
        csrf.protect()
    elif found.by_cookie:
        check_token(secret_key, request.cookies[SESSION_COOKIE])


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
        page = LoginPage(login=login, next=target, error=_refusal(error))
        answer = make_response(render_template("pages/login.html", page=page), status)
        if isinstance(error, TooManyAttempts):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    if old := request.cookies.get(SESSION_COOKIE):
        accounts.sign_out(old)
    session.clear()  # the CSRF token of before the log-in dies with it
    answer = make_response(redirect(target, 303))
    _set_session_cookie(answer, new.secret, new.lifetime_s)
    return answer


@blueprint.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    """End the session on the server and forget its cookie."""
    if secret := request.cookies.get(SESSION_COOKIE):
        platform().accounts.sign_out(secret)
    session.clear()
    answer = make_response(redirect(LOGIN_PATH, 303))
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=_is_https())
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
                cookie, value, max_age=PREFERENCE_MAX_AGE_S, samesite="Lax", secure=_is_https(), httponly=True
            )
    return answer


def _refusal(error: SignInRefused | TooManyAttempts) -> str:
    if isinstance(error, SignInRefused):
        return str(gettext("User name or password is wrong."))
    minutes = -(-error.retry_after_s // 60)
    return str(gettext("Too many wrong log-ins. Try again in %(minutes)s minutes.", minutes=minutes))


def _find_signed_in() -> SignedIn | None:
    if request.path.startswith(API_PREFIX) and (header := request.headers.get("Authorization")):
        scheme, _, secret = header.partition(" ")
        found = platform().accounts.signed_in_by_token(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise _unauthorised("The token is unknown, expired or revoked.")
        return found
    cookie = request.cookies.get(SESSION_COOKIE)
    return platform().accounts.signed_in_by_session(cookie) if cookie else None


def _actor_of(found: SignedIn | None) -> object:
    if found is None:
        return None
    return found.api_actor if request.path.startswith(API_PREFIX) else found.actor


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


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.path.startswith(API_PREFIX):
        raise _unauthorised("Sign in, or send a token as `Authorization: Bearer TOKEN`.")
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
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=_is_https())
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


def _check_scope(found: SignedIn) -> None:
    needed = "read" if request.method in SAFE_METHODS else "write"
    if needed not in found.scopes:
        raise ApiProblem(403, "scope_missing", f"The token lacks the scope '{needed}'.")


def _unauthorised(detail: str) -> ApiProblem:
    return ApiProblem(401, "not_signed_in", detail, headers={"WWW-Authenticate": 'Bearer realm="fieldstone"'})


def _set_session_cookie(answer: Response, secret: str, lifetime_s: int) -> None:
    answer.set_cookie(
        SESSION_COOKIE, secret, max_age=lifetime_s, httponly=True, samesite="Lax", secure=_is_https(), path="/"
    )


def _is_https() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
