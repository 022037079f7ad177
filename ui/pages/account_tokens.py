"""One's own API tokens: listed, made (shown this once) and revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.accounts.trail import author_of
from engine.errors import ValidationFailed
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.pages.account_parts import HeldRow, refusal_words, require_own_hand, token_rows
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats

blueprint = Blueprint("account_tokens", __name__)
_DAYS = (30, 90, 365)
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage:
    """The context `page` of templates/pages/account_tokens.html. made: the new token, shown this once.

    objects: key and label of what scopes may name.
    """

    rows: tuple[HeldRow, ...]
    objects: tuple[tuple[str, str], ...]
    days: tuple[int, ...] = _DAYS
    made: str = ""
    name: str = ""
    scopes: str = ""
    reach: str = "read"
    problem: str = ""


@blueprint.get("/account/tokens")
def show_tokens() -> ResponseReturnValue:
    """Show one's tokens and the form that makes one."""
    return _show()


@blueprint.post("/account/tokens")
def make_token() -> ResponseReturnValue:
    """Make a token and show it, once."""
    require_own_hand()
    me, given = actor(), request.form
    scopes = given.get("scopes", "").replace(",", " ").split() if given.get("reach") == "some" else []
    if not scopes:
        scopes = {"read": ["read"], "write": ["read", "write"]}.get(given.get("reach", ""), [])
    try:
        ends = platform().clock.now() + timedelta(days=_days(given.get("days", "")))
        token = platform().accounts.administration.create_token(
            me.login, name=given.get("name", ""), scopes=scopes, expires_at=ends, by=author_of(me)
        )
    except ValidationFailed as refused:
        return _show(problem=refusal_words(refused)), 422
    except ValueError:
        return _show(problem=str(_("Choose after how many days the token expires: 1 to 3650."))), 422
    return _show(made=token)


@blueprint.post("/account/tokens/revoke")
def revoke_token() -> ResponseReturnValue:
    """End one of one's tokens at once."""
    require_own_hand()
    me = actor()
    if platform().accounts.administration.revoke_token(
        request.form.get("id", ""), user_id=str(me.user_id), by=author_of(me)
    ):
        toast(str(_("The token is revoked.")))
    return redirect("/account/tokens", 303)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= _MOST_DAYS:
        raise ValueError
    return days


def _show(*, made: str = "", problem: str = "") -> str:
    require_own_hand()
    access, given = access_of(), request.form if not made else {}
    objects = release().metamodel.objects.values()
    known = sorted(
        (each.key, label_text(each.label, language(), each.name)) for each in objects if access.of(each.key).known
    )
    page = TokensPage(
        rows=token_rows(platform().accounts.administration.list_tokens(actor().login), user_formats()),
        objects=tuple(known),
        made=made,
        name=str(given.get("name", ""))[:200],
        scopes=str(given.get("scopes", ""))[:2000],
        reach=str(given.get("reach", "read")),
        problem=problem,
    )
    return render_template("pages/account_tokens.html", page=page)
