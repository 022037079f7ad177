"""`/bin/{object}`: the deleted records of an object, as far as one may read and restore them, and taking them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, EngineError, UnknownObject, ValidationFailed
from engine.records.types import MAX_PAGE, ListQuery, Record
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb, Item
from ui.pages.chrome import toast
from ui.pages.findings import findings_text
from ui.pages.layout_parts import shown_item
from ui.pages.list_plan import default_paths
from ui.pages.paging import read_page
from ui.pages.rights import access_of, readable_object, user_formats
from ui.refused import note_caught

blueprint = Blueprint("recycle_bin", __name__)

_PAGE = 50
_SHOWN_FIELDS = 3
_TOLD_FIELDS = ("deleted_at", "modified_by")
_RECORD = "fs-record"
_ONE = "fs-one"
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BinRow:
    """One deleted record. when: and by whom, as far as that may be read."""

    id: str
    title: str
    items: tuple[Item, ...]
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BinPage:
    """The context `page` of templates/pages/recycle_bin.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    search: str
    rows: tuple[BinRow, ...]
    counted: str
    next_url: str
    first_url: str


@blueprint.get("/bin/<object_name>")
def show_bin(object_name: str) -> ResponseReturnValue:
    """Show the deleted records that the person may read and restore, the last deleted first."""
    object_def = _with_bin(object_name)
    search, shown = request.args.get("q", ""), access_of().of(object_def.key).shown
    names = tuple(name for name in default_paths(object_def) if name in shown)[: _SHOWN_FIELDS + 1]
    query = ListQuery(
        object=object_def.key,
        fields=tuple(dict.fromkeys((*names, *(name for name in _TOLD_FIELDS if name in shown)))) or ("id",),
        limit=_PAGE,
        cursor=request.args.get("cursor") or None,
        search=search or None,
        binned=True,
    )
    url = bin_url(object_def)
    with platform().records.reading(actor(), release=release()) as transaction:
        page = read_page(transaction, query, url, {"q": search} if search else {})
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    crumbs = (Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=str(_("Recycle bin"))))
    shown_page = BinPage(
        title=plural,
        crumbs=crumbs,
        url=url,
        search=search,
        rows=tuple(_rows(object_def, page.rows, names, user_formats())),
        counted=page.counted,
        next_url=page.next_url,
        first_url=page.first_url,
    )
    return render_template("pages/recycle_bin.html", page=shown_page)


@blueprint.post("/bin/<object_name>")
def restore_chosen(object_name: str) -> ResponseReturnValue:
    """Take one record back, or those that are ticked; each for itself, and what stays is told with its reason."""
    object_def = _with_bin(object_name)
    one = request.form.get(_ONE)
    chosen = [one] if one else list(dict.fromkeys(request.form.getlist(_RECORD)))[:MAX_PAGE]
    restored, refused = 0, []
    for record_id in chosen:
        try:
            platform().records.restore(actor(), object_def.key, record_id)
            restored += 1
        except EngineError as fault:
            note_caught(fault)
            refused.append(_reason(object_def, fault))
    if restored:
        toast(_("Restored: %(count)s.", count=f"{restored:,}"))
    for reason, count in _counted(refused):
        toast(f"{reason} ({count:,})" if count > 1 else reason, "error")
    if not chosen:
        toast(_("Nothing was chosen."), "warning")
    return redirect(bin_url(object_def), 303)


def bin_url(object_def: ObjectDef) -> str:
    """Give the address of an object's bin."""
    return f"/bin/{quote(object_def.key)}"


def may_see_bin(object_def: ObjectDef) -> bool:
    """Say whether the object has a bin out of which the person may take something."""
    return object_def.source is None and access_of().of(object_def.key).may("delete")


def _with_bin(object_name: str) -> ObjectDef:
    object_def = readable_object(object_name)
    if object_def.source is not None:
        raise UnknownObject(object_name)
    if not may_see_bin(object_def):
        raise AccessDenied("delete", object_def.key, str(_("your roles do not allow it for this record")))
    return object_def


def _reason(object_def: ObjectDef, fault: EngineError) -> str:
    if isinstance(fault, ValidationFailed):
        return findings_text(object_def, fault.errors)
    if isinstance(fault, AccessDenied):
        return str(_("Your roles do not allow this change."))
    return str(_("This record is no longer in the bin."))


def _counted(reasons: Sequence[str]) -> Iterable[tuple[str, int]]:
    return [(each, reasons.count(each)) for each in dict.fromkeys(reasons)][:_MOST_TOLD]


def _rows(object_def: ObjectDef, records: Iterable[Record], names: Sequence[str], formats: Formats) -> Iterable[BinRow]:
    for record in records:
        items = [shown_item(object_def.fields[name], record, formats) for name in names]
        told = [shown_item(object_def.fields[name], record, formats) for name in _TOLD_FIELDS if name in record.values]
        yield BinRow(
            id=record.id,
            title=record.title or str(_("Without a name")),
            items=tuple(each for each in items if each.shown.text and each.shown.text != record.title)[:_SHOWN_FIELDS],
            when=str(_("Deleted: %(when)s", when=" · ".join(each.shown.text for each in told if each.shown.text))),
        )
