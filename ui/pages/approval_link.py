"""The page that a link of a mail leads to: it shows what is asked and decides by a press only; no sign-in is needed.

The link stands for one person at one step and is dead once it was used or the step is decided. It shows no more than
the mail did.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.approvals.deciding import Act
from engine.approvals.mailing import AskedByMail
from engine.approvals.messages import say
from engine.approvals.refusals import ApprovalRefused
from engine.errors import ValidationFailed
from ui.auth import public
from ui.context import language, platform
from ui.telling import tell

blueprint = Blueprint("approval_link", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """The context `page` of templates/pages/approval_link.html. asked: None once there is nothing to decide."""

    asked: AskedByMail | None
    message: str = ""
    kind: str = "info"


@blueprint.get("/approvals/link/<token>")
@public
def show_link(token: str) -> ResponseReturnValue:
    """Show what a link asks for; nothing is decided by that."""
    try:
        asked = platform().approvals.asked_by_link(token, language())
    except ApprovalRefused as refused:
        return _answer(LinkPage(asked=None, message=_reason(refused)), 410)
    return _answer(LinkPage(asked=asked))


@blueprint.post("/approvals/link/<token>")
@public
def decide_by_link(token: str) -> ResponseReturnValue:
    """Decide, once."""
    word = request.form.get("do")
    if word not in ("approve", "reject"):
        return show_link(token)
    act = Act(do=word, comment=request.form.get("comment", ""))
    try:
        platform().approvals.act_by_link(token, act)
    except ApprovalRefused as refused:
        return _answer(LinkPage(asked=None, message=_reason(refused)), 410)
    except ValidationFailed as refused:
        message = " ".join(tell(error.message) for error in refused.errors)
        return _answer(LinkPage(asked=None, message=message, kind="danger"), 422)
    done = _("Approved. Thank you.") if word == "approve" else _("Rejected. Thank you.")
    return _answer(LinkPage(asked=None, message=str(done), kind="success"))


def _reason(refused: ApprovalRefused) -> str:
    """Say a refusal; that a link is dead is known of nobody's link, and said in the language of the page."""
    return say(refused.code, language()) if refused.code == "link_dead" else refused.reason


def _answer(page: LinkPage, status: int = 200) -> ResponseReturnValue:
    answer = make_response(render_template("pages/approval_link.html", page=page), status)
    # The address is a key: it is told to no other site and kept in no index.
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
