"""Webhooks that rules call, for those who look after automation: calls, one call with its tries, send again."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from engine.automation.webhook_calls.desk import CallNotFound, CallUnderWay, WebhookCall, WebhookNotOff, WebhookTry
from engine.records.identifiers import could_be_id
from ui.context import actor, platform
from ui.page_parts import Crumb, Option
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.telling import tell

blueprint = Blueprint("webhook_calls", __name__)

ADDRESS = "/runs/webhooks"
_SIZE = 50
_COLORS = {"sent": "green", "failed": "red", "not sent": "amber", "again": "blue", "sending": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call in a list. status: of the last answer."""

    id: str
    href: str
    connection: str
    state: str
    color: str
    status: str
    rule: str
    run_url: str
    tries: int
    iso: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffRow:
    """A webhook that is switched off."""

    connection: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsPage:
    """The context `page` of templates/pages/webhook_calls.html."""

    crumbs: tuple[Crumb, ...]
    rows: tuple[CallRow, ...]
    off: tuple[OffRow, ...]
    connections: tuple[Option, ...]
    may_press: bool
    next_url: str
    first_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRow:
    """One try; request and answer as texts, empty where they are not shown."""

    when: str
    status: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """The context `page` of templates/pages/webhook_call.html."""

    crumbs: tuple[Crumb, ...]
    row: CallRow
    key: str
    next_try: str
    tries: tuple[TryRow, ...]
    shows_all: bool
    may_send: bool


@blueprint.get(ADDRESS)
def list_calls() -> ResponseReturnValue:
    """Show calls, the newest first, of the webhook that the address names."""
    desk, formats = platform().automation.webhooks, user_formats()
    chosen, cursor = request.args.get("connection", ""), request.args.get("before", "")
    before = cursor if could_be_id(cursor) else None
    found = desk.list(actor(), connection=chosen or None, limit=_SIZE, before=before)
    kept = {"connection": chosen} if chosen else {}
    known = platform().releases.current().metamodel.connections
    names = sorted(name for name, each in known.items() if each.kind == "webhook_out")
    page = CallsPage(
        crumbs=(Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=str(_("Webhook calls")))),
        rows=tuple(_row(each) for each in found.rows),
        off=tuple(OffRow(connection=each.connection, since=formats.datetime(each.at)) for each in desk.off(actor())),
        connections=tuple(Option(value=name, label=name, selected=name == chosen) for name in names),
        may_press=access_of().has_right("retry_runs"),
        next_url=f"{ADDRESS}?{urlencode({**kept, 'before': found.before})}" if found.before else "",
        first_url=f"{ADDRESS}?{urlencode(kept)}" if before else "",
    )
    return render_template("pages/webhook_calls.html", page=page)


@blueprint.get(f"{ADDRESS}/<call_id>")
def show_call(call_id: str) -> ResponseReturnValue:
    """Show one call with its tries."""
    found, formats = platform().automation.webhooks.show(actor(), _checked(call_id)), user_formats()
    trail = (Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=str(_("Webhook calls")), href=ADDRESS))
    page = CallPage(
        crumbs=(*trail, Crumb(label=found.connection)),
        row=_row(found),
        key=found.key,
        next_try=formats.datetime(found.next_at) if found.next_at is not None else "",
        tries=tuple(_try_row(each) for each in reversed(found.tries)),
        shows_all=found.shows_all,
        may_send=access_of().has_right("retry_runs") and found.state not in ("sending", "again"),
    )
    return render_template("pages/webhook_call.html", page=page)


@blueprint.post(f"{ADDRESS}/<call_id>/send")
def send_call(call_id: str) -> ResponseReturnValue:
    """Let a worker send a call again."""
    try:
        platform().automation.webhooks.send_again(actor(), _checked(call_id))
        toast(_("The call is sent again in a moment."))
    except CallUnderWay as refused:
        toast(tell(str(refused)), "error")
    return redirect(f"{ADDRESS}/{call_id}", 303)


@blueprint.post(f"{ADDRESS}/switch-on")
def switch_on() -> ResponseReturnValue:
    """Let a webhook be called again."""
    try:
        platform().automation.webhooks.switch_on(actor(), request.form.get("connection", ""))
        toast(_("The webhook is switched on."))
    except WebhookNotOff as refused:
        toast(tell(str(refused)), "error")
    return redirect(ADDRESS, 303)


def _checked(call_id: str) -> str:
    if not could_be_id(call_id):
        raise CallNotFound(call_id[:40])
    return call_id


def _row(call: WebhookCall) -> CallRow:
    return CallRow(
        id=call.id,
        href=f"{ADDRESS}/{call.id}",
        connection=call.connection,
        state=_state_words().get(call.state, call.state),
        color=_COLORS.get(call.state, "gray"),
        status=str(call.status or ""),
        rule=call.rule,
        run_url=f"/runs/{call.run}" if call.rule else "",
        tries=len(call.tries),
        iso=call.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=user_formats().datetime(call.created_at),
    )


def _state_words() -> dict[str, str]:
    return {
        "sent": str(_("Sent")),
        "failed": str(_("Failed")),
        "not sent": str(_("Not sent")),
        "again": str(_("Being sent again")),
        "sending": str(pgettext("webhook call", "Under way")),
    }


def _try_row(each: WebhookTry) -> TryRow:
    sent = _message(f"POST {each.url}", each.headers, each.body) if each.body is not None else ""
    answer = each.error or ""
    if each.answer is not None:
        answer = _message(f"{each.status}", each.answer_headers, each.answer)
    status = str(each.status) if each.status is not None else str(_("No answer"))
    return TryRow(when=user_formats().datetime(each.at), status=status, request=sent, answer=answer)


def _message(first: str, headers: object, body: str) -> str:
    named = sorted(headers.items()) if isinstance(headers, dict) else ()
    return "\n".join((first, *(f"{name}: {value}" for name, value in named), "", body))
