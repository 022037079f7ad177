"""Merging records: choosing which other records go, which value each field keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, ConfirmationNeeded, FieldError, StaleVersion, ValidationFailed
from engine.records.merging.choosing import ALL, MergeField
from engine.records.merging.merging import MergeRequest, is_mergeable, merge_records
from engine.records.merging.offering import MergeOffer, offer_merge
from engine.records.merging.pairs import likely_pairs
from engine.records.transaction import Transaction
from engine.records.types import ListQuery
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Crumb, Shown
from ui.pages.chrome import toast
from ui.pages.findings import warning_codes, warning_texts
from ui.pages.record_names import Titles, record_key
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.values import shown_value
from ui.refused import note_caught
from ui.whole_numbers import whole_number

blueprint = Blueprint("merging", __name__)

_TAKE, _SEEN, CONFIRM = "take-", "version-", "fs-confirm"
_MOST_FOUND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value that a field could keep; `value` is what the form sends, '' where nobody may choose it."""

    label: str
    value: str
    shown: Shown
    checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A field in which the records differ."""

    name: str
    label: str
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the records. keep_url: the same page with this one as the survivor; '' for the survivor itself."""

    id: str
    title: str
    href: str
    version: int
    keep_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A record that could be merged with this one, and why."""

    title: str
    href: str
    merge_url: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePage:
    """The context `page` of templates/pages/merge.html."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    back: str
    sides: tuple[Side, ...]
    rows: tuple[FieldRow, ...]
    takes_all: bool
    same: int
    lists: tuple[str, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    codes: str
    others: tuple[Other, ...]
    search: str
    searchable: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was chosen and found so far."""

    take: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    errors: Sequence[FieldError] = ()
    warnings: Sequence[FieldError] = ()


@blueprint.get("/o/<object_name>/<record_id>/merge")
def show_merge(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show the records side by side, or whom the record could be merged with."""
    return _show(readable_object(object_name), record_id, request.args.getlist("with"), _Asked())


@blueprint.post("/o/<object_name>/<record_id>/merge")
def merge(object_name: str, record_id: str) -> ResponseReturnValue:
    """Merge as it was chosen; what stands against it comes back with the choice."""
    object_def, given = readable_object(object_name), request.form
    gone = given.getlist("with")
    take = {name.removeprefix(_TAKE): value for name, value in given.items() if name.startswith(_TAKE) and value}
    versions = {
        name.removeprefix(_SEEN): int(value)
        for name, value in given.items()
        if name.startswith(_SEEN) and whole_number(value) is not None
    }
    confirm = tuple(given.get(CONFIRM, "").split(","))
    asked = MergeRequest(gone=gone, take=take, versions=versions, confirm=confirm)
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            done = merge_records(transaction, object_def, record_id, asked)
    except ValidationFailed as refused:
        note_caught(refused)
        return _show(object_def, record_id, gone, _Asked(take, errors=refused.errors))
    except ConfirmationNeeded as needed:
        return _show(object_def, record_id, gone, _Asked(take, warnings=needed.warnings))
    except StaleVersion:
        toast(_("Somebody else saved this record meanwhile; please look again."), "warning")
        return redirect(merge_url(object_def, record_id, gone), 303)
    toast(_("The records were merged; moved along: %(count)s.", count=f"{done.moved:,}"))
    return redirect(f"/o/{quote(object_def.key)}/{quote(record_id)}", 303)


def merge_url(object_def: ObjectDef, record_id: str, others: Sequence[str] = ()) -> str:
    """Give the address of merging records into one."""
    query = f"?{urlencode([('with', each) for each in others])}" if others else ""
    return f"/o/{quote(object_def.key)}/{quote(record_id)}/merge{query}"


def may_merge(object_def: ObjectDef) -> bool:
    """Say whether the person may merge records of an object at all."""
    rights = access_of().of(object_def.key)
    return is_mergeable(object_def) and rights.may("update") and rights.may("delete")


def require_merging(object_def: ObjectDef) -> None:
    """Refuse a page about merging to who may merge no record of an object.

    Raises: AccessDenied.
    """
    if not may_merge(object_def):
        raise AccessDenied("merge", object_def.key, str(_("your roles do not allow it")))


def _show(object_def: ObjectDef, record_id: str, gone: Sequence[str], asked: _Asked) -> ResponseReturnValue:
    with platform().records.reading(actor(), release=release()) as transaction:
        title = transaction.get(object_def.key, record_id, fields=("id",)).title
        require_merging(object_def)
        offer = offer_merge(transaction, object_def, record_id, gone) if gone else None
        titles = _titles(transaction, offer) if offer is not None else {}
        search = request.args.get("q", "").strip()
        others = () if gone else _others(transaction, object_def, record_id, search)
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    together = [record_id, *gone]
    sides = tuple(_sides(object_def, offer, together)) if offer else ()
    rows = tuple(_row(each, sides, titles, asked) for each in offer.fields if each.differs) if offer else ()
    shown = {row.name for row in rows}
    page = MergePage(
        title=title or str(_("Without a name")),
        crumbs=merge_crumbs(object_def, title, back, str(_("Merge"))),
        url=f"{back}/merge",
        back=back,
        sides=sides,
        rows=rows,
        takes_all=any(len(row.cells) > len(sides) for row in rows),
        same=len(offer.fields) - len(rows) if offer else 0,
        lists=_lists(object_def, offer) if offer else (),
        problems=tuple(dict.fromkeys(each.message for each in asked.errors if _field_of(each) not in shown)),
        warnings=warning_texts(asked.warnings),
        codes=warning_codes(asked.warnings),
        others=others,
        search=search,
        searchable=bool(object_def.search),
    )
    status = 422 if asked.errors or asked.warnings else 200
    return render_template("pages/merge.html", page=page), status


def merge_crumbs(object_def: ObjectDef, title: str, back: str, last: str) -> tuple[Crumb, ...]:
    """Give the way to a page about merges of a record."""
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    return Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=title, href=back), Crumb(label=last)


