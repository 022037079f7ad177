"""Checks `wait until`: its condition, what that depends on, its time-out; and the calendar that a rule counts by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from metamodel.apps import Metamodel
from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import CheckedAction, CheckedRule, CheckedWaitUntil
from workflow_dsl.reads import Reads
from workflow_dsl.rule_checking.dependence import everything_read
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Action, Span, UseCalendar, WaitUntil
from workflow_dsl.types import BOOLEAN, DURATION

CheckBlock = Callable[[RuleChecking, Sequence[Action], str], tuple[CheckedAction, ...]]


def check_wait_until(
    checking: RuleChecking, action: WaitUntil, path: str, check_block: CheckBlock
) -> CheckedAction | None:
    """Check `wait until … at most … on timeout … end`; check_block checks the actions of its block."""
    condition = checking.value(action.condition, BOOLEAN)
    at_most = checking.value(action.at_most, DURATION, "'at most'") if action.at_most is not None else None
    on_timeout = check_block(checking, action.on_timeout or (), f"{path}/timeout")
    if condition is None or (action.at_most is not None and at_most is None):
        return None
    reads = everything_read(checking, condition.reads)
    _warn_of_time(checking, condition.text, reads, action.condition.at)
    limit = f" at most {at_most.text}" if at_most is not None else ""
    return CheckedWaitUntil(
        path=path,
        text=f"wait until {condition.text}{limit}",
        at=action.at.location,
        condition=condition,
        awaited=awaited_by(checking.scope.metamodel, reads),
        at_most=at_most,
        on_timeout=on_timeout,
    )


def awaited_by(metamodel: Metamodel, reads: Reads) -> frozenset[tuple[str, str]]:
    """Give the objects whose saves may turn a condition, with the lookup fields by which their rows are found."""
    found = {(read.object, "") for read in (*reads.fields, *reads.lists)}
    for read in reads.fields:
        field_def = metamodel.objects[read.object].fields.get(read.field)
        if field_def is not None and field_def.relation is not None:
            found.add((read.object, read.field))
    return frozenset(found)


def use_calendar(checking: RuleChecking, rule: CheckedRule, option: UseCalendar) -> CheckedRule:
    """Take the calendar that business time of a rule counts by."""
    name, calendars = option.calendar, checking.scope.metamodel.calendars
    if name.text not in calendars:
        hint = did_you_mean(name.text, calendars) or "calendars are files of the folder calendars/"
        checking.refuse("RUL207", f"there is no calendar '{name.text}'", name.at, hint)
        return rule
    return replace(rule, calendar=name.text)


def _warn_of_time(checking: RuleChecking, text: str, reads: Reads, at: Span) -> None:
    found = " and ".join(name for name, is_read in (("now", reads.now), ("today", reads.today)) if is_read)
    if found:
        message = f"'{text}' reads {found}, and the run looks again only when a record that it reads is saved"
        checking.warn("RUL411", message, at, "write `at most` a time, or wait for the time itself")
