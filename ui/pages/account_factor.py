"""One's own second factor: set up by a QR code, recovery codes (shown this once), new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access.actor import Actor
from engine.accounts.errors import FactorRefused, TooManyAttempts
from metamodel.texts import label_text
from ui.auth import refusal_text, step
from ui.context import current_actor, language, platform, release, signed_in
from ui.pages.account_parts import require_own_hand
from ui.qr_code import qr_code
from ui.security import local_path
from ui.status_table import status_of

blueprint = Blueprint("account_factor", __name__)
_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPage:
    """The context `page` of templates/pages/account_factor.html. secret: in groups, for typing; begun: sealed;
    codes: shown this once.

    forced: the person gets nowhere else before. has_factor: there is one already.
    """

    next: str
    has_factor: bool
    forced: bool
    code: str = ""
    secret: str = ""
    begun: str = ""
    codes: tuple[str, ...] = ()
    codes_left: int = 0
    error: str = ""


@blueprint.get("/account/factor")
@step("set_up")
def show_factor() -> ResponseReturnValue:
    """Show how a second factor is set up, or how it stands."""
    return _show(local_path(request.args.get("next")))


@blueprint.post("/account/factor")
@step("set_up")
def confirm_factor() -> ResponseReturnValue:
    """Let the second factor count, by a first code of it."""
    found, target, form = signed_in(), local_path(request.form.get("next")), request.form
    begun, code = form.get("begun", "")[:_MOST], form.get("code", "")[:_MOST]
    assert found is not None
    try:
        codes = platform().accounts.factors.confirm(
            _me(), begun, code, session_id=found.id, address=request.remote_addr or ""
        )
    except (FactorRefused, TooManyAttempts) as refused:
        return _show(target, error=refusal_text(refused)), status_of(refused)[0]
    return _show(target, codes=codes)


@blueprint.post("/account/factor/codes")
def renew_codes() -> ResponseReturnValue:
    """Give new recovery codes by a code of the app."""
    try:
        codes = platform().accounts.factors.renew_codes(
            _me(), request.form.get("code", "")[:_MOST], address=request.remote_addr or ""
        )
    except (FactorRefused, TooManyAttempts) as refused:
        return _show("/account", error=refusal_text(refused)), status_of(refused)[0]
    return _show("/account", codes=codes)


def _me() -> Actor:
    """Give whose second factor it is: also of a session that owes setting it up, which may do nothing else."""
    found = signed_in()
    assert found is not None
    require_own_hand(found.actor)
    return found.actor


def _show(target: str, *, codes: Sequence[str] = (), error: str = "") -> str:
    me, found, factors = _me(), signed_in(), platform().accounts.factors
    has_factor = bool(codes) or (found is not None and found.has_factor)
    code, secret, begun = "", "", ""
    if not has_factor:
        main = release().metamodel.main
        given = request.form.get("begun", "")[:_MOST]
        new = factors.begin(me, label_text(main.label, language(), main.name), begun=given)
        begun = new.begun
        code = qr_code(new.address, str(_("QR code for your authenticator app")))
        secret = " ".join(new.secret[at : at + 4] for at in range(0, len(new.secret), 4))
    page = FactorPage(
        next=target if target != "/" or current_actor() is None else "/account",
        has_factor=has_factor,
        forced=current_actor() is None,
        code=code,
        secret=secret,
        begun=begun,
        codes=tuple(codes),
        codes_left=factors.codes_left(str(me.user_id)),
        error=error,
    )
    return render_template("pages/account_factor.html", page=page)
