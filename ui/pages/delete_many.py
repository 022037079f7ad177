"""`/o/{object}/delete-many`: many records of a list go to the recycle bin at once; what became of each is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, EngineError
from engine.records.hooks import SaveKind
from engine.records.saving.bulk import refused_row
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Option
from ui.pages.chosen_records import (
    SHOWN,
    ChosenRecords,
    ListedRecord,
    act_url,
    chosen_ids,
    chosen_records,
    listed_record,
    started_rules,
)
from ui.pages.chrome import toast
from ui.pages.deletion_words import deletion_refused
from ui.pages.list_state import ListState, read_state
from ui.pages.rights import access_of, readable_object
from ui.refused import note_rows

blueprint = Blueprint("delete_many", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteManyPage:
    """The context `page` of templates/pages/delete_many.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    list_url: str
    hidden: Mapping[str, str]
    chosen: ChosenRecords
    rules: tuple[Option, ...]
    problem: str = ""
    refused: tuple[ListedRecord, ...] = ()


@blueprint.get("/o/<object_name>/delete-many")
def choose_deleted(object_name: str) -> ResponseReturnValue:
    """Show the records of a list that would go."""
    object_def = _deletable(object_name)
    page = _page(object_def, read_state(object_def.key, request.args))
    return render_template("pages/delete_many.html", page=page)


@blueprint.post("/o/<object_name>/delete-many")
def delete_chosen(object_name: str) -> ResponseReturnValue:
    """Move the chosen records, or all that match, to the bin."""
    object_def = _deletable(object_name)
    state = read_state(object_def.key, request.form)
    with platform().records.transaction(actor(), release=release()) as transaction:
        ids = list(dict.fromkeys(chosen_ids(transaction, object_def, state)))
        faults = transaction.delete_many(object_def.key, dict.fromkeys(ids))
        refused = _refused(transaction, object_def, faults)
    said = str(_("Deleted: %(count)s.", count=f"{len(ids) - len(faults):,}"))
    if not faults:
        toast(said)
        return redirect(state.url(), 303)
    note_rows(object_def.key, (refused_row(each, fault) for each, fault in faults.items()))
    said += " " + str(_("Refused: %(count)s.", count=f"{len(faults):,}"))
    return render_template("pages/delete_many.html", page=_page(object_def, state, said, refused)), 422


def delete_many_url(state: ListState) -> str:
    """Give the address that deletes records of a list; "" for who may delete none."""
    return act_url(state, "delete-many") if access_of().of(state.object).may("delete") else ""


def _deletable(object_name: str) -> ObjectDef:
    object_def = readable_object(object_name)
    if not access_of().of(object_def.key).may("delete"):
        raise AccessDenied("delete", object_def.key, str(_("your roles do not allow it for this record")))
    return object_def


def _page(
    object_def: ObjectDef, state: ListState, problem: str = "", refused: tuple[ListedRecord, ...] = ()
) -> DeleteManyPage:
    title = label_text(object_def.plural or object_def.label, language(), object_def.name)
    chosen = chosen_records(object_def, state, SaveKind.DELETED)
    return DeleteManyPage(
        title=title,
        crumbs=(Crumb(label=title, href=state.url()), Crumb(label=str(_("Delete many")))),
        url=f"/o/{quote(object_def.key)}/delete-many",
        list_url=state.url(),
        hidden={**state.hidden(), **chosen.hidden},
        chosen=chosen,
        rules=started_rules(object_def.key, (SaveKind.DELETED,), frozenset()),
        problem=problem,
        refused=refused,
    )


def _refused(
    transaction: Transaction, object_def: ObjectDef, faults: Mapping[str, EngineError]
) -> tuple[ListedRecord, ...]:
    """Give what is told of the first refused records, as far as they may be read."""
    titles = transaction.reader.titles((object_def.key, each) for each in list(faults)[:SHOWN])
    return tuple(
        listed_record(object_def, record_id, title, deletion_refused(faults[record_id]))
        for (_key, record_id), title in titles.items()
    )
