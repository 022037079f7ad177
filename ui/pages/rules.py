"""Rules: the list with what their runs came to, the page of one, trying it on a record, testing it over the past."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.automation.insight.service import CONFIGURE
from engine.automation.insight.since import since_moment
from engine.automation.insight.views import Backtest, BacktestMatch, RuleSummary, Tried
from engine.automation.run_views import RunFilter
from engine.errors import RecordNotFound
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Change, Crumb, Touched, TraceNode, TraceRow
from ui.pages.record_names import Titles
from ui.pages.rights import access_of, user_formats
from ui.pages.rule_words import intent_keys, intent_rows, outcome_words, start_words
from ui.pages.run_trace import TraceShower, keys_of
from ui.pages.run_words import RunRow, run_row, seconds_text
from ui.pages.trigger_words import trigger_text, trigger_texts
from ui.telling import tell
from workflow_dsl.sentences import sentence_of

blueprint = Blueprint("rules", __name__)

_RUNS = 20
_SINCE = "30d"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule in the list; note: why it does not run."""

    name: str
    label: str
    href: str
    object: str
    kind: str
    triggers: tuple[str, ...]
    state: str
    color: str
    note: str
    total: int
    failed: int
    mean: str
    longest: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """The context `page` of templates/pages/rules.html."""

    crumbs: tuple[Crumb, ...]
    rows: tuple[RuleRow, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """The context `page` of templates/pages/rule.html."""

    crumbs: tuple[Crumb, ...]
    rule: RuleRow
    text: str
    sentence: str
    at: str
    runs_as: str
    next_runs: tuple[str, ...]
    runs: tuple[RunRow, ...]
    may_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedView:
    """What a try gave, as the page shows it."""

    note: str
    outcome: str
    failed: bool
    reason: str
    matched: TraceNode | None
    condition: TraceNode | None
    changes: tuple[Change, ...]
    steps: tuple[TraceRow, ...]
    written: tuple[Touched, ...]
    outside: tuple[Touched, ...]
    caused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPage:
    """The context `page` of templates/pages/rule_try.html."""

    crumbs: tuple[Crumb, ...]
    url: str
    label: str
    object: str
    record: str
    has_record: bool
    missing: str
    tried: TriedView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One save, moment or call that a rule would have matched."""

    when: str
    iso: str
    record: str
    record_url: str
    trigger: str
    otherwise: bool
    done: tuple[Touched, ...]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestPage:
    """The context `page` of templates/pages/rule_backtest.html. error: of what was typed."""

    crumbs: tuple[Crumb, ...]
    url: str
    label: str
    since: str
    error: str
    found: Backtest | None
    rows: tuple[MatchRow, ...]


@blueprint.get("/rules")
def list_rules() -> ResponseReturnValue:
    """Show the rules; `q` looks in names, labels and objects."""
    text, formats = request.args.get("q", "").strip(), user_formats()
    rows = (_row(each, formats) for each in platform().automation.insight.rules(actor()))
    wanted = text.casefold()
    found = tuple(row for row in rows if wanted in f"{row.name} {row.label} {row.object}".casefold())
    page = RulesPage(crumbs=(Crumb(label=str(_("Rules"))),), rows=found, text=text)
    return render_template("pages/rules.html", page=page)


@blueprint.get("/rules/<rule_name>")
def show_rule(rule_name: str) -> ResponseReturnValue:
    """Show one rule with its figures and newest runs."""
    found, formats = platform().automation.insight.rule(actor(), rule_name), user_formats()
    runs = platform().automation.runs.list(actor(), RunFilter(rule=rule_name), limit=_RUNS)
    page = RulePage(
        crumbs=_crumbs(found.summary, None),
        rule=_row(found.summary, formats),
        text=found.text,
        sentence=sentence_of(found.text, release().metamodel, language()),
        at=found.at,
        runs_as=found.runs_as,
        next_runs=tuple(formats.datetime(each) for each in found.next_runs),
        runs=tuple(run_row(run, formats) for run in runs.rows),
        may_test=access_of().has_right(CONFIGURE),
    )
    return render_template("pages/rule.html", page=page)


@blueprint.get("/rules/<rule_name>/try")
def ask_try(rule_name: str) -> ResponseReturnValue:
    """Ask on which record a rule is tried."""
    return _show_try(rule_name, request.args.get("record", ""), None, "")


@blueprint.post("/rules/<rule_name>/try")
def try_rule(rule_name: str) -> ResponseReturnValue:
    """Try a rule and show what it would do; nothing of it is kept."""
    record = request.form.get("record", "").strip()
    record_id = record.rstrip("/").rpartition("/")[2].partition("?")[0] or None
    try:
        tried = platform().automation.insight.try_rule(actor(), rule_name, record_id)
    except RecordNotFound:
        return _show_try(rule_name, record, None, str(_("There is no such record, or you may not see it."))), 422
    return _show_try(rule_name, record, tried, "")


@blueprint.get("/rules/<rule_name>/backtest")
def backtest(rule_name: str) -> ResponseReturnValue:
    """Show what a rule would have done since a moment."""
    view, formats = platform().automation.insight.rule(actor(), rule_name), user_formats()
    since, error, found = request.args.get("since", _SINCE).strip(), "", None
    try:
        moment = since_moment(since, platform().clock.now(), ZoneInfo(release().metamodel.main.timezone))
        found = platform().automation.insight.backtest(actor(), rule_name, moment)
    except ValueError:
        error = str(_("Write hours, days or weeks, as 12h, 30d or 4w, or a day."))
    matches = found.matches if found is not None else ()
    with platform().records.reading(actor(), release=release()) as transaction:
        titles = transaction.reader.titles(key for match in matches for key in intent_keys(match.done))
    page = BacktestPage(
        crumbs=_crumbs(view.summary, str(_("Backtest"))),
        url=f"/rules/{quote(rule_name)}",
        label=view.summary.label,
        since=since,
        error=error,
        found=found,
        rows=tuple(_match(match, titles, formats) for match in reversed(matches)),
    )
    return render_template("pages/rule_backtest.html", page=page)


def _show_try(rule_name: str, record: str, tried: Tried | None, missing: str) -> str:
    platform().automation.insight.require(actor(), CONFIGURE, "try")
    view = platform().automation.insight.rule(actor(), rule_name)
    found = release().metamodel.objects.get(view.summary.object or "")
    page = TryPage(
        crumbs=_crumbs(view.summary, str(_("Try"))),
        url=f"/rules/{quote(rule_name)}",
        label=view.summary.label,
        object=label_text(found.label, language(), found.name) if found is not None else "",
        record=record,
        has_record=view.has_record,
        missing=missing,
        tried=_tried(tried, user_formats()) if tried is not None else None,
    )
    return render_template("pages/rule_try.html", page=page)


def _tried(tried: Tried, formats: Formats) -> TriedView:
    trace = tried.trace
    object_def = release().metamodel.objects.get(trace.summary.object or "")
    with platform().records.reading(actor(), release=release()) as transaction:
        keys = (*keys_of(trace, object_def), *intent_keys(tried.written), *intent_keys(tried.outside))
        titles = transaction.reader.titles(keys)
    readable = access_of().of(object_def.key).whole if object_def is not None else frozenset()
    shower = TraceShower(object_def=object_def, readable=readable, titles=titles, formats=formats)
    return TriedView(
        note=tell(tried.trigger_note),
        outcome=outcome_words(trace),
        failed=trace.summary.state.value == "failed",
        reason=tell(trace.summary.reason or ""),
        matched=shower.node(trace.matched) if trace.matched is not None else None,
        condition=shower.node(trace.condition, trace.holds) if trace.condition is not None else None,
        changes=tuple(shower.changes(trace.changes)),
        steps=tuple(shower.step(step) for step in trace.steps),
        written=tuple(intent_rows(tried.written, titles, formats)),
        outside=tuple(intent_rows(tried.outside, titles, formats)),
        caused=tuple(run.label for run in trace.caused),
    )


def _match(match: BacktestMatch, titles: Titles, formats: Formats) -> MatchRow:
    return MatchRow(
        when=formats.datetime(match.at),
        iso=match.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        record=match.title or str(_("Without a name") if match.record_id else _("Without a record")),
        record_url=f"/o/{quote(match.object)}/{quote(match.record_id)}" if match.object and match.record_id else "",
        trigger=trigger_text(match.trigger),
        otherwise=match.otherwise,
        done=tuple(intent_rows(match.done, titles, formats)),
        fault=tell(match.fault),
    )


def _row(rule: RuleSummary, formats: Formats) -> RuleRow:
    state, color, note = str(_("On")), "green", ""
    if rule.off_since is not None:
        state, color, note = str(_("Switched off")), "red", tell(rule.off_reason)
    elif not rule.active:
        state, color = str(_("Inactive")), "gray"
    found = release().metamodel.objects.get(rule.object or "")
    return RuleRow(
        name=rule.name,
        label=rule.label,
        href=f"/rules/{quote(rule.name)}",
        object=label_text(found.label, formats.language, found.name) if found is not None else "",
        kind=start_words(rule.start),
        triggers=trigger_texts(rule.triggers, is_before=rule.is_before),
        state=state,
        color=color,
        note=note,
        total=rule.total,
        failed=rule.failed,
        mean=seconds_text(rule.mean_s) if rule.mean_s is not None else "",
        longest=seconds_text(rule.longest_s) if rule.longest_s is not None else "",
        last=formats.datetime(rule.last_at) if rule.last_at is not None else "",
    )


def _crumbs(rule: RuleSummary, last: str | None) -> tuple[Crumb, ...]:
    own = Crumb(label=rule.label, href=f"/rules/{quote(rule.name)}" if last is not None else "")
    return (Crumb(label=str(_("Rules")), href="/rules"), own, *((Crumb(label=last),) if last is not None else ()))
