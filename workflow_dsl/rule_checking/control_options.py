"""Checks the options that hold runs back or follow their failure: mode, once per record, limit, on failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.rule_checking.actions import check_actions
from workflow_dsl.rule_checking.failure_parts import ERROR, check_failure_parts
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Limit, Mode, OncePerRecord, OnFailure, Option
from workflow_dsl.types import UNKNOWN

EVER = "ever"


def _mode(checking: RuleChecking, rule: CheckedRule, option: Mode) -> CheckedRule:
    return replace(rule, mode=option.mode)


def _once(checking: RuleChecking, rule: CheckedRule, option: OncePerRecord) -> CheckedRule:
    if rule.object is None:
        message = "the rule has no record of its own that it could run once for"
        checking.refuse("RUL415", message, option.at, "write 'limit 1 per day', or give it records by 'for each'")
    return replace(rule, once=option.period or EVER)


def _limit(checking: RuleChecking, rule: CheckedRule, option: Limit) -> CheckedRule:
    return replace(rule, limit=option.count, limit_unit=option.unit)


def _on_failure(checking: RuleChecking, rule: CheckedRule, option: OnFailure) -> CheckedRule:
    own = checking.scope.metamodel.objects.get(checking.scope.object or "")
    if own is not None and (ERROR in own.fields or ERROR in own.inverses):
        message = f"'{ERROR}' is a field or list of {own.key} too; in 'on failure' the failure goes first"
        checking.warn("RUL408", message, option.at)
    check_failure_parts(checking, option)
    inner = checking.giving({ERROR: UNKNOWN})
    checked = check_actions(inner, option.actions, "failure")
    return replace(rule, on_failure=checked, writes=frozenset(checking.writes))


CONTROL_OPTIONS: Mapping[type[Option], Callable[[RuleChecking, CheckedRule, Any], CheckedRule]] = MappingProxyType(
    {Mode: _mode, OncePerRecord: _once, Limit: _limit, OnFailure: _on_failure}
)
