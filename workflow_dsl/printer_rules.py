"""Rules back to text in the canonical form; parsing the printed text gives the same tree.

Two blanks a level, one action a line. Comments are not part of the tree; `fmt` puts them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from workflow_dsl.printer import print_expression, print_lines, quote
from workflow_dsl.printer_actions import INDENT, print_actions, print_pairs, print_people
from workflow_dsl.syntax import (
    AllowLoop,
    Approval,
    ApprovalDecided,
    ApproverChoice,
    Blueprint,
    Bulk,
    ButtonPressed,
    CalendarTimes,
    ComesToMatch,
    Cron,
    Crosses,
    Each,
    EmailReceived,
    Event,
    Expr,
    FieldChanges,
    FormSubmitted,
    HasMatched,
    If,
    Inactive,
    Interval,
    Item,
    Limit,
    Missed,
    Mode,
    Moment,
    OncePerRecord,
    OnFailure,
    Option,
    Or,
    Param,
    PluginEvent,
    Priority,
    RecordEvent,
    Retry,
    Rule,
    RunsAs,
    Schedule,
    ScheduleTrigger,
    Step,
    Trigger,
    Use,
    UseCalendar,
    UserLogsIn,
    WebhookReceived,
)


def print_rules(items: Iterable[Item]) -> str:
    """Print the items of a rules file, an empty line between two."""
    return "\n\n".join(print_item(item) for item in items) + "\n"


def print_item(item: Item) -> str:
    """Print a rule, approval, blueprint or use."""
    if isinstance(item, Rule):
        return _rule(f"rule {item.name.text}", item)
    if isinstance(item, Blueprint):
        return _rule(f"blueprint {item.rule.name.text} ({_params(item.params)})", item.rule)
    if isinstance(item, Use):
        name = f" as {item.given_name.text}" if item.given_name is not None else ""
        return f"use {item.blueprint.dotted}{name} ({print_pairs(item.values)})"
    return _approval(item)


def _rule(opening: str, rule: Rule) -> str:
    label = f" {quote(rule.label)}" if rule.label is not None else ""
    lines = [f"{opening}{label}", INDENT + _head(rule)]
    if rule.condition is not None:
        lines.append(print_lines(f"{INDENT}if ", rule.condition))
    lines += [f"{INDENT}then", *print_actions(rule.actions, 2), *_otherwise(rule.otherwise)]
    lines += [INDENT + text for option in rule.options for text in _option(option)]
    return "\n".join(lines)


def _otherwise(actions: Sequence[Any]) -> list[str]:
    if not actions:
        return []
    only = actions[0]
    if len(actions) == 1 and isinstance(only, If) and only.unless is None:
        first = f"{INDENT}else if {print_expression(only.condition)} then"
        return [first, *print_actions(only.then, 2), *_otherwise(only.otherwise)]
    return [f"{INDENT}else", *print_actions(actions, 2)]


def _head(rule: Rule) -> str:
    triggers = " or ".join(_trigger(trigger) for trigger in rule.triggers)
    return triggers if rule.each is None else f"{triggers}\n{INDENT}{_each(rule.each)}"


def _each(each: Each) -> str:
    variable = f"{each.variable.text} in " if each.variable is not None else ""
    where = f" where {print_expression(each.where)}" if each.where is not None else ""
    return f"for each {variable}{each.source.dotted}{where}"


def _trigger(trigger: Trigger) -> str:
    if isinstance(trigger, ScheduleTrigger):
        return f"every {_schedule(trigger.schedule)}"
    return f"{'before' if trigger.before else 'when'} {_EVENTS[type(trigger.event)](trigger.event)}"


def _sum(expression: Expr) -> str:
    """Print what must not be mistaken for more than a sum."""
    text = print_expression(expression)
    return text if " " not in text or text[0] in "\"'" else f"({text})"


def _and_test(expression: Expr) -> str:
    text = print_expression(expression)
    return f"({text})" if isinstance(expression, Or) else text


def _field_changes(event: FieldChanges) -> str:
    before = f" from {_sum(event.before)}" if event.before is not None else ""
    after = f" to {_sum(event.after)}" if event.after is not None else ""
    return f"{event.path.dotted} changes{before}{after}"


def _moment(event: Moment) -> str:
    time = f" at {print_expression(event.time)}" if event.time is not None else ""
    if event.offset is None:
        return f"{event.path.dotted} is reached{time}"
    return f"{print_expression(event.offset)} {'before' if event.before else 'after'} {event.path.dotted}{time}"


def _button(event: ButtonPressed) -> str:
    by = f" by {print_people(event.by)}" if event.by else ""
    asking = f" asking {_params(event.asking)}" if event.asking else ""
    return f"button {event.button.text} on {event.object.dotted} is pressed{by}{asking}"


def _held(event: HasMatched) -> str:
    return f"{event.object.dotted} has matched {_and_test(event.condition)} for {_duration(event.duration)}"


def _duration(expression: Expr) -> str:
    return print_expression(expression)


def _params(params: Iterable[Param]) -> str:
    return ", ".join(_param(param) for param in params)


def _param(param: Param) -> str:
    type_name = f": {param.type_name.text}" if param.type_name is not None else ""
    default = f" = {print_expression(param.default)}" if param.default is not None else ""
    return f"{param.name.text}{type_name}{default}"


_EVENTS: Mapping[type[Event], Callable[[Any], str]] = MappingProxyType(
    {
        RecordEvent: lambda event: f"{event.object.dotted} is {event.kind}",
        FieldChanges: _field_changes,
        ComesToMatch: lambda event: f"{event.object.dotted} comes to match {_and_test(event.condition)}",
        HasMatched: _held,
        Crosses: lambda event: (
            f"{event.path.dotted} {'rises above' if event.rises else 'falls below'} {_duration(event.value)}"
        ),
        Moment: _moment,
        FormSubmitted: lambda event: f"form {event.form.text} is submitted",
        WebhookReceived: lambda event: f"webhook {event.webhook.text} is received",
        EmailReceived: lambda event: f"email is received at {quote(event.address)}",
        ButtonPressed: _button,
        ApprovalDecided: lambda event: f"approval {event.approval.text} is {event.outcome}",
        UserLogsIn: lambda event: "user logs in",
        PluginEvent: lambda event: f"event {event.event.dotted}",
    }
)


def _schedule(schedule: Schedule) -> str:
    if isinstance(schedule, Interval):
        return print_expression(schedule.duration)
    if isinstance(schedule, Cron):
        return f"cron {quote(schedule.expression)}{_zone(schedule.zone)}"
    assert isinstance(schedule, CalendarTimes)
    numbers = ", ".join("last day" if n.number is None else f"day {n.number}" for n in schedule.day_numbers)
    on = f" on {numbers}" if numbers else ""
    times = ", ".join(print_expression(time) for time in schedule.times)
    return f"{', '.join(schedule.days)}{on} at {times}{_zone(schedule.zone)}"


def _zone(zone: str | None) -> str:
    return f" in {quote(zone)}" if zone is not None else ""


def _option(option: Option) -> list[str]:
    if isinstance(option, OnFailure):
        return ["on failure", *(line[len(INDENT) :] for line in print_actions(option.actions, 2))]
    return [_OPTIONS[type(option)](option)]


_OPTIONS: Mapping[type[Option], Callable[[Any], str]] = MappingProxyType(
    {
        Priority: lambda option: f"priority {option.value}",
        RunsAs: lambda option: f"as {option.who}",
        Mode: lambda option: f"mode {option.mode}",
        Bulk: lambda option: f"bulk {option.mode}",
        OncePerRecord: lambda option: "once per record" + _once(option.period),
        Limit: lambda option: f"limit {option.count} per {option.unit}",
        Retry: lambda option: f"retry {option.times} times",
        Missed: lambda option: f"missed {option.mode}",
        UseCalendar: lambda option: f"calendar {option.calendar.text}",
        Inactive: lambda option: "inactive",
        AllowLoop: lambda option: f"allow loop at most {option.times}",
    }
)


def _once(period: str | None) -> str:
    return "" if period is None else f" {period}" if period == "ever" else f" per {period}"


def _approval(item: Approval) -> str:
    label = f" {quote(item.label)}" if item.label is not None else ""
    lines = [f"approval {item.name.text} on {item.object.dotted}{label}"]
    if item.condition is not None:
        lines.append(print_lines(f"{INDENT}if ", item.condition))
    if item.priority is not None:
        lines.append(f"{INDENT}priority {item.priority}")
    if item.submitted_by:
        lines.append(f"{INDENT}submitted by {print_people(item.submitted_by)}")
    for step in item.steps:
        lines += _step(step)
    for decision in item.decisions:
        lines += [f"{INDENT}on {decision.outcome}", *print_actions(decision.actions, 2)]
    return "\n".join(lines + ([f"{INDENT}lock record"] if item.lock_record else []))


def _step(step: Step) -> list[str]:
    label = f" {quote(step.label)}" if step.label is not None else ""
    text = f"{INDENT}step {step.name.text}{label} by {_approvers(step)}"
    if step.entry is not None:
        text += f" if {print_expression(step.entry.condition)} else {step.entry.otherwise}"
    if step.deadline is not None:
        people = step.deadline.escalate_to
        timeout = f"escalate to {print_people(people)}" if people else step.deadline.otherwise
        text += f" within {_duration(step.deadline.within)} else {timeout}"
    if step.may_edit:
        text += f" may edit {', '.join(name.text for name in step.may_edit)}"
    lines = [text]
    for word, actions in (("after approval", step.after_approval), ("after rejection", step.after_rejection)):
        if actions:
            lines += [f"{INDENT * 2}{word}", *print_actions(actions, 3)]
    return lines


def _approvers(step: Step) -> str:
    if step.choice is ApproverChoice.CHOSEN_AT_SUBMIT:
        return "chosen at submit"
    if step.quorum is not None:
        return f"{step.quorum} of {print_people(step.approvers)}"
    word = "" if step.choice is ApproverChoice.EACH_LISTED else f"{step.choice} of "
    return f"{word}{print_people(step.approvers)}"
