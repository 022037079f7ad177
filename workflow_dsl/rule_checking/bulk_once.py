"""`bulk once`: one run for all records of a batch. Its actions have no record of their own but the list `records`."""

from __future__ import annotations

from dataclasses import replace

from workflow_dsl.checked_rules import CheckedRule
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Bulk, Rule, RunAs
from workflow_dsl.types import Kind, Type, record_of

_RECORDS = "records"
_ONCE = "once"


def is_bulk_once(rule: Rule) -> bool:
    """Say whether a rule has the option."""
    return any(isinstance(option, Bulk) and option.mode == _ONCE for option in rule.options)


def for_batch(checking: RuleChecking, key: str | None) -> RuleChecking:
    """Give the state for the actions of such a rule: `records` instead of `this`. key: of the rule's object."""
    if key is None:
        return checking
    without = replace(checking, scope=replace(checking.scope, object=None, allows_old=False))
    return without.giving({_RECORDS: Type(kind=Kind.LIST, item=record_of(key))})


def check_bulk_once(checking: RuleChecking, rule: Rule, checked: CheckedRule) -> None:
    """Report what can't go with one run for many records."""
    option = next(each for each in rule.options if isinstance(each, Bulk))
    others = (checked.on_moment, checked.on_time, checked.on_held, checked.on_call, checked.on_approval)
    if not checked.on_record or any(others):
        message = "'bulk once' is for rules that saves of records start, and this one is started by something else too"
        checking.refuse("RUL454", message, option.at)
    elif rule.otherwise:
        checking.refuse("RUL454", "a rule with 'bulk once' has no 'else': it runs for the records that fit", option.at)
    elif checked.run_as is RunAs.OWNER:
        hint = "write 'as user' or 'as system'"
        checking.refuse("RUL454", "the records of a batch have more than one owner to act as", option.at, hint)
