"""What is told of rules as JSON data: traces, looks, causes, what a try or a backtest gave. For calls and commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.automation.insight.views import (
    Backtest,
    BacktestMatch,
    Blame,
    CauseLink,
    Intent,
    RuleLook,
    RuleOnRecord,
    RuleSummary,
    Tried,
)
from engine.automation.run_views import ConditionPart, RunTrace, StepShown
from ui.api.runs import run_to_json


def rule_on_record(rule: RuleOnRecord) -> dict[str, Any]:
    """Give how a rule stands to a record as JSON data."""
    return {
        "rule": rule.rule,
        "label": rule.label,
        "kind": "before" if rule.is_before else "after",
        "triggers": list(rule.triggers),
        "standing": rule.standing.value,
        "reason": rule.reason,
        "looks": [_look(each) for each in rule.looks],
        "runs": [run_to_json(each) for each in rule.runs],
    }


def blame_to_json(blame: Blame) -> dict[str, Any]:
    """Give where a value comes from as JSON data."""
    return {
        "field": blame.field,
        "set_by": blame.setter.value,
        "at": blame.at,
        "entry": blame.entry,
        "formula": blame.formula or None,
        "inputs": part_to_json(blame.inputs),
        "causes": [_cause(each) for each in blame.chain],
    }


def tried_to_json(tried: Tried, *, is_open: bool = True) -> dict[str, Any]:
    """Give what a try gave as JSON data; is_open: what steps computed too."""
    return {
        "trigger": tried.trigger_note,
        "run": trace_to_json(tried.trace, {}, is_open=is_open) | {"id": None},
        "written": [_intent(each) for each in tried.written],
        "not_sent": [_intent(each) for each in tried.outside],
    }


def backtest_to_json(found: Backtest) -> dict[str, Any]:
    """Give what a backtest gave as JSON data."""
    return {
        "rule": found.rule,
        "since": found.since,
        "saves": found.saves,
        "occasions": found.occasions,
        "matched": found.matched,
        "records": found.records,
        "hidden": found.hidden,
        "unclear": found.unclear,
        "complete": not found.stopped,
        "items": [_match(each) for each in found.matches],
    }


def trace_to_json(trace: RunTrace, titles: Mapping[tuple[str, str], str], *, is_open: bool) -> dict[str, Any]:
    """Give the trace of a run as JSON data. titles: of records it touched; is_open: what steps computed too."""
    return run_to_json(trace.summary) | {
        "rule_text": trace.rule_text,
        "rule_at": trace.rule_at,
        "by": {"id": trace.actor_id, "title": trace.actor_name},
        "runs_as": trace.runs_as,
        "changes": [
            {"field": each.field, "old": each.old, "new": each.new, "masked": each.masked} for each in trace.changes
        ],
        "matched": part_to_json(trace.matched),
        "condition": part_to_json(trace.condition),
        "holds": trace.holds,
        "steps": [_step(each, titles, is_open=is_open) for each in trace.steps],
        "order": [{"step": each.number, "names": list(each.names)} for each in trace.order],
        "records": [
            {"id": each, "title": titles[key]} for each in trace.records if (key := _of(trace, each)) in titles
        ],
        "record_count": trace.record_count,
        "chain": list(trace.chain),
        "cause": run_to_json(trace.cause) if trace.cause is not None else None,
        "caused": [run_to_json(each) for each in trace.caused],
    }


def _of(trace: RunTrace, record_id: str) -> tuple[str, str]:
    return trace.summary.object or "", record_id


def part_to_json(part: ConditionPart | None) -> dict[str, Any] | None:
    """Give a part of a condition with those it is made of as JSON data."""
    if part is None:
        return None
    return {
        "text": part.text,
        "value": part.value,
        "masked": part.masked,
        "error": part.error,
        "parts": [part_to_json(each) for each in part.parts],
    }


def _step(step: StepShown, titles: Mapping[tuple[str, str], str], *, is_open: bool) -> dict[str, Any]:
    return {
        "path": step.path,
        "attempt": step.attempt,
        "kind": step.kind,
        "text": step.text,
        "outcome": step.outcome,
        "at": step.at,
        "finished_at": step.finished_at,
        "error": step.error,
        "result": step.result if is_open else None,
        "condition": part_to_json(step.condition),
        "effects": [_effect(effect, titles) for effect in step.effects],
    }


def _effect(effect: Mapping[str, Any], titles: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    place = (str(effect.get("object") or ""), str(effect.get("record_id") or ""))
    title = titles.get(place)
    return {
        "kind": effect.get("kind"),
        "object": effect.get("object"),
        "id": place[1] if title is not None else None,
        "title": title if title is not None else effect.get("title"),
    }


def _look(look: RuleLook) -> dict[str, Any]:
    change = look.change
    return {
        "at": look.at,
        "entry": look.entry,
        "version": look.version,
        "by": look.who,
        "trigger": look.trigger,
        "matched": look.matched,
        "otherwise": look.otherwise,
        "reason": look.reason,
        "because": part_to_json(look.because),
        "condition": part_to_json(look.condition),
        "change": None
        if change is None
        else {"field": change.field, "old": change.old, "new": change.new, "masked": change.masked},
        "release": look.release,
    }


def _cause(link: CauseLink) -> dict[str, Any]:
    record = {"object": link.object, "id": link.record_id, "title": link.record_title} if link.record_id else None
    return {
        "kind": link.kind.value,
        "at": link.at,
        "by": link.who or None,
        "rule": link.rule,
        "run": link.run,
        "step": link.step,
        "release": link.release,
        "record": record,
        "text": link.text or None,
    }


def rule_to_json(rule: RuleSummary) -> dict[str, Any]:
    """Give a rule with its figures as JSON data."""
    return {
        "name": rule.name,
        "label": rule.label,
        "app": rule.app,
        "kind": "before" if rule.is_before else "after",
        "object": rule.object,
        "triggers": list(rule.triggers),
        "active": rule.active,
        "off_since": rule.off_since,
        "off_reason": rule.off_reason or None,
        "runs": dict(rule.runs),
        "mean_seconds": rule.mean_s,
        "longest_seconds": rule.longest_s,
        "last_run_at": rule.last_at,
    }


def _intent(intent: Intent) -> dict[str, Any]:
    values: Mapping[str, Any] | None = intent.values
    return {
        "step": intent.path,
        "kind": intent.kind,
        "object": intent.object,
        "id": intent.record_id,
        "title": intent.title,
        "target": intent.target or None,
        "text": intent.text or None,
        "values": None if values is None else dict(values),
    }


def _match(match: BacktestMatch) -> dict[str, Any]:
    return {
        "at": match.at,
        "entry": match.entry,
        "record": {"object": match.object, "id": match.record_id, "title": match.title} if match.record_id else None,
        "trigger": match.trigger,
        "otherwise": match.otherwise,
        "would": [_intent(each) for each in match.done],
        "fault": match.fault or None,
    }
