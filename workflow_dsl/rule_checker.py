"""Rules against the metamodel: every rule file of every app becomes checked rules, with all problems in one pass.

A rule with an error is left out of the result (a configuration with an error never becomes a release); what the
language has and this version can't run is reported as RUL9xx with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from metamodel.apps import AppDef, Metamodel
from metamodel.names import did_you_mean
from metamodel.source import LocatedText, Problems
from workflow_dsl.blueprints.expanding import told_at_use
from workflow_dsl.blueprints.library import NO_BLUEPRINTS, Library, gather_blueprints
from workflow_dsl.checked_rules import CheckedApproval, CheckedRows, CheckedRule
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checking.actions import check_actions
from workflow_dsl.rule_checking.approvals import DECISION_NAMES, check_approval
from workflow_dsl.rule_checking.bulk_once import check_bulk_once, for_batch, is_bulk_once
from workflow_dsl.rule_checking.calls import CALLS, check_buttons, given_by
from workflow_dsl.rule_checking.known_approvals import NO_APPROVALS, Approvals, known_approvals
from workflow_dsl.rule_checking.options import with_options
from workflow_dsl.rule_checking.rows import check_rows
from workflow_dsl.rule_checking.run_rule import check_called_rules
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.rule_checking.triggers import Triggers, check_triggers, trigger_objects
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import (
    Approval,
    ApprovalDecided,
    Blueprint,
    ButtonPressed,
    EventKind,
    EventTrigger,
    HasMatched,
    Item,
    Moment,
    Name,
    Path,
    RecordEvent,
    Rule,
    ScheduleTrigger,
    Use,
)
from workflow_dsl.types import BOOLEAN, record_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRules:
    """The rules that are right, in the order of apps, files and lines, and the problems of all."""

    rules: tuple[CheckedRule, ...]
    problems: Problems
    approvals: tuple[CheckedApproval, ...] = ()


def check_all_rules(
    metamodel: Metamodel, functions: FunctionRegistry, actions: Iterable[str] = (), events: Iterable[str] = ()
) -> CheckedRules:
    """Parse and check the rule files of all apps.

    actions: names of the actions that plugins offer (`call plugin.action`). events: names of what they tell of.
    """
    problems = Problems()
    rules: list[CheckedRule] = []
    keys: set[str] = set()
    known, told = frozenset(actions), frozenset(events)
    parsed = {app.name: [(text, parse_rules(text)) for text in app.rule_files] for app in metamodel.apps}
    library = gather_blueprints(
        (app, text, item) for app, files in parsed.items() for text, file in files for item in file.items
    )
    called = known_approvals(
        ((app, item) for app, files in parsed.items() for _, file in files for item in file.items), metamodel
    )
    approvals: list[CheckedApproval] = []
    names_of: dict[str, dict[str, Item]] = {}
    for app in metamodel.apps:
        names: dict[str, Item] = {}
        names_of[app.name] = names
        for text, file in parsed[app.name]:
            problems.extend(file.problems)
            for item in file.items:
                _check_name(item, names, problems)
                own = called[app.name]
                rule = check_item(item, text, app.name, metamodel, functions, problems, known, library, told, own)
                if isinstance(rule, CheckedApproval):
                    approvals.append(replace(rule, key=own[rule.name].key))
                elif rule is not None:
                    key = rule.name if rule.name not in keys else f"{app.name}.{rule.name}"
                    keys.add(key)
                    rules.append(replace(rule, key=key))
        _check_labels(app, names, problems)
    check_buttons(rules, problems)
    check_called_rules(rules, names_of, problems)
    return CheckedRules(rules=tuple(rules), problems=problems, approvals=tuple(approvals))


def _check_labels(app: AppDef, names: Mapping[str, Item], problems: Problems) -> None:
    """Make sure that translation files, and how long runs are kept, call rules by their names."""
    known = dict.fromkeys(each for name, item in names.items() for each in _labelled_parts(name, item))
    for name, label in app.rule_labels.items():
        if name not in known:
            message, hint = f"'{name}' is not one of the app's rules", did_you_mean(name, known)
            for _, text in label.texts:
                problems.report("APP461", message, text.at, hint=hint)
    for each in app.keep_runs_of:
        if each.rule not in names:
            message, hint = f"'{each.rule}' is not one of the app's rules", did_you_mean(each.rule, names)
            problems.report("APP461", message, each.at, hint=hint)


def _labelled_parts(name: str, item: Item) -> Iterator[str]:
    """Give what translations may name of an item: itself, an approval's steps, what a rule's buttons ask for."""
    own = name.removeprefix("approval ")
    yield own
    if isinstance(item, Approval):
        yield from (f"{own}.{step.name.text}" for step in item.steps)
    elif isinstance(item, Rule):
        events = (trigger.event for trigger in item.triggers if isinstance(trigger, EventTrigger))
        asked = (each for event in events if isinstance(event, ButtonPressed) for each in event.asking)
        yield from (f"{own}.{each.name.text}" for each in asked)


def _check_name(item: Item, names: dict[str, Item], problems: Problems) -> None:
    name = _name_of(item)
    what = {Blueprint: "blueprint", Approval: "approval"}.get(type(item), "rule")
    first = names.setdefault(name.text if what == "rule" else f"{what} {name.text}", item)
    if first is not item:
        called = f"{'an' if what == 'approval' else 'a'} {what} '{name.text}'"
        message = f"there is {called} in this app already, at {first.at.location}"
        problems.report("RUL206", message, name.at.location, length=name.at.length)


def _name_of(item: Item) -> Name:
    """Give the name that a rule will have, or that a blueprint is used by."""
    if isinstance(item, Use):
        return item.given_name or item.blueprint.names[-1]
    if isinstance(item, Blueprint):
        return item.rule.name
    return item.name


def check_item(
    item: Item,
    source: LocatedText,
    app: str,
    metamodel: Metamodel,
    functions: FunctionRegistry,
    problems: Problems,
    actions: frozenset[str] = frozenset(),
    blueprints: Library = NO_BLUEPRINTS,
    events: frozenset[str] = frozenset(),
    approvals: Approvals = NO_APPROVALS,
) -> CheckedRule | CheckedApproval | None:
    """Check one item of a rules file; None where it makes no rule: it has an error, is a blueprint, can't run yet."""
    scope = Scope(metamodel=metamodel, functions=functions, place="this rule")
    own = Problems()
    checking = RuleChecking(scope=scope, source=source, problems=own, actions=actions, events=events)
    checking = replace(checking, approvals=approvals)
    checked: CheckedRule | CheckedApproval | None = None
    if isinstance(item, Rule):
        checked = _check_rule(replace(checking, scope=replace(scope, place=f"rule '{item.name.text}'")), item, app)
    elif isinstance(item, Use):
        checked = _check_use(checking, item, app, blueprints)
    elif isinstance(item, Blueprint):
        blueprints.check(checking, item, app)
    elif isinstance(item, Approval):
        checked = check_approval(checking, item, app, check_actions)
    problems.extend(own)
    return None if own.errors else checked


