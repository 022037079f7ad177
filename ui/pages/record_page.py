"""The page of one record: highlights, stage path, sections, related lists, history, runs, and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.run_views import RunFilter, RunPage
from engine.errors import RecordInUse, RecordNotFound
from engine.records.record_state import record_state
from engine.records.stages import read_stays
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.device import device
from ui.formats import Formats
from ui.page_parts import Crumb, Item, TimelineEntry
from ui.pages.approval_request import ApprovalCard, approval_card
from ui.pages.chrome import toast
from ui.pages.clocks import ClockRow, clock_rows
from ui.pages.coming import ComingCard, coming_card
from ui.pages.completeness import Completeness, completeness_of
from ui.pages.converted import ConvertedInto, converted_into
from ui.pages.converting import ConvertLink, conversion_links
from ui.pages.deletion_words import deletion_refused
from ui.pages.documents import DocumentLink, document_links
from ui.pages.duplicates import shows_duplicates
from ui.pages.following import FollowButton, follow_button
from ui.pages.history import history_entries
from ui.pages.layout_note import layout_note
from ui.pages.layout_parts import Section, highlight_items, shown_sections
from ui.pages.merges import survivor_url
from ui.pages.merging import merge_url
from ui.pages.pool import PoolActions, pool_actions
from ui.pages.pressing import RecordButtons, record_buttons
from ui.pages.related import RelatedList, related_lists
from ui.pages.rights import readable_object, user_formats
from ui.pages.run_words import RunRow, run_row
from ui.pages.sharing import share_url
from ui.pages.stage_path import StagePath, stage_path
from ui.whole_numbers import whole_number

blueprint = Blueprint("record_page", __name__)

_RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """The context `page` of templates/pages/record.html."""

    id: str
    version: int
    title: str
    object_label: str
    icon: str
    url: str
    list_url: str
    crumbs: tuple[Crumb, ...]
    highlights: tuple[Item, ...]
    path: StagePath | None
    sections: tuple[Section, ...]
    related: tuple[RelatedList, ...]
    history: tuple[TimelineEntry, ...]
    runs: tuple[RunRow, ...]
    layout_note: str
    completeness: Completeness | None
    conversions: tuple[ConvertLink, ...]
    converted: ConvertedInto | None
    pool: PoolActions
    following: FollowButton
    share_url: str
    documents: tuple[DocumentLink, ...]
    approval: ApprovalCard
    buttons: RecordButtons
    clocks: tuple[ClockRow, ...]
    coming: ComingCard
    edit_url: str
    merge_url: str
    delete_url: str


@blueprint.get("/o/<object_name>/<record_id>")
def show_record(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show a record."""
    object_def = readable_object(object_name)
    formats = user_formats()
    try:
        page = make_record_page(object_def, record_id, formats)
        platform().recent.note(actor(), object_def.key, record_id)
    except RecordNotFound:
        return redirect(survivor_url(object_def, record_id))
    return render_template("pages/record.html", page=page)


@blueprint.post("/o/<object_name>/<record_id>/delete")
def delete_record(object_name: str, record_id: str) -> ResponseReturnValue:
    """Move a record to the bin."""
    object_def = readable_object(object_name)
    version = request.form.get("version", "")
    try:
        platform().records.delete(actor(), object_def.key, record_id, version=whole_number(version))
    except RecordInUse as refused:
        toast(deletion_refused(refused), "error")
        return redirect(f"/o/{quote(object_def.key)}/{quote(record_id)}", 303)
    toast(_("The record was moved to the bin."))
    return redirect(f"/o/{quote(object_def.key)}", 303)


def _crumbs(object_def: ObjectDef, title: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    return (Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=title))


def _latest_runs(transaction: Transaction, key: str, record_id: str) -> RunPage:
    about = RunFilter(object=key, record_id=record_id)
    return platform().automation.runs.list(transaction.actor, about, limit=_RUNS, within=transaction)


def make_record_page(object_def: ObjectDef, record_id: str, formats: Formats) -> RecordPage:
    """Read everything that the page shows, in one transaction.

    Raises:
        RecordNotFound: it is not there or may not be read.
    """
    key = object_def.key
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(key, record_id)
        state = record_state(transaction, key, record_id, device())
        layout = state.layout.layout
        stays = read_stays(transaction, object_def, record_id) if layout.path else ()
        related = related_lists(transaction, object_def, layout, record_id, formats, release())
        history = history_entries(transaction, object_def, record_id, formats, may_revert=state.may_update)
        clocks = clock_rows(transaction, object_def, record, formats)
        following = follow_button(transaction, object_def, record_id)
        sharing = share_url(transaction, object_def, record_id)
        documents = document_links(transaction, object_def, record_id)
        pool = pool_actions(transaction, object_def, record, formats)
        approval = approval_card(transaction, object_def, record_id, formats)
        buttons = record_buttons(transaction, object_def, layout, record_id)
        converted = converted_into(transaction, object_def, record_id, formats)
        is_open = converted is None and state.may_update
        conversions = conversion_links(transaction, object_def, record_id) if is_open else ()
        coming = coming_card(transaction, object_def, record_id, formats)
        runs = _latest_runs(transaction, key, record_id)
    title = record.title or str(_("Without a name"))
    url = f"/o/{quote(key)}/{quote(record_id)}"
    may_merge = state.may_update and state.may_delete and shows_duplicates(object_def)
    return RecordPage(
        id=record_id,
        version=record.version,
        title=title,
        object_label=label_text(object_def.label, language(), object_def.name),
        icon=object_def.icon or "box",
        url=url,
        list_url=f"/o/{quote(key)}",
        crumbs=_crumbs(object_def, title),
        highlights=highlight_items(object_def, layout, record, formats),
        path=stage_path(object_def, record, state, stays, transaction.now, formats),
        sections=shown_sections(object_def, record, state, formats),
        related=related,
        history=history,
        runs=tuple(run_row(run, formats) for run in runs.rows),
        layout_note=layout_note(object_def, state.layout),
        completeness=completeness_of(object_def, record.values, formats),
        conversions=conversions,
        converted=converted,
        pool=pool,
        following=following,
        share_url=sharing,
        documents=documents,
        approval=approval,
        buttons=buttons,
        clocks=clocks,
        coming=coming,
        edit_url=f"{url}/edit" if state.may_update and state.changeable else "",
        merge_url=merge_url(object_def, record_id) if may_merge else "",
        delete_url=f"{url}/delete" if state.may_delete else "",
    )
