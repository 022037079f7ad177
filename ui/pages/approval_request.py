"""The page of one approval request: its path, who is asked, what happened, and what the person may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.approvals.deciding import ACTS, Act
from engine.approvals.refusals import ApprovalRefused, RequestNotFound
from engine.approvals.requests import Request, RequestState
from engine.approvals.sight import RequestView
from engine.errors import QueryProblem, UnknownObject, ValidationFailed
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, SortKey
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb, Item, TimelineEntry
from ui.pages.approval_words import STATE_COLORS, PathRow, path_of, request_url, state_words, timeline_of
from ui.pages.chrome import toast
from ui.pages.findings import findings_text
from ui.pages.layout_parts import shown_item
from ui.pages.rights import can_read, user_formats
from ui.refused import note_caught
from ui.security import local_path
from ui.whole_numbers import whole_number

blueprint = Blueprint("approval_request", __name__)
_MOST_PEOPLE = 200
_BACK = "fs-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """The context `page` of templates/pages/approval_request.html.

    record_url: '' where the record may not be read. acts: what may be done now. earlier: steps that a rejection may
    lead back to. people: users who may be asked, (id, name). number: of the step as it is shown.
    figures: of the record.
    """

    id: str
    url: str
    title: str
    label: str
    record_url: str
    crumbs: tuple[Crumb, ...]
    state: str
    color: str
    reason: str
    lead: str
    path: tuple[PathRow, ...]
    timeline: tuple[TimelineEntry, ...]
    acts: frozenset[str]
    earlier: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    number: int
    figures: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCard:
    """What the page of a record shows of approvals. href: of its last request; submit_url: where it can be submitted.

    decides: whether it waits for the person. lock: what may be changed meanwhile, '' where it is not locked.
    """

    href: str = ""
    label: str = ""
    state: str = ""
    color: str = ""
    step: PathRow | None = None
    submit_url: str = ""
    decides: bool = False
    lock: str = ""


@blueprint.get("/approvals/<request_id>")
def show_request(request_id: str) -> ResponseReturnValue:
    """Show a request."""
    with platform().records.reading(actor(), release=release()) as transaction:
        page = _page(transaction, platform().approvals.view(transaction, request_id), user_formats())
    return render_template("pages/approval_request.html", page=page)


@blueprint.post("/approvals/<request_id>")
def act_on_request(request_id: str) -> ResponseReturnValue:
    """Do something with a request."""
    word, number = request.form.get("do", ""), request.form.get("number", "")
    back = local_path(request.form.get(_BACK), request_url(request_id))
    act = Act(
        do=word,
        comment=request.form.get("comment", ""),
        to=request.form.get("to") or None,
        user=request.form.get("user") or None,
        visit=whole_number(number),
    )
    if word not in ACTS:
        raise RequestNotFound(request_id)
    try:
        done = platform().approvals.act(actor(), request_id, act)
    except ApprovalRefused as refused:
        toast(refused.reason, "error")
    except ValidationFailed as refused:
        note_caught(refused)
        toast(_what_was_refused(request_id, refused), "error")
    else:
        toast(state_words(done.state) if not done.state.is_open else _("Done."))
    return redirect(back, 303)


def approval_card(transaction: Transaction, object_def: ObjectDef, record_id: str, formats: Formats) -> ApprovalCard:
    """Give what the page of a readable record shows of approvals; empty for objects without any."""
    approvals = platform().approvals
    found = approvals.of_record(transaction, object_def.key, record_id)
    newest = found[0] if found else None
    is_open = newest is not None and newest.state.is_open
    submit_url = (
        ""
        if is_open or not approvals.may_submit(transaction, object_def, record_id)
        else _submit_url(object_def, record_id)
    )
    if newest is None:
        return ApprovalCard(submit_url=submit_url)
    view = approvals.view(transaction, newest.id, figures=False)
    path = path_of(view, formats)
    at = path[len(view.visits) - 1] if view.visits else None
    return ApprovalCard(
        href=request_url(newest.id),
        label=view.label,
        state=state_words(newest.state),
        color=STATE_COLORS[newest.state],
        step=at if is_open else None,
        submit_url=submit_url,
        decides="approve" in view.acts,
        lock=_lock(object_def, newest),
    )


def _lock(object_def: ObjectDef, found: Request) -> str:
    if not found.locks or found.state not in (RequestState.OPEN, RequestState.PARKED):
        return ""
    fields = object_def.fields
    named = [label_text(fields[name].label, language(), name) if name in fields else name for name in found.may_edit]
    return str(_("Locked but for: %(fields)s", fields=", ".join(named)) if named else _("The record is locked"))


def people_to_ask(transaction: Transaction) -> tuple[tuple[str, str], ...]:
    """Give the users that the person may name: those they may read, by name."""
    if not can_read(actor(), "user"):
        return ()
    sort = (SortKey(path="name", descending=False),)
    query = ListQuery(object="user", filter="active", sort=sort, fields=("name",), limit=_MOST_PEOPLE)
    try:
        rows = transaction.list(query).rows
    except (QueryProblem, UnknownObject):
        return ()
    return tuple((row.id, str(row.values.get("name") or row.title or "")) for row in rows)


def _submit_url(object_def: ObjectDef, record_id: str) -> str:
    return f"/o/{quote(object_def.key)}/{quote(record_id)}/approval"


def _page(transaction: Transaction, view: RequestView, formats: Formats) -> RequestPage:
    found = view.request
    title = found.record_title or str(_("Without a name"))
    record_url = f"/o/{quote(found.object)}/{quote(found.record_id)}" if view.is_readable else ""
    names_people = view.acts & {"delegate", "add", "copy"}
    lead = str(
        _(
            "Submitted by %(name)s on %(day)s",
            name=view.submitter or _("the system"),
            day=formats.datetime(found.submitted_at),
        )
    )
    return RequestPage(
        id=found.id,
        url=request_url(found.id),
        title=title,
        label=view.label,
        record_url=record_url,
        crumbs=(Crumb(label=str(_("Approvals")), href="/approvals"), Crumb(label=title)),
        state=state_words(found.state),
        color=STATE_COLORS[found.state],
        reason=found.reason or "" if found.state is RequestState.PARKED else "",
        lead=lead,
        path=path_of(view, formats),
        timeline=timeline_of(view, formats),
        acts=view.acts,
        earlier=view.earlier,
        people=tuple(each for each in people_to_ask(transaction) if each[0] != actor().user_id) if names_people else (),
        number=found.visit,
        figures=_figures(view, formats),
    )


def _figures(view: RequestView, formats: Formats) -> tuple[Item, ...]:
    object_def = release().metamodel.objects.get(view.request.object)
    if object_def is None or view.record is None:
        return ()
    shown = (name for name in view.record.values if name in object_def.fields)
    return tuple(shown_item(object_def.fields[name], view.record, formats) for name in shown if name != "id")


def _what_was_refused(request_id: str, refused: ValidationFailed) -> str:
    with platform().records.reading(actor(), release=release()) as transaction:
        found = platform().approvals.view(transaction, request_id).request
    object_def = release().metamodel.objects.get(found.object)
    return findings_text(object_def, refused.errors) if object_def is not None else str(refused)
