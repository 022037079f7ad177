"""The pool of an object (公海): its unowned records to be claimed, and the claim and release of one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import (
    AccessDenied,
    ConfirmationNeeded,
    PoolRefused,
    RecordNotFound,
    UnknownObject,
    ValidationFailed,
)
from engine.records.pools.claiming import PoolStanding, claim_record, pool_standing, protected_until, release_record
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, Record, SortKey
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Ref
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
from ui.security import local_path

blueprint = Blueprint("pool", __name__)

_PAGE = 50
_SHOWN_FIELDS = 4
_UNOWNED = "owner is empty"
_BACK = "fs-back"
CONFIRM = "fs-confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRow:
    """One record of the pool."""

    title: str
    href: str
    items: tuple[Item, ...]
    when: str
    claim_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPage:
    """The context `page` of templates/pages/pool.html. held: how many of the quota, '' for who claims nothing here."""

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    search: str
    rows: tuple[PoolRow, ...]
    counted: str
    held: str
    is_full: bool
    next_url: str
    first_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolActions:
    """What the page of a record offers: addresses, '' where there is nothing to do; note: on protection or quota."""

    claim_url: str
    release_url: str
    note: str


@blueprint.get("/pool/<object_name>")
def show_pool(object_name: str) -> ResponseReturnValue:
    """Show the unowned records that the person may read, the oldest first."""
    object_def = readable_object(object_name)
    if not may_see_pool(object_def):
        raise UnknownObject(object_name)
    search, formats, names = request.args.get("q", ""), user_formats(), _fields(object_def)
    query = ListQuery(
        object=object_def.key,
        filter=_UNOWNED,
        sort=(SortKey(path="created_at", descending=False),),
        fields=(*names, "created_at"),
        limit=_PAGE,
        cursor=request.args.get("cursor") or None,
        search=search or None,
    )
    url, kept = f"/pool/{quote(object_def.key)}", {"q": search} if search else {}
    with platform().records.reading(actor(), release=release()) as transaction:
        page = read_page(transaction, query, url, kept)
        standing = pool_standing(transaction, object_def)
    assert standing is not None, "an object with a pool has a standing"
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    shown = PoolPage(
        title=plural,
        crumbs=(Crumb(label=plural, href=f"/o/{quote(object_def.key)}"), Crumb(label=str(_("Pool")))),
        url=url,
        search=search,
        rows=tuple(_rows(object_def, page.rows, names, standing, formats)),
        counted=page.counted,
        held=_held(standing),
        is_full=standing.is_full,
        next_url=page.next_url,
        first_url=page.first_url,
    )
    return render_template("pages/pool.html", page=shown)


@blueprint.post("/o/<object_name>/<record_id>/claim")
def claim(object_name: str, record_id: str) -> ResponseReturnValue:
    """Claim a record."""
    return _change(object_name, record_id, claims=True)


@blueprint.post("/o/<object_name>/<record_id>/release")
def let_go(object_name: str, record_id: str) -> ResponseReturnValue:
    """Give a record back to its pool."""
    return _change(object_name, record_id, claims=False)


def may_see_pool(object_def: ObjectDef) -> bool:
    """Say whether the object has a pool whose records the person can tell from others."""
    return object_def.pool is not None and "owner" in access_of().of(object_def.key).readable


def pool_actions(transaction: Transaction, object_def: ObjectDef, record: Record, formats: Formats) -> PoolActions:
    """Say what the person can do about who owns a record; nothing for objects without a pool."""
    standing = pool_standing(transaction, object_def)
    if standing is None or not standing.may_claim or "owner" not in record.values:
        return PoolActions(claim_url="", release_url="", note="")
    url, owner = f"/o/{quote(object_def.key)}/{quote(record.id)}", record.values["owner"]
    if owner is None:
        note = _held(standing) if standing.is_full else ""
        return PoolActions(claim_url="" if standing.is_full else f"{url}/claim", release_url="", note=note)
    until = protected_until(transaction, object_def, record.values)
    told = until is not None and until > transaction.now
    note = str(_("Claimed; protected until %(day)s", day=formats.datetime(until))) if until is not None and told else ""
    mine = owner == Ref("user", actor().user_id or "")
    return PoolActions(claim_url="", release_url=f"{url}/release" if mine else "", note=note)


def _change(object_name: str, record_id: str, *, claims: bool) -> ResponseReturnValue:
    object_def = readable_object(object_name)
    confirm = tuple(request.form.get(CONFIRM, "").split(","))
    change = claim_record if claims else release_record
    back = f"/o/{quote(object_def.key)}/{quote(record_id)}"
    try:
        with platform().records.transaction(actor(), release=release()) as transaction:
            saved = change(transaction, object_def, record_id, confirm=confirm)
    except PoolRefused as refused:
        toast(refused.reason, "error")
    except RecordNotFound as refused:
        # Whoever was faster may have a record that others don't read. Of one that was never there the same is said.
        if not request.form.get(_BACK):
            raise
        note_caught(refused)
        toast(_("This record is no longer in the pool; somebody else may have claimed it."), "error")
    except AccessDenied as refused:
        note_caught(refused)
        toast(_("Your roles do not allow this change."), "error")
    except (ValidationFailed, ConfirmationNeeded) as refused:
        note_caught(refused)
        # What is missing is filled in where the fields are.
        found = refused.errors if isinstance(refused, ValidationFailed) else refused.warnings
        toast(findings_text(object_def, found), "error")
    else:
        toast(_("The record is yours now.") if claims else _("The record went back to the pool."))
        if not saved.record.values:
            back = f"/pool/{quote(object_def.key)}"
    return redirect(local_path(request.form.get(_BACK), back), 303)


def _fields(object_def: ObjectDef) -> tuple[str, ...]:
    readable = access_of().of(object_def.key).readable
    names = [name for name in default_paths(object_def) if name in readable and name != "owner"]
    return tuple(names[: _SHOWN_FIELDS + 1])


def _held(standing: PoolStanding) -> str:
    if not standing.may_claim:
        return ""
    if standing.quota is None:
        return str(_("You hold %(held)s claimed records", held=standing.held))
    return str(_("You hold %(held)s of %(quota)s claimed records", held=standing.held, quota=standing.quota))


def _rows(
    object_def: ObjectDef, records: Iterable[Record], names: Iterable[str], standing: PoolStanding, formats: Formats
) -> Iterable[PoolRow]:
    for record in records:
        href = f"/o/{quote(object_def.key)}/{quote(record.id)}"
        items = [shown_item(object_def.fields[name], record, formats) for name in names]
        at = record.values.get("created_at")
        yield PoolRow(
            title=record.title or str(_("Without a name")),
            href=href,
            items=tuple(item for item in items if item.shown.text and item.shown.text != record.title)[:_SHOWN_FIELDS],
            when=formats.datetime(at) if at is not None else "",  # type: ignore[arg-type]
            claim_url=f"{href}/claim" if standing.may_claim and not standing.is_full else "",
        )