def _sides(object_def: ObjectDef, offer: MergeOffer, together: Sequence[str]) -> Iterator[Side]:
    names = [record.title or str(_("Without a name")) for record in offer.records]
    # Duplicates are often called the same; then a number tells them apart.
    numbered = len(set(names)) < len(names)
    for at, record in enumerate(offer.records):
        rest = [each for each in together if each != record.id]
        yield Side(
            id=record.id,
            title=f"{names[at]} ({at + 1})" if numbered else names[at],
            href=f"/o/{quote(record.object)}/{quote(record.id)}",
            version=offer.versions[at],
            keep_url="" if record.id == together[0] else merge_url(object_def, record.id, rest),
        )


def _titles(transaction: Transaction, offer: MergeOffer) -> Titles:
    keys = (record_key(each.definition, value) for each in offer.fields for value in each.values.values())
    return transaction.reader.titles([key for key in keys if key is not None])


def _row(found: MergeField, sides: Sequence[Side], titles: Titles, asked: _Asked) -> FieldRow:
    definition, formats = found.definition, user_formats()
    chosen = asked.take.get(definition.name, found.takes)

    def cell(label: str, taken: str) -> Cell:
        value = found.value_of(taken)
        key = record_key(definition, value)
        title = titles.get(key) if key is not None else None
        shown = shown_value(definition, value, title, formats)
        open_ = found.may_change or taken == sides[0].id
        return Cell(label=label, value=taken if open_ else "", shown=shown, checked=taken == chosen)

    cells = [
        cell(side.title, side.id)
        if side.id in found.values
        else Cell(label=side.title, value="", shown=Shown(kind=""), checked=False)
        for side in sides
    ]
    if found.holds_several and found.may_change:
        cells.append(cell(str(_("All together")), ALL))
    told = (*asked.errors, *asked.warnings)
    return FieldRow(
        name=definition.name,
        label=label_text(definition.label, formats.language, definition.name),
        cells=tuple(cells),
        problems=tuple(each.message for each in told if _field_of(each) == definition.name),
    )


def _field_of(error: FieldError) -> str:
    return (error.field or "").removeprefix("take.").partition(".")[0]


def _lists(object_def: ObjectDef, offer: MergeOffer) -> tuple[str, ...]:
    objects = [release().metamodel.objects[object_def.inverses[name].object] for name in offer.lists]
    return tuple(dict.fromkeys(label_text(each.plural or each.label, language(), each.name) for each in objects))


def _others(transaction: Transaction, object_def: ObjectDef, record_id: str, search: str) -> tuple[Other, ...]:
    """Give the records that are searched for, else those that are likely the same."""
    if search:
        query = ListQuery(object=object_def.key, search=search, fields=("id",), limit=_MOST_FOUND)
        rows = [(row.id, row.title, "") for row in transaction.list(query).rows if row.id != record_id]
    else:
        rows = []
        for pair in likely_pairs(transaction, object_def, of=record_id)[:_MOST_FOUND]:
            at = 1 if pair.ids[0] == record_id else 0
            rows.append((pair.ids[at], pair.titles[at], f"{pair.score:.0%}"))
    return tuple(
        Other(
            title=title or str(_("Without a name")),
            href=f"/o/{quote(object_def.key)}/{quote(each)}",
            merge_url=merge_url(object_def, record_id, [each]),
            reason=reason,
        )
        for each, title, reason in rows
    )
