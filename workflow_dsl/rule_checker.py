"""Rules against the metamodel: every rule file of every app becomes checked rules, with all problems in one pass.

A rule with an error is left out of the result (a configuration with an error never becomes a release); what the
language has and this version can't run is reported as RUL9xx with its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from metamodel.apps import AppDef, Metamodel
from metamodel.names import did_you_mean
from metamodel.source import LocatedText, Problems
from workflow_dsl.checked_rules import CheckedRows, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checking.actions import check_actions
from workflow_dsl.rule_checking.later import LATER_ITEMS
from workflow_dsl.rule_checking.options import with_options
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.triggers import Triggers, check_triggers, trigger_objects
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import (
    EventTrigger,
    Item,
    Moment,
    Path,
    Rule,
    ScheduleTrigger,
)
from workflow_dsl.types import BOOLEAN, record_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRules:
    """The rules that are right, in the order of apps, files and lines, and the problems of all."""

    rules: tuple[CheckedRule, ...]
    problems: Problems


def check_all_rules(metamodel: Metamodel, functions: FunctionRegistry, actions: Iterable[str] = ()) -> CheckedRules:
    """Parse and check the rule files of all apps.

    actions: names of the actions that plugins offer (`call plugin.action`).
    """
    problems = Problems()
    rules: list[CheckedRule] = []
    keys: set[str] = set()
    known = frozenset(actions)
    for app in metamodel.apps:
        names: dict[str, Item] = {}
        for text in app.rule_files:
            parsed = parse_rules(text)
            problems.extend(parsed.problems)
            for item in parsed.items:
                _check_name(item, names, text, problems)
                rule = check_item(item, text, app.name, metamodel, functions, problems, known)
                if rule is not None:
                    key = rule.name if rule.name not in keys else f"{app.name}.{rule.name}"
                    keys.add(key)
                    rules.append(replace(rule, key=key))
        _check_labels(app, names, problems)
    return CheckedRules(rules=tuple(rules), problems=problems)


def _check_labels(app: AppDef, names: Collection[str], problems: Problems) -> None:
    """Make sure that translation files call rules by their names."""
    for name, label in app.rule_labels.items():
        if name not in names:
            message, hint = f"'{name}' is not one of the app's rules", did_you_mean(name, names)
            for _, text in label.texts:
                problems.report("APP461", message, text.at, hint=hint)


def _check_name(item: Item, names: dict[str, Item], text: LocatedText, problems: Problems) -> None:
    if not isinstance(item, Rule):
        return
    first = names.setdefault(item.name.text, item)
    if first is not item:
        message = f"there is a rule '{item.name.text}' in this app already, at {first.at.location}"
        problems.report("RUL206", message, item.name.at.location, length=item.name.at.length)


def check_item(
    item: Item,
    source: LocatedText,
    app: str,
    metamodel: Metamodel,
    functions: FunctionRegistry,
    problems: Problems,
    actions: frozenset[str] = frozenset(),
) -> CheckedRule | None:
    """Check one item of a rules file; None where it has an error, or is of a kind this version can't run."""
    scope = Scope(metamodel=metamodel, functions=functions, place="this rule")
    own = Problems()
    checking = RuleChecking(scope=scope, source=source, problems=own, actions=actions)
    checked = None
    if isinstance(item, Rule):
        checked = _check_rule(replace(checking, scope=replace(scope, place=f"rule '{item.name.text}'")), item, app)
    else:
        checking.not_available("RUL904", LATER_ITEMS[type(item)], item.at)
    problems.extend(own)
    return None if own.errors else checked


def _check_rule(checking: RuleChecking, rule: Rule, app: str) -> CheckedRule:
    each = _check_each(checking, rule)
    key = _rule_object(checking, rule, each)
    events = [t.event for t in rule.triggers if isinstance(t, EventTrigger)]
    before = any(isinstance(t, EventTrigger) and t.before for t in rule.triggers)
    scope = replace(checking.scope, object=key, allows_old=any(not isinstance(e, Moment) for e in events))
    checking = replace(checking, scope=scope, is_before=before)
    each_name = rule.each.variable.text if rule.each is not None and rule.each.variable is not None else None
    if each_name is not None and key is not None:
        checking = checking.giving({each_name: record_of(key)})
    triggers = check_triggers(checking, rule)
    condition = checking.value(rule.condition, BOOLEAN) if rule.condition is not None else None
    actions = check_actions(checking, rule.actions, "actions")
    otherwise = check_actions(checking, rule.otherwise, "else")
    checked = _assemble(checking, rule, app, key, triggers)
    checked = replace(
        checked,
        each=each,
        each_name=each_name,
        condition=condition,
        actions=actions,
        otherwise=otherwise,
        writes=frozenset(checking.writes),
    )
    return with_options(checking, checked, rule.options)


def _assemble(checking: RuleChecking, rule: Rule, app: str, key: str | None, triggers: Triggers) -> CheckedRule:
    return CheckedRule(
        key=rule.name.text,
        name=rule.name.text,
        label=rule.label,
        app=app,
        at=rule.name.at.location,
        text=checking.source.text[rule.at.start : rule.at.end],
        is_before=checking.is_before,
        object=key,
        on_record=tuple(triggers.on_record),
        on_moment=tuple(triggers.on_moment),
        on_time=tuple(triggers.on_time),
    )


def _check_each(checking: RuleChecking, rule: Rule) -> CheckedRows | None:
    each = rule.each
    if each is None:
        return None
    if not all(isinstance(trigger, ScheduleTrigger) for trigger in rule.triggers):
        checking.not_available("RUL901", "'for each' in the head of a rule that is not started by 'every'", each.at)
        return None
    if not _is_object(checking, each.source):
        checking.refuse_object(each.source)
        return None
    return check_rows(checking, each.source, each.where, action="for each", all_rows=True)


def _is_object(checking: RuleChecking, path: Path) -> bool:
    return checking.scope.metamodel.find_object(path.dotted) is not None


def _rule_object(checking: RuleChecking, rule: Rule, each: CheckedRows | None) -> str | None:
    objects = trigger_objects(checking, rule)
    if len(objects) > 1:
        named = " and ".join(object_def.key for object_def in objects)
        hint = "make a rule for each object"
        checking.refuse("RUL401", f"the triggers are about different objects ({named})", rule.triggers[1].at, hint)
    if objects:
        return objects[0].key
    return each.object if each is not None else None
