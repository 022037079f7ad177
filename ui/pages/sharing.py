"""Sharing a record by hand: the page that says who has it by a share and until when, and shares it with others."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import AccessDenied, QueryProblem, UnknownObject, ValidationFailed
from engine.records.sharing.sharees import Sharee, ShareeKind
from engine.records.sharing.sharing import RecordShare, read_shares, sharing_of
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, SortKey
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb
from ui.pages.chrome import toast
from ui.pages.findings import findings_text
from ui.pages.rights import can_read, readable_object, user_formats
from ui.pages.share_words import end_words
from ui.refused import note_caught
from ui.telling import tell

blueprint = Blueprint("sharing", __name__)
_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One share. sharee: how it is named by the form that ends it."""

    title: str
    note: str
    sharee: str
    may_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """The context `page` of templates/pages/share.html. groups: label and (value, title) of those to share with.

    more: there are more than are offered, so that a search narrows them. may_edit: for editing too.
    """

    title: str
    crumbs: tuple[Crumb, ...]
    url: str
    cancel_url: str
    rows: tuple[ShareRow, ...]
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    search: str
    more: bool
    may_edit: bool
    tomorrow: str
    chosen: str
    until: str
    level: str
    problem: str


@blueprint.get("/o/<object_name>/<record_id>/share")
def show_sharing(object_name: str, record_id: str) -> ResponseReturnValue:
    """Show who has a record by a share, and the form that shares it."""
    return _show(readable_object(object_name), record_id)


@blueprint.post("/o/<object_name>/<record_id>/share")
def share(object_name: str, record_id: str) -> ResponseReturnValue:
    """Share a record."""
    object_def = readable_object(object_name)
    try:
        sharee, until = _sharee(request.form.get("with", "")), _day(request.form.get("until", ""))
    except ValueError as wrong:
        return _show(object_def, record_id, str(wrong)), 422
    edits = request.form.get("level") == "edit"
    desk = platform().sharing
    try:
        desk.share(actor(), object_def.key, record_id, sharee, edits=edits, until=until, release=release())
    except AccessDenied as refused:
        note_caught(refused)
        return _show(object_def, record_id, _why(refused)), 403
    except ValidationFailed as refused:
        note_caught(refused)
        return _show(object_def, record_id, findings_text(object_def, refused.errors)), 422
    toast(_("The record is shared."))
    return redirect(_url(object_def, record_id), 303)


@blueprint.post("/o/<object_name>/<record_id>/unshare")
def unshare(object_name: str, record_id: str) -> ResponseReturnValue:
    """End a share."""
    object_def = readable_object(object_name)
    try:
        sharee = _sharee(request.form.get("with", ""))
        platform().sharing.unshare(actor(), object_def.key, record_id, sharee, release=release())
    except ValueError as wrong:
        return _show(object_def, record_id, str(wrong)), 422
    except AccessDenied as refused:
        note_caught(refused)
        return _show(object_def, record_id, _why(refused)), 403
    toast(_("The share has ended."))
    return redirect(_url(object_def, record_id), 303)


def share_url(transaction: Transaction, object_def: ObjectDef, record_id: str) -> str:
    """Give where the person shares a record; "" where that is not for them."""
    return _url(object_def, record_id) if sharing_of(transaction, object_def, record_id).read else ""


def _show(object_def: ObjectDef, record_id: str, problem: str = "") -> str:
    formats, search = user_formats(), request.args.get("q", "").strip()[:100]
    with platform().records.reading(actor(), release=release()) as transaction:
        record = transaction.get(object_def.key, record_id, fields=("id",))
        may, shares = sharing_of(transaction, object_def, record_id), read_shares(transaction, object_def, record_id)
        people, more = _people(search)
        groups = ((str(_("People")), people), *_groups(transaction))
        zone, today = transaction.around.zone, transaction.today
    title = record.title or str(_("Without a name"))
    rows = tuple(_row(each, may_edit=may.edit, zone=zone, formats=formats) for each in shares)
    given = request.form
    page = SharePage(
        title=title,
        crumbs=_crumbs(object_def, record_id, title),
        url=_url(object_def, record_id),
        cancel_url=f"/o/{quote(object_def.key)}/{quote(record_id)}",
        rows=rows,
        groups=tuple((label, found) for label, found in groups if found),
        search=search,
        more=more or bool(search),
        may_edit=may.edit,
        tomorrow=(today + dt.timedelta(days=1)).isoformat(),
        chosen=given.get("with", ""),
        until=given.get("until", ""),
        level=given.get("level", ""),
        problem=problem,
    )
    return render_template("pages/share.html", page=page)


def _crumbs(object_def: ObjectDef, record_id: str, title: str) -> tuple[Crumb, ...]:
    plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
    return (
        Crumb(label=plural, href=f"/o/{quote(object_def.key)}"),
        Crumb(label=title, href=f"/o/{quote(object_def.key)}/{quote(record_id)}"),
        Crumb(label=str(_("Share"))),
    )


def _row(share: RecordShare, *, may_edit: bool, zone: ZoneInfo, formats: Formats) -> ShareRow:
    parts = [str(_("May edit") if share.edits else _("May read"))]
    parts += [str(_("until %(day)s", day=end_words(share.until, zone, formats))) if share.until else str(_("for good"))]
    if share.by_title:
        parts.append(str(_("shared by %(who)s", who=share.by_title)))
    parts.append(formats.datetime(share.at))
    own = share.by is not None and share.by == actor().user_id
    return ShareRow(
        title=share.title or str(_("Not yours to see")),
        note=" · ".join(parts),
        sharee=share.sharee.key,
        may_end=may_edit or (own and not share.edits),
    )


def _people(search: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Give the users that may be named, and whether there are more."""
    found, more = _listed(ShareeKind.USER, search, filter="active")
    me = Sharee(ShareeKind.USER, actor().user_id or "").key
    return tuple(each for each in found if each[0] != me), more


def _groups(transaction: Transaction) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    roles = transaction.parts.metamodel.roles.values()
    called = sorted((label_text(role.label, language(), role.name), role.name) for role in roles)
    offered = tuple((Sharee(ShareeKind.ROLE, name).key, label) for label, name in called)
    return ((str(_("Teams")), _listed(ShareeKind.TEAM, "")[0]), (str(_("Roles")), offered))


def _listed(kind: ShareeKind, search: str, *, filter: str | None = None) -> tuple[tuple[tuple[str, str], ...], bool]:
    if not can_read(actor(), kind.value):
        return (), False
    sort = (SortKey(path="name", descending=False),)
    asked = ListQuery(object=kind.value, filter=filter, sort=sort, fields=("name",), limit=_MOST, search=search or None)
    try:
        page = platform().records.list(actor(), asked)
    except (QueryProblem, UnknownObject):
        return (), False
    found = ((Sharee(kind, row.id).key, str(row.values.get("name") or row.title or "")) for row in page.rows)
    return tuple(found), page.next_cursor is not None


def _sharee(text: str) -> Sharee:
    kind, _sign, found = text.partition(":")
    if kind not in tuple(ShareeKind) or not found:
        raise ValueError(str(_("Choose whom the record is shared with.")))
    return Sharee(ShareeKind(kind), found)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(str(_("“%(text)s” is not a day.", text=text[:40]))) from None


def _why(refused: AccessDenied) -> str:
    return str(_("Not done: %(reason)s.", reason=tell(refused.reason)))


def _url(object_def: ObjectDef, record_id: str) -> str:
    return f"/o/{quote(object_def.key)}/{quote(record_id)}/share"
