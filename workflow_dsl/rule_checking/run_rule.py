"""Checks `run rule`: that there is such a rule, that it can be run, and that the record is one of its object.

Which rules there are is known when all are read, so the names are looked at then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from metamodel.names import did_you_mean
from metamodel.source import Problems, Severity
from workflow_dsl.checked_rules import CheckedAction, CheckedRule, CheckedRunRule
from workflow_dsl.rule_checking.record_actions import own_object
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Action, RunRule


def _check_run_rule(checking: RuleChecking, action: RunRule, path: str) -> CheckedAction | None:
    rows = None
    if action.target is not None:
        rows = check_rows(checking, action.target, None, action="run rule", chooses=False)
        if rows is None:
            return None
        if rows.object is None:
            message = f"'{action.target.dotted}' may be of several objects, and a rule is about one"
            checking.refuse("RUL405", message, action.target.at, "follow a lookup to one object")
            return None
        key = rows.object
    else:
        own = own_object(checking, action, "run rule")
        if own is None:
            return None
        key = own.key
    text, name = checking.text_of(action.at), action.rule
    return CheckedRunRule(path=path, text=text, at=name.at.location, rule=name.text, object=key, rows=rows)


def check_called_rules(rules: Iterable[CheckedRule], names: Mapping[str, Collection[str]], problems: Problems) -> None:
    """Look at the rules that others run. names: of all rules by app, also of those that have mistakes."""
    known = tuple(rules)
    for rule in known:
        for block in (rule.actions, rule.otherwise):
            for action in block:
                for call in _calls(action):
                    _check_call(call, rule, known, names, problems)


def _check_call(
    call: CheckedRunRule,
    caller: CheckedRule,
    known: tuple[CheckedRule, ...],
    names: Mapping[str, Collection[str]],
    problems: Problems,
) -> None:
    # The app's own rule of that name goes before one of another app.
    named = sorted((each for each in known if each.name == call.rule), key=lambda each: each.app != caller.app)
    length = len(call.rule)
    if not named:
        everywhere = {name for each in names.values() for name in each}
        if call.rule not in everywhere:
            hint = did_you_mean(call.rule, everywhere)
            problems.report("RUL451", f"'{call.rule}' is not a rule", call.at, hint=hint, length=length)
        return
    found = named[0]
    if found.is_before:
        hint = "it runs in each save of its record; make what both need a rule with 'when'"
        problems.report("RUL451", f"'{call.rule}' is a before rule", call.at, hint=hint, length=length)
    elif found.object != call.object:
        message = f"'{call.rule}' is about {_a(found.object)}, and this is {_a(call.object)}"
        problems.report("RUL451", message, call.at, hint="name its record: run rule … on …", length=length)
    elif not found.active:
        message = f"'{call.rule}' is inactive: it will not run"
        problems.report("RUL451", message, call.at, severity=Severity.WARNING, length=length)


def _a(object_key: str | None) -> str:
    return "no record" if object_key is None else f"a record of {object_key}"


def _calls(action: CheckedAction) -> Iterator[CheckedRunRule]:
    """Give the calls in an action, in whichever blocks they stand."""
    if isinstance(action, CheckedRunRule):
        yield action
    for part in fields(action):
        block = getattr(action, part.name)
        if isinstance(block, tuple):
            for each in block:
                if isinstance(each, CheckedAction):
                    yield from _calls(each)


RUN_RULE_CHECKS: Mapping[type[Action], Callable[[RuleChecking, Any, str], CheckedAction | None]] = MappingProxyType(
    {RunRule: _check_run_rule}
)
