"""What a view function may know of its request: the platform, the pinned release, who asks, and how to show it.

Typed access to Flask's `g` and to the app's extensions; it sets nothing (ui/app.py and ui/auth.py do).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from flask import current_app, g, request

from engine.access.actor import Actor, Origin

if TYPE_CHECKING:
    from engine.accounts.askers import SignedIn
    from engine.platform import Platform
    from engine.releases.release import Release

EXTENSION = "fieldstone"
LANGUAGE_COOKIE = "fieldstone_language"
THEME_COOKIE = "fieldstone_theme"
THEMES = ("auto", "light", "dark")


def platform() -> Platform:
    """Give the platform this app serves."""
    return cast("Platform", current_app.extensions[EXTENSION])


def release() -> Release:
    """Give the release this request is pinned to; a release published meanwhile is for the next request."""
    return cast("Release", g.release)


def actor() -> Actor:
    """Give who asks; only for views that need a sign-in, which all do unless they are marked `public`."""
    found = current_actor()
    assert found is not None, "a public view asked for the actor"
    return found


def current_actor() -> Actor | None:
    """Give who asks, or None where nobody is signed in (public views only)."""
    return cast("Actor | None", g.get("actor"))


def signed_in() -> SignedIn | None:
    """Give the session or token that the request came with, or None."""
    return cast("SignedIn | None", g.get("signed_in"))


def language() -> str:
    """Give the language to answer in: the cookie's, else the user's, else the best of Accept-Language."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = _choose_language(release().metamodel.main.languages)
    return found


def theme() -> str:
    """Give the colour scheme this browser keeps: light, dark or auto."""
    wanted = request.cookies.get(THEME_COOKIE, "auto")
    return wanted if wanted in THEMES else "auto"


def request_id() -> str:
    """Give the id that the log and error answers carry for this request."""
    return cast(str, g.get("request_id", ""))


def _choose_language(languages: Sequence[str]) -> str:
    wanted = request.cookies.get(LANGUAGE_COOKIE, "")
    if wanted in languages:
        return wanted
    asking = current_actor()
    if asking is not None and asking.origin is not Origin.API and asking.language in languages:
        return asking.language
    own = asking.language if asking is not None and asking.language in languages else languages[0]
    for tag, quality in request.accept_languages:
        # `zh-CN` is answered with `zh`.
        if quality and (found := tag if tag in languages else tag.partition("-")[0].lower()) in languages:
            return found
    return own
