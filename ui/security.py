"""Guards every request and answer: host names, body size, NUL characters, foreign origins, and the security headers.

Who is asking and what they may do is not judged here (ui/auth.py, engine.access).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import BadRequest, Forbidden

from ui.repeated_keys import refuse_repeated

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAMED_BY = "fieldstone.framed_by"
"""In the environment of a request: the sites, one text each, that may show the answer in a frame; without it none."""
MAX_PUBLIC_BYTES = 64 * 1024
PUBLIC_FORMS = ("/f/", "/s/", "/api/v1/forms/")
WITH_FILES = ("/o/", "/import/")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 16 * 1024 * 1024

_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
)
_STRICT_TRANSPORT = "max-age=31536000"
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What the web part is told by the operator.

    base_url: the address people use, such as https://crm.example.com; it decides on https-only cookies and the host
    name that is answered. trusted_hosts: further host names that are answered, without ports; `*` answers any.
    rate_limit: how many calls of the API a user, and each token, makes in a minute; 0 = any number.
    """

    secret_key: str
    base_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    max_body_bytes: int = MAX_BODY_BYTES
    require_if_match: bool = False
    rate_limit: int = 0

    @property
    def is_https(self) -> bool:
        """Whether people reach the product by https."""
        return self.base_url.lower().startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that are answered; without a base URL, or with a local one, all names of this machine."""
        names = {name.lower() for name in self.trusted_hosts}
        if self.base_url:
            names.add(urlsplit(self.base_url).hostname or "")
        if not self.base_url or names & _LOCAL_NAMES:
            names |= _LOCAL_NAMES
        return frozenset(names - {""})


def install_security(app: Flask, settings: WebSettings, *, file_bytes: int = 0) -> None:
    """Check each request before any view sees it, and put the security headers on each answer.

    file_bytes: what one file may have, for requests that bring files.
    """
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    app.config["MAX_FORM_PARTS"] = 2_000
    app.config["MAX_UPLOAD_LENGTH"] = settings.max_body_bytes + file_bytes
    hosts = settings.hosts
    any_host = "*" in hosts

    def check_request() -> None:
        if not any_host and _host_name(request.host) not in hosts:
            raise BadRequest("The Host header names a machine this server does not answer for.")
        refuse_nul(request.environ.get("QUERY_STRING", ""), request.path)
        if request.method not in SAFE_METHODS:
            if request.path.startswith(PUBLIC_FORMS):
                request.max_content_length = MAX_PUBLIC_BYTES
            if _brings_files():
                request.max_content_length = settings.max_body_bytes + file_bytes
            _refuse_foreign_origin()
            if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
                _check_form()

    always = [*_HEADERS, *((("Strict-Transport-Security", _STRICT_TRANSPORT),) if settings.is_https else ())]

    app.before_request(check_request)
    app.wsgi_app = _with_headers(app.wsgi_app, always)  # type: ignore[assignment,method-assign]


def _with_headers(application: WSGIApplication, always: list[tuple[str, str]]) -> WSGIApplication:
    """Put headers on every answer, whoever made it; views set none of them but, now and then, Cache-Control."""
    uncached = [*always, ("Cache-Control", "no-store")]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            own = any(name.lower() == "cache-control" for name, _ in headers)
            more = always if own else uncached
            sites = environ.get(FRAMED_BY)
            return start_response(status, headers + (_framed(more, sites) if sites else more), fault)

        return application(environ, start)

    return answer


def _framed(headers: list[tuple[str, str]], sites: Sequence[str]) -> list[tuple[str, str]]:
    """Let some sites show an answer in a frame; that of X-Frame-Options can't name them, so it is left out."""
    named = f"frame-ancestors {' '.join(sites)}"
    return [
        (name, value.replace("frame-ancestors 'none'", named)) for name, value in headers if name != "X-Frame-Options"
    ]


def refuse_nul(query_string: str, path: str) -> None:
    """Refuse NUL characters in an address: no text of the product holds one, and PostgreSQL could not store it."""
    if "%00" in query_string or "\0" in query_string or "\0" in path:
        raise BadRequest("The address contains a NUL character.")


def local_path(target: str | None, default: str = "/") -> str:
    """Give a path on this site to go to, or `default` where `target` would lead anywhere else."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(character) < 32 or character == "\\" for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def _brings_files() -> bool:
    """Say whether the request may be longer than others: a file for a field, or a form with files of somebody known."""
    is_form = request.mimetype == "multipart/form-data" and request.path.startswith(WITH_FILES)
    return (is_form and bool(request.cookies)) or request.path.startswith("/api/v1/files/")


def _check_form() -> None:
    for name, values in request.form.lists():
        if name is None:  # a part of multipart/form-data that says none, whatever the types say
            raise BadRequest("A part of the form has no name.")
        if "\0" in name or any("\0" in value for value in values):
            raise BadRequest("The form contains a NUL character.")
    refuse_repeated(request.form, request.blueprint)


def _refuse_foreign_origin() -> None:
    origin = request.headers.get("Origin")
    if origin is None:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Forbidden("The request was made by another site.")
        return
    if origin == "null" or urlsplit_host(origin) != request.host.lower():
        raise Forbidden("The request was made by another site.")


def urlsplit_host(origin: str) -> str:
    """Give host and port of an origin, or an empty text for one that cannot be read."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _host_name(host: str) -> str:
    # An IPv6 address stands in brackets: [::1]:8000
    if host.startswith("["):
        return host[1:].split("]", 1)[0].lower()
    return host.rsplit(":", 1)[0].lower() if ":" in host else host.lower()
