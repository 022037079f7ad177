"""The Flask application over one platform: request pinning, languages, JSON, and the blueprints of pages and API.

It holds no state of its own and decides nothing: a request takes the current release once, finds out who asks, and a
blueprint translates it to calls of the engine. Several applications over several platforms live in one process.
"""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from flask import Flask, Response, g
from flask.json.provider import JSONProvider
from flask_babel import Babel, get_translations
from htmx_flask import Htmx

from engine.platform import Platform
from ui.api import register as register_api
from ui.auth import install_auth
from ui.context import EXTENSION, current_actor
from ui.context import language as current_language
from ui.errors import install_errors
from ui.pages import api_reference
from ui.pages import register as register_pages
from ui.rates import install_rates
from ui.security import WebSettings, install_security


class OrjsonProvider(JSONProvider):
    """Write JSON with orjson; bodies of requests are read by ui/api/body.py, which is stricter."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Give JSON text."""
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON text."""
        return orjson.loads(s)


def create_app(platform: Platform, settings: WebSettings) -> Flask:
    """Make the application that serves a platform."""
    app = Flask("ui", static_folder="static", static_url_path="/static")
    app.json = OrjsonProvider(app)
    app.extensions[EXTENSION] = platform
    app.config["FIELDSTONE_REQUIRE_IF_MATCH"] = settings.require_if_match
    Htmx(app)
    Babel(app, locale_selector=_babel_locale, timezone_selector=_timezone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _translations().ugettext(text),
        ngettext=lambda one, many, count: _translations().ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, text: _translations().upgettext(context, text),
        npgettext=lambda context, one, many, count: _translations().unpgettext(context, one, many, count),
    )

    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.release = platform.releases.current()

    app.before_request(begin)
    install_errors(app)
    install_security(app, settings, file_bytes=platform.files.most_bytes)
    install_auth(app, settings)
    install_rates(app, platform, settings.rate_limit)
    app.after_request(_finish)
    register_api(app)
    register_pages(app)
    app.register_blueprint(api_reference.blueprint)
    return app


def _finish(response: Response) -> Response:
    response.headers.add("X-Request-Id", g.get("request_id", ""))
    return response


def _babel_locale() -> str:
    return _BABEL_LOCALES.get(current_language(), current_language())


def _translations() -> Any:
    """Give the translations of the request's language, found once a request: a page has dozens of texts."""
    found = g.get("translations")
    if found is None:
        found = g.translations = get_translations()
    return found


def _timezone() -> str | None:
    actor = current_actor()
    return actor.timezone if actor is not None else None


_BABEL_LOCALES = {"zh": "zh_Hans_CN"}
