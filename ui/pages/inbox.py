"""The inbox: what rules have told the person, newest first, with what it is about; unread ones stand out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.access.requests.rows import NOTICE_OBJECT as ACCESS_NOTICE
from engine.approvals.case import NOTICE_OBJECT
from engine.automation.inbox import UNREAD_CAP, Notification
from engine.records.identifiers import could_be_id
from ui.asking import access_request_url
from ui.context import actor, platform, release
from ui.formats import Formats
from ui.pages.approval_words import request_url
from ui.pages.approvals import ApprovalRow, approval_rows
from ui.pages.rights import user_formats

blueprint = Blueprint("inbox", __name__)
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """One notification as the page shows it; href: what it is about, empty without."""

    id: str
    text: str
    href: str
    iso: str
    when: str
    is_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """The context `page` of templates/pages/inbox.html."""

    entries: tuple[InboxEntry, ...]
    approvals: tuple[ApprovalRow, ...]
    has_unread: bool
    next_url: str
    first_url: str


@blueprint.get("/inbox")
def show_inbox() -> ResponseReturnValue:
    """Show a page of the person's notifications."""
    before = request.args.get("before", "")
    found = platform().automation.inbox.list(actor(), before=before if could_be_id(before) else None, limit=_PAGE)
    formats = user_formats()
    entries = tuple(_entry(each, formats) for each in found)
    with platform().records.reading(actor(), release=release()) as transaction:
        waiting = () if before else approval_rows(transaction, formats, of="waiting")
    page = InboxPage(
        entries=entries,
        approvals=waiting,
        has_unread=any(not entry.is_read for entry in entries),
        next_url=f"/inbox?before={entries[-1].id}" if len(entries) == _PAGE else "",
        first_url="/inbox" if before else "",
    )
    return render_template("pages/inbox.html", page=page)


@blueprint.post("/inbox/read")
def mark_read() -> ResponseReturnValue:
    """Mark one notification, or all, as read."""
    ids = [each for each in request.form.getlist("id") if could_be_id(each)]
    platform().automation.inbox.mark_read(actor(), ids or None)
    return redirect("/inbox", 303)


@blueprint.get("/inbox/count")
def count_unread() -> ResponseReturnValue:
    """Give the badge of the bell in the top bar, as a fragment."""
    unread = platform().automation.inbox.count_unread(actor())
    text = f"{UNREAD_CAP - 1}+" if unread >= UNREAD_CAP else str(unread)
    return render_template("pages/inbox_count.html", unread=unread, text=text)


def _entry(each: Notification, formats: Formats) -> InboxEntry:
    return InboxEntry(
        id=each.id,
        text=each.text,
        href=_href(each),
        iso=each.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        when=formats.datetime(each.at),
        is_read=each.is_read,
    )


def _href(each: Notification) -> str:
    if each.object == NOTICE_OBJECT and each.record_id:
        return request_url(each.record_id)
    if each.object == ACCESS_NOTICE and each.record_id:
        return access_request_url(each.record_id)
    return f"/o/{quote(each.object)}/{each.record_id}" if each.object and each.record_id else ""