def _check_use(checking: RuleChecking, use: Use, app: str, blueprints: Library) -> CheckedRule | None:
    made = blueprints.rule_of(checking, use, app)
    if made is None:
        return None
    expanded, declared = made
    rule, own = expanded.rule, Problems()
    scope = replace(checking.scope, place=f"rule '{rule.name.text}'")
    checked = _check_rule(replace(checking, scope=scope, source=expanded.text, problems=own), rule, app)
    checking.problems.extend(told_at_use(use, declared.blueprint, own))
    return replace(checked, at=(use.given_name or use.blueprint).at.location)


def _check_rule(checking: RuleChecking, rule: Rule, app: str) -> CheckedRule:
    each = _check_each(checking, rule)
    key = _rule_object(checking, rule, each)
    events = [t.event for t in rule.triggers if isinstance(t, EventTrigger)]
    before = any(isinstance(t, EventTrigger) and t.before for t in rule.triggers)
    of_saves = any(not isinstance(e, (Moment, HasMatched, *CALLS)) for e in events)
    scope = replace(checking.scope, object=key, allows_old=of_saves)
    goes = before and any(isinstance(e, RecordEvent) and e.kind is EventKind.DELETED for e in events)
    checking = replace(checking, scope=scope, is_before=before, goes=goes)
    each_name = rule.each.variable.text if rule.each is not None and rule.each.variable is not None else None
    if each_name is not None and key is not None:
        checking = checking.giving({each_name: record_of(key)})
    has_button = any(isinstance(event, ButtonPressed) for event in events)
    checking = replace(checking.giving(given_by(checking, rule)), has_button=has_button)
    if events and all(isinstance(event, ApprovalDecided) for event in events):
        checking = checking.giving(DECISION_NAMES)
    triggers = check_triggers(checking, rule)
    condition = checking.value(rule.condition, BOOLEAN) if rule.condition is not None else None
    is_once = is_bulk_once(rule) and not before
    doing = for_batch(checking, key) if is_once else checking
    actions = check_actions(doing, rule.actions, "actions")
    otherwise = check_actions(doing, rule.otherwise, "else")
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
    checked = with_options(doing, checked, rule.options)
    if is_once:
        check_bulk_once(checking, rule, checked)
    return checked


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
        on_held=tuple(triggers.on_held),
        on_time=tuple(triggers.on_time),
        on_approval=tuple(triggers.on_approval),
        on_call=tuple(triggers.on_call),
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
