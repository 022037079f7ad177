"""Requests for access: asking from a denial, one's own requests, and deciding about those of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access.explaining.answers import Asked
from engine.access.requests.options import EDIT_SHARE, READ_SHARE, Option
from engine.access.requests.rows import AskState
from engine.access.requests.service import ShownRequest
from engine.errors import AccessDenied, RecordNotFound, ValidationFailed
from metamodel.access import OBJECT_ACTIONS
from metamodel.texts import label_text
from ui.asking import access_request_url
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.access_words import action_words
from ui.pages.account_parts import refusal_words, require_own_hand
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.refused import note_caught
from ui.telling import tell

blueprint = Blueprint("access_requests", __name__)
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """The context `page` of templates/pages/access_ask.html. hidden: what is asked for, as the form sends it."""

    about: str
    crumbs: tuple[Crumb, ...]
    hidden: dict[str, str]
    reason: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request of the list."""

    title: str
    href: str
    note: str
    state: str
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPage:
    """The context `page` of templates/pages/access_requests.html."""

    crumbs: tuple[Crumb, ...]
    waiting: tuple[RequestRow, ...]
    mine: tuple[RequestRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """The context `page` of templates/pages/access_request.html. options: key and words of what would do."""

    row: RequestRow
    crumbs: tuple[Crumb, ...]
    url: str
    reason: str
    answer: str
    may_decide: bool
    options: tuple[tuple[str, str], ...]
    chosen: str
    until: str
    tomorrow: str
    problem: str


@blueprint.get("/access/ask")
def show_asking() -> ResponseReturnValue:
    """Show the form that asks for access."""
    return _ask_page(_asked(request.args))


@blueprint.post("/access/ask")
def ask() -> ResponseReturnValue:
    """Ask for access."""
    require_own_hand()
    asked = _asked(request.form)
    try:
        request_id = platform().access_requests.ask(actor(), asked, request.form.get("reason", ""))
    except ValidationFailed as refused:
        note_caught(refused)
        return _ask_page(asked, problem=refusal_words(refused)), 422
    toast(_("You asked for access; the answer comes to your inbox."))
    return redirect(access_request_url(request_id), 303)


@blueprint.get("/access/requests")
def list_requests() -> ResponseReturnValue:
    """List one's own requests and those one may decide."""
    found = platform().access_requests.list(actor())
    page = RequestsPage(
        crumbs=(Crumb(label=str(_("Requests for access"))),),
        waiting=tuple(_row(each) for each in found if each.may_decide and each.request.state is AskState.OPEN),
        mine=tuple(_row(each) for each in found if each.request.user_id == actor().user_id),
    )
    return render_template("pages/access_requests.html", page=page)


@blueprint.get("/access/request")
def show_request() -> ResponseReturnValue:
    """Show one request; who may decide it chooses among what would do."""
    return _request_page()


@blueprint.post("/access/request")
def decide() -> ResponseReturnValue:
    """Give what was chosen until a day, or refuse."""
    require_own_hand()
    requests, request_id = platform().access_requests, request.args.get("id", "")
    try:
        if request.form.get("act") == "refuse":
            requests.refuse(actor(), request_id, request.form.get("answer", ""))
            toast(_("The request is refused."))
        else:
            requests.grant(actor(), request_id, request.form.get("grant", ""), _day(request.form.get("until", "")))
            toast(_("The access is given."))
    except ValidationFailed as refused:
        note_caught(refused)
        return _request_page(problem=refusal_words(refused)), 422
    except (AccessDenied, ValueError) as refused:
        note_caught(refused)
        why = tell(refused.reason) if isinstance(refused, AccessDenied) else str(refused)
        return _request_page(problem=str(_("Not done: %(reason)s.", reason=why))), 422
    return redirect("/access/requests", 303)


def _ask_page(asked: Asked, *, problem: str = "") -> str:
    parts = {"action": asked.action, "object": asked.object, "record": asked.record_id, "field": asked.field}
    page = AskPage(
        about=_about(asked, _title(asked)),
        crumbs=(Crumb(label=str(_("Requests for access")), href="/access/requests"), Crumb(label=str(_("Ask")))),
        hidden={name: value for name, value in parts.items() if value},
        reason=request.form.get("reason", "")[:_LONGEST],
        problem=problem,
    )
    return render_template("pages/access_ask.html", page=page)


def _request_page(*, problem: str = "") -> str:
    request_id = request.args.get("id", "")
    shown = platform().access_requests.get(actor(), request_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        today = transaction.today
    page = RequestPage(
        row=_row(shown),
        crumbs=(Crumb(label=str(_("Requests for access")), href="/access/requests"), Crumb(label=_person(shown))),
        url=access_request_url(request_id),
        reason=shown.request.reason,
        answer=shown.request.answer,
        may_decide=shown.may_decide and shown.request.state is AskState.OPEN,
        options=tuple((each.key, _option_words(each)) for each in shown.options),
        chosen=request.form.get("grant", "") or (shown.options[0].key if shown.options else ""),
        until=request.form.get("until", "") or (today + dt.timedelta(days=7)).isoformat(),
        tomorrow=(today + dt.timedelta(days=1)).isoformat(),
        problem=problem,
    )
    return render_template("pages/access_request.html", page=page)


def _asked(given: Mapping[str, str]) -> Asked:
    texts = {name: str(given.get(name, ""))[:100] for name in ("action", "object", "record", "field")}
    if texts["action"] not in OBJECT_ACTIONS or not texts["object"]:
        raise RecordNotFound("access", "")
    return Asked(
        action=texts["action"], object=texts["object"], record_id=texts["record"] or None, field=texts["field"] or None
    )


def _row(shown: ShownRequest) -> RequestRow:
    asked, formats = shown.request, user_formats()
    words, color = _state(asked.state)
    parts = [_person(shown), formats.datetime(asked.at)]
    if asked.granted is not None and asked.until is not None:
        given = _option_words(Option(key=asked.granted, gives=0))
        parts += [given, str(_("until %(day)s", day=formats.datetime(asked.until)))]
    return RequestRow(
        title=_about(asked.asked, shown.title),
        href=access_request_url(asked.id),
        note=" · ".join(part for part in parts if part),
        state=words,
        color=color,
    )


def _person(shown: ShownRequest) -> str:
    return shown.person or shown.login


def _state(state: AskState) -> tuple[str, str]:
    return {
        AskState.OPEN: (str(_("Open")), "blue"),
        AskState.GRANTED: (str(_("Given")), "green"),
        AskState.REFUSED: (str(_("Refused")), "red"),
    }[state]


def _title(asked: Asked) -> str:
    """Give what the record is called, where who asks may read it."""
    found = release().metamodel.find_object(asked.object)
    if found is None or asked.record_id is None:
        return ""
    key = (found.key, asked.record_id)
    with platform().records.reading(actor(), release=release()) as transaction:
        return transaction.reader.titles([key]).get(key, "")


def _about(asked: Asked, title: str) -> str:
    """Say what is asked for: by its labels as far as who reads may know of it, else as it was asked."""
    found, label, field = release().metamodel.find_object(asked.object), asked.object, asked.field or ""
    if found is not None and access_of().of(found.key).known:
        label = label_text(found.label, language(), found.name)
        if field in access_of().of(found.key).shown:
            field = label_text(found.fields[field].label, language(), field)
    about = " · ".join(each for each in (label, title or asked.record_id or "", field) if each)
    return f"{action_words(asked.action)}: {about}"


def _option_words(option: Option) -> str:
    if option.key == READ_SHARE:
        return str(_("Share this record for reading"))
    if option.key == EDIT_SHARE:
        return str(_("Share this record for editing"))
    role = release().metamodel.roles.get(option.role)
    called = label_text(role.label, language(), role.name) if role is not None else option.role
    return str(_("Role “%(role)s”", role=called))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(str(_("it needs an end, a day"))) from None
