"""What was merged into a record: when, by whom, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import RecordNotFound, ValidationFailed
from engine.records.merging.keeping import merges_of, readable_survivor
from engine.records.merging.undoing import is_undoable, undo_merge
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.merging import may_merge, merge_crumbs
from ui.pages.rights import access_of, readable_object, user_formats
from ui.refused import note_caught

blueprint = Blueprint("merges", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRow:
    """One merge. title: what the record that went was called, "" for who could not read it. may_undo: now."""

    merge: str
    title: str
    when: str
    who: str
    may_undo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MergesPage:
    """The context `page` of templates/pages/merges.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    back: str
    rows: tuple[MergeRow, ...]


@blueprint.post("/o/<object_name>/<record_id>/unmerge")
def unmerge(object_name: str, record_id: str) -> ResponseReturnValue:
    """Take a merge back and say what stays as it is."""
    object_def = readable_object(object_name)
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            done = undo_merge(transaction, object_def, request.form.get("merge", ""), into=record_id)
    except ValidationFailed as refused:
        note_caught(refused)
        toast(" ".join(each.message for each in refused.errors), "error")
        return redirect(f"{back}/merges", 303)
    toast(_("The merge was undone."))
    fields = (object_def.fields[name] for name in done.fields if name in access_of().of(object_def.key).readable)
    kept = [label_text(each.label, language(), each.name) for each in fields]
    kept += [each.title for each in done.kept]
    if kept or done.unseen:
        names = _(", ").join(kept)
        names += f" (+{done.unseen})" if done.unseen else ""
        toast(_("Changed since, and left as it is: %(names)s.", names=names), "warning")
    return redirect(back, 303)


@blueprint.get("/o/<object_name>/<record_id>/merges")
def show_merges(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show which merges went into a record, and offer to undo them."""
    object_def = readable_object(object_name)
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    with platform().records.reading(actor(), release=release()) as transaction:
        survivor = transaction.get(object_def.key, record_id, fields=("id",)).title
        gone = merges_of(transaction, object_def.key, record_id)
        acts = {each.merge: each for each in gone}
        names = transaction.reader.titles([(object_def.key, each.record_id) for each in gone], binned=True)
        called: dict[str, list[str]] = {}
        for each in gone:
            if (object_def.key, each.record_id) in names:
                title = names[object_def.key, each.record_id] or str(_("Without a name"))
                called.setdefault(each.merge, []).append(title)
        people = transaction.reader.titles([("user", each.by) for each in acts.values() if each.by])
        open_ = {each.merge for each in acts.values() if is_undoable(transaction, each)}
    formats, may_undo = user_formats(), may_merge(object_def)
    page = MergesPage(
        title=survivor or str(_("Without a name")),
        crumbs=merge_crumbs(object_def, survivor, back, str(_("Merges"))),
        back=back,
        rows=tuple(
            MergeRow(
                merge=each.merge,
                title=_(", ").join(called.get(each.merge, ())),
                when=formats.datetime(each.at),
                who=people.get(("user", each.by or ""), ""),
                may_undo=may_undo and each.merge in open_,
            )
            for each in acts.values()
        ),
    )
    return render_template("pages/merges.html", page=page)


def survivor_url(object_def: ObjectDef, record_id: str) -> str:
    """Give the page of the record that one was merged into.

    Raises: RecordNotFound where it was not, or that may not be read.
    """
    with platform().records.reading(actor(), release=release()) as transaction:
        found = readable_survivor(transaction, object_def, record_id)
    if found is None:
        raise RecordNotFound(object_def.key, record_id)
    return f"/o/{quote(object_def.key)}/{quote(found)}"
