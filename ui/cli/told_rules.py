"""Writes what is told of rules on a terminal: conditions with their values, what a rule did or would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.automation.insight.views import Blame, CauseLink, Intent, RuleOnRecord, Setter, Tried
from engine.automation.run_views import ConditionPart, RunTrace
from metamodel.values import Money, Ref


def part_lines(part: ConditionPart, depth: int = 0) -> Iterator[str]:
    """Give a condition as lines, each part under what it belongs to."""
    value = part.error or ("hidden" if part.masked else shown(part.value))
    yield f"{'  ' * depth}{part.text} = {value}"
    for each in part.parts:
        yield from part_lines(each, depth + 1)


def rule_lines(rule: RuleOnRecord) -> Iterator[str]:
    """Give how a rule stands to a record."""
    yield f"{rule.rule}: {rule.standing.value}. {rule.reason}".rstrip(". ") + "."
    for look in rule.looks:
        yield f"  {look.at:%Y-%m-%d %H:%M:%SZ} version {look.version}, {look.trigger}: {look.reason}"
        if look.change is not None and not look.change.masked:
            yield f"    {look.change.field}: {shown(look.change.old)} -> {shown(look.change.new)}"
        if look.because is not None:
            yield from (f"    {line}" for line in part_lines(look.because))
    for run in rule.runs:
        yield f"  run {run.id} {run.state.value}: {run.event}{f' - {run.reason}' if run.reason else ''}"


def blame_lines(blame: Blame) -> Iterator[str]:
    """Give where a value comes from."""
    yield f"{blame.field}: {blame.setter.value}{f' {blame.formula}' if blame.formula else ''}"
    if blame.inputs is not None:
        yield from (f"  {line}" for line in part_lines(blame.inputs))
    for link in blame.chain:
        yield f"  {cause_text(link)}"


def cause_text(link: CauseLink) -> str:
    """Give one cause as a line."""
    at = f"{link.at:%Y-%m-%d %H:%M:%SZ}"
    release = f", release {link.release}" if link.release is not None else ""
    if link.kind is Setter.RULE:
        step = f" at {link.step}" if link.step else ""
        return f"rule {link.rule or '(no longer kept)'}{step} of run {link.run}, {link.text or 'a save'}{release}, {at}"
    if link.kind is Setter.BEFORE_RULE:
        return f"rule {link.rule} in the save{release}, {at}"
    who = link.who or "the product"
    return f"{link.kind.value} {who}{f' ({link.text})' if link.text else ''}{release}, {at}"


def trace_lines(trace: RunTrace) -> Iterator[str]:
    """Give a run's condition and steps."""
    for part in (trace.matched, trace.condition):
        if part is not None:
            yield from part_lines(part)
    for step in trace.steps:
        yield f"{step.path} {step.text or step.kind}: {step.outcome}{f' - {step.error}' if step.error else ''}"
    if trace.summary.outcome == "not met":
        yield "the condition is false, so nothing is done"
    if trace.summary.reason:
        yield f"reason: {trace.summary.reason}"


def tried_lines(tried: Tried) -> Iterator[str]:
    """Give what a try gave."""
    yield tried.trigger_note
    yield from trace_lines(tried.trace)
    for head, intents in (("would write:", tried.written), ("not sent, not waited for:", tried.outside)):
        if intents:
            yield head
            yield from (f"  {line}" for line in intent_lines(intents))


def intent_lines(intents: Iterable[Intent]) -> Iterator[str]:
    """Give what would be done, a line each."""
    for each in intents:
        about = " ".join(filter(None, (each.object, each.title or each.record_id, each.target)))
        values = ", ".join(f"{name} = {shown(value)}" for name, value in (each.values or {}).items())
        text = f" {each.text!r}" if each.text else ""
        yield f"{each.path} {each.kind} {about}{text}{f': {values}' if values else ''}"


def shown(value: Any) -> str:
    """Write a value."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case Money():
            return f"{value.amount} {value.currency}"
        case Ref():
            return f"{value.object} {value.id}"
        case Mapping():
            return "{" + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return ", ".join(shown(each) for each in value)
    return str(value)
