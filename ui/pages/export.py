"""`/o/{object}/export`: what a list shows – its columns, filter, search and order – as a file.

A long list is made beside the request: `/export/{object}/{id}` shows how far it is, and has the file once it is whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.exports.job import ExportJob
from engine.exports.service import FORMATS, ExportRequest
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.api.exports import export_file
from ui.context import actor, language, platform, release
from ui.exporting import export_answer, read_format
from ui.page_parts import Crumb
from ui.pages.list_groups import list_groups, list_order
from ui.pages.list_plan import list_plan
from ui.pages.list_state import ListState, chosen_view, read_state
from ui.pages.rights import access_of, readable_object, user_formats
from ui.telling import tell

blueprint = Blueprint("export", __name__)

LONG = 20_000
"""Rows from which on a list is made beside the request."""
_PATIENCE_S = 1.0
_COLORS = {"done": "green", "failed": "red", "running": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage:
    """The context `page` of templates/pages/export_job.html. step: wait, done or over."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    step: str
    state: str
    color: str
    done: int
    total: int
    started: str
    is_standing: bool
    problem: str


@blueprint.get("/o/<object_name>/export")
def export_list(object_name: str) -> ResponseReturnValue:
    """Give the list of the address as a file; with `names=1` under API names, for another program."""
    object_def = readable_object(object_name)
    state = read_state(object_def.key, request.args)
    view = chosen_view(object_def, state, access_of().roles)
    plan = list_plan(release(), access_of(), object_def, view, user_formats(), state.paths)
    query, groups = state.query(plan.paths, plan.view), list_groups(plan, state)
    if groups is not None:
        query = replace(groups.query(object_def, query, list_order(plan, state)), fields=plan.paths)
    platform().exports.check(actor(), object_def.key, release())
    form = read_format(request.args.get("format"))
    asked = ExportRequest(query=query, format=form, labelled=not request.args.get("names"))
    if _is_long(asked):
        return _made_beside(object_def, asked)
    return export_answer(actor(), asked, language())


@blueprint.get("/export/<object_name>/<export_id>")
def show_export(object_name: str, export_id: str) -> ResponseReturnValue:
    """Show how far an export is."""
    object_def = readable_object(object_name)
    job = platform().export_desk.get(actor(), object_def.key, export_id)
    return render_template("pages/export_job.html", page=_page(object_def, job))


@blueprint.get("/export/<object_name>/<export_id>/file")
def fetch_export(object_name: str, export_id: str) -> ResponseReturnValue:
    """Give the file of an export that is done."""
    object_def = readable_object(object_name)
    return export_file(platform().export_desk.get(actor(), object_def.key, export_id))


@blueprint.post("/export/<object_name>/<export_id>/cancel")
def cancel_export(object_name: str, export_id: str) -> ResponseReturnValue:
    """End an export."""
    object_def = readable_object(object_name)
    platform().export_desk.cancel(actor(), object_def.key, export_id)
    return redirect(_url(object_def, export_id), 303)


def export_links(object_def: ObjectDef, state: ListState) -> tuple[Crumb, ...]:
    """Give the addresses that export a list, a form each; none for who may not export the object's records."""
    if not platform().exports.may_export(actor(), object_def.key, release()):
        return ()
    words = {"csv": _("Export as CSV"), "xlsx": _("Export as a workbook (XLSX)"), "jsonl": _("Export as JSON lines")}
    path, _question, rest = replace(state, saved="").url(cursor="", size=50, exact=False).partition("?")
    return tuple(
        Crumb(label=str(words[form]), href=f"{path}/export?" + "&".join(filter(None, (rest, f"format={form}"))))
        for form in FORMATS
    )


def _is_long(asked: ExportRequest) -> bool:
    records, query = platform().records, replace(asked.query, exported=True)
    return records.count(actor(), query).capped and records.count(actor(), query, exact=True).value > LONG


def _made_beside(object_def: ObjectDef, asked: ExportRequest) -> ResponseReturnValue:
    export_id, worker = platform().export_desk.begin(replace(actor(), language=language()), asked)
    worker.join(_PATIENCE_S)
    return redirect(_url(object_def, export_id), 303)


def _page(object_def: ObjectDef, job: ExportJob) -> ExportPage:
    title = label_text(object_def.plural or object_def.label, language(), object_def.name)
    states = {
        "running": str(_("Being made")),
        "done": str(_("Done")),
        "failed": str(_("Failed")),
        "cancelled": str(_("Cancelled")),
    }
    list_url = f"/o/{quote(object_def.key)}"
    return ExportPage(
        title=title,
        crumbs=(Crumb(label=title, href=list_url), Crumb(label=str(_("Export")))),
        url=_url(object_def, job.id),
        list_url=list_url,
        step={"running": "wait", "done": "done"}.get(job.state, "over"),
        state=states[job.state],
        color=_COLORS.get(job.state, "gray"),
        done=job.done,
        total=job.total,
        started=user_formats().datetime(job.created_at),
        is_standing=job.state == "running" and not job.is_under_way,
        problem=tell(job.message),
    )


def _url(object_def: ObjectDef, export_id: str) -> str:
    return f"/export/{quote(object_def.key)}/{quote(export_id)}"
