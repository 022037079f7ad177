"""The rules of the release with what their runs came to lately: how many, how they ended, how long they took."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, func, select

from engine.automation.chains import seen_text
from engine.automation.insight.record_rules import start_of, trigger_texts
from engine.automation.insight.views import RuleSummary, RuleView
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.records.transaction import Transaction
from engine.storage.dialect import Dialect
from workflow_dsl.formatting.rules_text import format_rules

FIGURES_OF = dt.timedelta(days=30)
"""How far back figures of runs go."""


@dataclass(slots=True)
class _Figures:
    """What the runs of one rule came to."""

    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    ended: int = 0
    longest: float | None = None
    last_at: dt.datetime | None = None


def rule_summaries(transaction: Transaction, index: RuleIndex, rule: str | None = None) -> tuple[RuleSummary, ...]:
    """Give all rules by name, or one."""
    figures = _figures(transaction, rule)
    state = transaction.system.rule_state
    rows = transaction.connection.execute(
        select(state.c.rule, state.c.off_at, state.c.reason).where(state.c.off_at.is_not(None))
    )
    off = {name: (off_at, reason or "") for name, off_at, reason in rows}
    wanted = [index.programs[rule]] if rule is not None else sorted(index.programs.values(), key=lambda each: each.name)
    language = transaction.actor.language
    return tuple(_summary(program, figures[program.name], off, language) for program in wanted)


def rule_view(
    transaction: Transaction, index: RuleIndex, program: Program, next_runs: tuple[dt.datetime, ...]
) -> RuleView:
    """Give one rule with its text and figures."""
    (summary,) = rule_summaries(transaction, index, program.name)
    return RuleView(
        summary=summary,
        text=format_rules(program.text).rstrip(),
        at=program.at,
        runs_as=program.runs_as,
        has_record=program.object is not None,
        next_runs=next_runs,
    )


def _summary(
    program: Program, figures: _Figures, off: Mapping[str, tuple[dt.datetime, str]], language: str
) -> RuleSummary:
    off_since, reason = off.get(program.name, (None, ""))
    return RuleSummary(
        name=program.name,
        label=program.called(language),
        app=program.app,
        is_before=program.is_before,
        start=start_of(program),
        object=program.object,
        triggers=trigger_texts(program),
        active=program.active,
        off_since=off_since,
        off_reason=seen_text(reason, ()) or "",
        runs=figures.states,
        mean_s=figures.seconds / figures.ended if figures.ended else None,
        longest_s=figures.longest,
        last_at=figures.last_at,
    )


def _figures(transaction: Transaction, rule: str | None) -> Mapping[str, _Figures]:
    run = transaction.system.run
    took = _seconds(transaction)
    query = select(
        run.c.rule,
        run.c.state,
        func.count().label("runs"),
        func.sum(took).label("seconds"),
        func.count(run.c.finished_at).label("ended"),
        func.max(took).label("longest"),
        func.max(run.c.created_at).label("last_at"),
    ).where(run.c.created_at >= transaction.now - FIGURES_OF)
    if rule is not None:
        query = query.where(run.c.rule == rule)
    found: dict[str, _Figures] = defaultdict(_Figures)
    for row in transaction.connection.execute(query.group_by(run.c.rule, run.c.state)):
        figures = found[row.rule]
        figures.states[row.state] = row.runs
        figures.seconds += float(row.seconds or 0.0)
        figures.ended += row.ended
        figures.longest = max(filter(None, (figures.longest, row.longest and float(row.longest))), default=None)
        figures.last_at = max(each for each in (figures.last_at, row.last_at) if each is not None)
    return found


def _seconds(transaction: Transaction) -> ColumnElement[Any]:
    run = transaction.system.run
    if transaction.database.dialect is Dialect.POSTGRESQL:
        return cast(func.extract("epoch", run.c.finished_at - run.c.started_at), Float)
    return (func.julianday(run.c.finished_at) - func.julianday(run.c.started_at)) * 86_400.0
