"""The list of approvals that wait for the person or were submitted by them, many decided at once; and the report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.approvals.deciding import Act
from engine.approvals.listing import RequestLine
from engine.approvals.reporting import Report, ReportAsked
from engine.approvals.service import MOST_AT_ONCE
from engine.records.identifiers import could_be_id
from engine.records.transaction import Transaction
from ui.context import actor, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb
from ui.pages.approval_words import STATE_COLORS, outcome_words, request_url, state_words
from ui.pages.chrome import toast
from ui.pages.rights import user_formats
from ui.whole_numbers import whole_number

blueprint = Blueprint("approvals", __name__)
_REPORT_DAYS = 90
_PERIODS = (30, 90, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A request in a list."""

    id: str
    title: str
    href: str
    label: str
    sub: str
    state: str
    color: str
    due: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsPage:
    """The context `page` of templates/pages/approvals.html. of: waiting or submitted."""

    of: str
    rows: tuple[ApprovalRow, ...]
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The context `page` of templates/pages/approval_report.html."""

    crumbs: tuple[Crumb, ...]
    steps: tuple[tuple[str, ...], ...]
    decisions: tuple[tuple[str, ...], ...]
    days: int
    periods: tuple[int, ...]
    note: str


@blueprint.get("/approvals")
def show_approvals() -> ResponseReturnValue:
    """Show what waits for the person, or what they have submitted."""
    of = "submitted" if request.args.get("of") == "submitted" else "waiting"
    with platform().records.reading(actor(), release=release()) as transaction:
        rows = approval_rows(transaction, user_formats(), of=of)
    page = ApprovalsPage(of=of, rows=rows, may_decide=of == "waiting" and bool(rows))
    return render_template("pages/approvals.html", page=page)


@blueprint.post("/approvals")
def decide_many() -> ResponseReturnValue:
    """Approve or reject those that are ticked, each by itself."""
    ids = [each for each in request.form.getlist("id") if could_be_id(each)][:MOST_AT_ONCE]
    word = request.form.get("do")
    if not ids or word not in ("approve", "reject"):
        toast(_("Choose what to decide first."), "warning")
        return redirect("/approvals", 303)
    act = Act(do=word, comment=request.form.get("comment", ""))
    done = platform().approvals.act_on_many(actor(), ids, act)
    refused = [each.refused for each in done if each.refused]
    if len(refused) < len(done):
        toast(_("%(count)s decided.", count=len(done) - len(refused)))
    for reason in dict.fromkeys(refused):
        toast(reason, "error")
    return redirect("/approvals", 303)


@blueprint.get("/approvals/report")
def show_report() -> ResponseReturnValue:
    """Show time and outcome by step and approver."""
    given = whole_number(request.args.get("days", ""))
    days = given if given in _PERIODS else _REPORT_DAYS
    formats = user_formats()
    with platform().records.reading(actor(), release=release()) as transaction:
        asked = ReportAsked(since=transaction.now - dt.timedelta(days=days))
        report = platform().approvals.report(transaction, asked)
    page = ReportPage(
        crumbs=(Crumb(label=str(_("Approvals")), href="/approvals"), Crumb(label=str(_("Report")))),
        steps=_step_rows(report, formats),
        decisions=_decision_rows(report, formats),
        days=days,
        periods=_PERIODS,
        note=str(_("Only the newest requests are counted.")) if report.is_cut else "",
    )
    return render_template("pages/approval_report.html", page=page)


def approval_rows(transaction: Transaction, formats: Formats, *, of: str) -> tuple[ApprovalRow, ...]:
    """Give what waits for the person, or what they have submitted, as lists show it."""
    approvals = platform().approvals
    lines = approvals.submitted(transaction) if of == "submitted" else approvals.waiting(transaction)
    return tuple(_row(line, formats, transaction.now, of) for line in lines)


def _row(line: RequestLine, formats: Formats, now: dt.datetime, of: str) -> ApprovalRow:
    found = line.request
    parts = [line.label, line.step]
    if of == "waiting":
        parts.append(str(_("from %(name)s", name=line.submitter)) if line.submitter else "")
        parts.append(str(_("in place of %(name)s", name=line.for_user)) if line.for_user else "")
    is_open = found.state.is_open
    return ApprovalRow(
        id=found.id,
        title=found.record_title or str(_("Without a name")),
        href=request_url(found.id),
        label=line.label,
        sub=" · ".join(part for part in parts if part),
        state=state_words(found.state),
        color=STATE_COLORS[found.state],
        due=str(_("Due %(day)s", day=formats.datetime(line.due_at))) if line.due_at is not None and is_open else "",
        is_late=is_open and line.due_at is not None and line.due_at < now,
    )


def _step_rows(report: Report, formats: Formats) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            each.label,
            each.step_label,
            formats.number(each.count),
            formats.number(each.hours),
            formats.percent(each.turned_down),
        )
        for each in report.steps
    )


def _decision_rows(report: Report, formats: Formats) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            each.step_label,
            each.name or str(_("Without a name")),
            outcome_words(each.outcome),
            formats.number(each.count),
            formats.number(each.hours),
        )
        for each in report.decisions
    )
