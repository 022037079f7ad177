"""Checks the options at the end of a rule; each kind has its entry in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.rule_checking.control_options import CONTROL_OPTIONS
from workflow_dsl.rule_checking.later import LATER_OPTIONS
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.waiting import use_calendar
from workflow_dsl.syntax import AllowLoop, Bulk, Inactive, Missed, Option, Priority, Retry, RunsAs, UseCalendar

Apply = Callable[[RuleChecking, CheckedRule, Any], CheckedRule]
"""Gives the rule with an option; reports what is wrong with it."""

_IN_BEFORE = frozenset((Priority, Inactive))


def with_options(checking: RuleChecking, rule: CheckedRule, options: tuple[Option, ...]) -> CheckedRule:
    """Give a rule with its options; what is wrong with them is reported."""
    seen: set[type[Option]] = set()
    for option in options:
        kind = type(option)
        if kind in seen:
            checking.refuse("RUL409", "this option is given twice", option.at)
        seen.add(kind)
        later = LATER_OPTIONS.get(kind)
        if later is not None:
            checking.not_available("RUL903", later, option.at)
            continue
        if checking.is_before and kind not in _IN_BEFORE:
            checking.refuse("RUL413", "a before rule runs inside the save; this option is for after rules", option.at)
        rule = _OPTIONS[kind](checking, rule, option)
    return rule


_OPTIONS: Mapping[type[Option], Apply] = MappingProxyType(
    {
        **CONTROL_OPTIONS,
        Bulk: lambda checking, rule, option: replace(rule, bulk=option.mode),
        Priority: lambda checking, rule, option: replace(rule, priority=option.value),
        Inactive: lambda checking, rule, option: replace(rule, active=False),
        RunsAs: lambda checking, rule, option: replace(rule, run_as=option.who),
        Retry: lambda checking, rule, option: replace(rule, retries=option.times),
        Missed: lambda checking, rule, option: replace(rule, missed=option.mode),
        UseCalendar: use_calendar,
        AllowLoop: lambda checking, rule, option: replace(rule, loop_limit=option.times),
    }
)
