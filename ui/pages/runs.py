"""Runs of rules: the list with its filters, and the page of one run with everything it did and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import pgettext

from engine.automation.insight.service import VIEW_RUNS
from engine.automation.run_log import RunNotOpen
from engine.automation.run_state import RunState
from engine.automation.run_views import RunFilter
from ui.context import actor, platform, release
from ui.page_parts import Change, Crumb, Option, TraceNode, TraceRow
from ui.pages.chrome import toast
from ui.pages.rights import access_of, user_formats
from ui.pages.run_trace import TraceShower, batch_keys, keys_of, plain
from ui.pages.run_words import RunRow, mode_label, run_row, state_label
from ui.pages.save_order import OrderRow, order_rows
from ui.telling import tell

blueprint = Blueprint("runs", __name__)

_SIZE = 50
FILTERS = ("rule", "state", "record")
"""The names that a list of runs is filtered by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """The context `page` of templates/pages/runs.html."""

    crumbs: tuple[Crumb, ...]
    states: tuple[Option, ...]
    rule: str
    record: str
    kept: Mapping[str, str]
    rows: tuple[RunRow, ...]
    may_press: bool
    stopped: int
    sees_calls: bool
    next_url: str
    first_url: str
    is_filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """A record of a run that is about a batch of them."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """The context `page` of templates/pages/run.html."""

    crumbs: tuple[Crumb, ...]
    run: RunRow
    rule: str
    rule_url: str
    rule_text: str
    rule_at: str
    who: str
    mode: str
    release: int
    changes: tuple[Change, ...]
    matched: TraceNode | None
    condition: TraceNode | None
    steps: tuple[TraceRow, ...]
    chain: tuple[str, ...]
    cause: RunRow | None
    caused: tuple[RunRow, ...]
    facts: tuple[tuple[str, str], ...]
    order: tuple[OrderRow, ...]
    records: tuple[BatchRecord, ...]
    records_more: int
    may_retry: bool
    may_dismiss: bool


@blueprint.get("/runs")
def list_runs() -> ResponseReturnValue:
    """Show runs, the newest first, of one rule or state where the address says so."""
    given = request.args
    which, cursor = filter_of(given), given.get("cursor", "")
    rule, state = which.rule or "", which.state
    found = platform().automation.runs.list(actor(), which, limit=_SIZE, cursor=cursor or None)
    record = f"{which.object}/{which.record_id}" if which.object and which.record_id else ""
    asked = (("rule", rule), ("state", state.value if state else ""), ("record", record))
    kept = {name: value for name, value in asked if value}
    page = RunsPage(
        crumbs=(Crumb(label=str(_("Rule runs"))),),
        states=tuple(Option(value=each.value, label=state_label(each), selected=each is state) for each in RunState),
        rule=rule,
        record=record,
        kept=kept,
        may_press=access_of().has_right("retry_runs") and any(run.state is RunState.FAILED for run in found.rows),
        stopped=_stopped(),
        sees_calls=access_of().has_right("view_runs"),
        rows=tuple(run_row(run, user_formats()) for run in found.rows),
        next_url=f"/runs?{urlencode({**kept, 'cursor': found.next_cursor})}" if found.next_cursor else "",
        first_url=f"/runs?{urlencode(kept)}" if cursor else "",
        is_filtered=bool(kept),
    )
    return render_template("pages/runs.html", page=page)


def filter_of(given: Mapping[str, str]) -> RunFilter:
    """Give the filter that an address or a form names."""
    state = RunState(given["state"]) if given.get("state") in {each.value for each in RunState} else None
    object_key, record_id = _record_of(given.get("record", "")) or (None, None)
    return RunFilter(rule=given.get("rule", "").strip() or None, state=state, object=object_key, record_id=record_id)


def _stopped() -> int:
    """Give how many rules and targets stand still, where the person may see them."""
    if not access_of().has_right("view_runs"):
        return 0
    desk = platform().automation.desk
    return len(desk.rules_off(actor())) + sum(each.paused_until is not None for each in desk.targets(actor()))


def _record_of(text: str) -> tuple[str, str] | None:
    """Give object and id of the record that an address, or `object/id`, names."""
    parts = text.strip().partition("?")[0].rstrip("/").split("/")[-2:]
    found = release().metamodel.find_object(parts[0])
    return (found.key, parts[1]) if len(parts) == 2 and found is not None else None


@blueprint.get("/runs/<run_id>")
def show_run(run_id: str) -> ResponseReturnValue:
    """Show one run."""
    trace = platform().automation.runs.get(actor(), run_id)
    formats = user_formats()
    object_def = release().metamodel.objects.get(trace.summary.object or "")
    with platform().records.reading(actor(), release=release()) as transaction:
        titles = transaction.reader.titles(keys_of(trace, object_def))
    # A run about a record that its reader may not read has no record id here; nothing of the record is shown then.
    is_shown = trace.summary.record_id is not None
    readable = access_of().of(object_def.key).whole if object_def is not None and is_shown else frozenset()
    shower = TraceShower(object_def=object_def, readable=readable, titles=titles, formats=formats)
    records = tuple(
        BatchRecord(title=titles[key] or str(_("Without a name")), url=f"/o/{quote(key[0])}/{quote(key[1])}")
        for key in batch_keys(trace)
        if key in titles
    )
    page = RunPage(
        crumbs=(Crumb(label=str(_("Rule runs")), href="/runs"), Crumb(label=trace.summary.label)),
        run=run_row(trace.summary, formats),
        rule=trace.summary.rule,
        rule_url=f"/rules/{quote(trace.summary.rule)}" if _shows_rule(trace.summary.rule) else "",
        rule_text=trace.rule_text,
        rule_at=trace.rule_at,
        who=trace.actor_name or str(pgettext("actor", "System")),
        mode=mode_label(trace.mode),
        release=trace.summary.release,
        changes=tuple(shower.changes(trace.changes)),
        matched=shower.node(trace.matched) if trace.matched is not None else None,
        condition=shower.node(trace.condition, trace.holds) if trace.condition is not None else None,
        steps=tuple(shower.step(step) for step in trace.steps),
        chain=trace.chain if len(trace.chain) > 1 else (),
        cause=run_row(trace.cause, formats) if trace.cause is not None else None,
        caused=tuple(run_row(run, formats) for run in trace.caused),
        facts=tuple((name, plain(value, formats)) for name, value in trace.facts.items()),
        order=order_rows(trace.order),
        records=records,
        records_more=trace.record_count - len(records),
        may_retry=trace.may_retry,
        may_dismiss=trace.may_dismiss,
    )
    return render_template("pages/run.html", page=page)


def _shows_rule(rule: str) -> bool:
    return access_of().has_right(VIEW_RUNS) and rule in platform().automation.index(release()).programs


@blueprint.post("/runs/<run_id>/retry")
def retry_run(run_id: str) -> ResponseReturnValue:
    """Let a failed run go on."""
    try:
        platform().automation.runs.retry(actor(), run_id)
        toast(_("The run goes on at the step that failed."))
    except RunNotOpen as refused:
        toast(tell(str(refused)), "error")
    return redirect(f"/runs/{run_id}", 303)


@blueprint.post("/runs/<run_id>/dismiss")
def dismiss_run(run_id: str) -> ResponseReturnValue:
    """Put a failed run aside."""
    try:
        platform().automation.runs.dismiss(actor(), run_id)
        toast(_("The run was put aside."))
    except RunNotOpen as refused:
        toast(tell(str(refused)), "error")
    return redirect(f"/runs/{run_id}", 303)
