"""The page on which a record is submitted for approval: the path it would take, whom one chooses, a comment."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.approvals.previewing import CHOOSE, Preview
from engine.approvals.refusals import ApprovalRefused
from engine.approvals.submitting import Submission
from engine.errors import AccessDenied, ValidationFailed
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb
from ui.pages.approval_request import people_to_ask
from ui.pages.approval_words import PathRow, path_of_preview, request_url
from ui.pages.chrome import toast
from ui.pages.findings import findings_text
from ui.pages.rights import readable_object, user_formats
from ui.refused import note_caught

blueprint = Blueprint("approval_submit", __name__)
_CHOSEN = "chosen-"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPage:
    """The context `page` of templates/pages/approval_submit.html.

    path: empty where no approval is for the record. to_choose: steps whose people are chosen here, name and label.
    others: further approvals that may be taken instead, label and address.
    """

    title: str
    label: str
    approval: str
    crumbs: tuple[Crumb, ...]
    action: str
    cancel_url: str
    path: tuple[PathRow, ...]
    ends: str
    to_choose: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]


@blueprint.get("/o/<object_name>/<record_id>/approval")
def show_submit(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show the path of a record, or the request that it has already."""
    object_def = readable_object(object_name)
    approvals = platform().approvals
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id, fields=("id",))
        found = approvals.of_record(transaction, object_def.key, record_id)
        if found and found[0].state.is_open:
            return redirect(request_url(found[0].id))
        given = Submission(record_id=record_id, approval=request.args.get("name") or None)
        path = approvals.preview(transaction, object_def.key, given)
        chooses = path is not None and any(step.state == CHOOSE for step in path.steps)
        people = people_to_ask(transaction) if chooses else ()
    title = record.title or str(_("Without a name"))
    page = _page(object_def, record_id, title, path, people, user_formats())
    return render_template("pages/approval_submit.html", page=page)


@blueprint.post("/o/<object_name>/<record_id>/approval")
def submit(object_name: str, record_id: str) -> ResponseReturnValue:
    """Submit a record."""
    object_def = readable_object(object_name)
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}/approval"
    chosen = {
        name.removeprefix(_CHOSEN): tuple(dict.fromkeys(user for user in users if user))
        for name, users in request.form.lists()
        if name.startswith(_CHOSEN)
    }
    approval = request.form.get("approval") or None
    given = Submission(
        record_id=record_id,
        approval=approval,
        chosen={step: users for step, users in chosen.items() if users},
        comment=request.form.get("comment", ""),
    )
    try:
        made = platform().approvals.submit(actor(), object_def.key, given)
    except ApprovalRefused as refused:
        toast(refused.reason, "error")
        return redirect(f"{url}?name={quote(approval)}" if approval else url, 303)
    except AccessDenied as refused:
        note_caught(refused)
        toast(_("Your roles do not allow this change."), "error")
        return redirect(url, 303)
    except ValidationFailed as refused:
        note_caught(refused)
        toast(findings_text(object_def, refused.errors), "error")
        return redirect(url, 303)
    toast(_("Submitted for approval"))
    return redirect(request_url(made.id), 303)


def _page(
    object_def: ObjectDef,
    record_id: str,
    title: str,
    path: Preview | None,
    people: tuple[tuple[str, str], ...],
    formats: Formats,
) -> SubmitPage:
    url = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    crumbs = (
        Crumb(label=plural, href=f"/o/{quote(object_def.key)}"),
        Crumb(label=title, href=url),
        Crumb(label=str(_("Submit for approval"))),
    )
    ends = path.ends_at if path is not None else None
    return SubmitPage(
        title=title,
        label=path.label if path is not None else "",
        approval=path.approval if path is not None else "",
        crumbs=crumbs,
        action=f"{url}/approval",
        cancel_url=url,
        path=path_of_preview(path, formats) if path is not None else (),
        ends=str(_("Decided by %(day)s at the latest", day=formats.datetime(ends))) if ends is not None else "",
        to_choose=tuple(
            (step.name, step.label) for step in (path.steps if path is not None else ()) if step.state == CHOOSE
        ),
        people=people,
        others=tuple(
            (label, f"{url}/approval?name={quote(key)}") for key, label in (path.others if path is not None else ())
        ),
    )
