"""Rules that can never match: conditions and triggers that contradict themselves or each other."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.apps import Metamodel
from metamodel.fields import ChoiceDef
from metamodel.source import Location, Problem, Severity
from workflow_dsl.checked_rules import CheckedForEach, CheckedIf, CheckedRule, CheckedValue, RecordTrigger
from workflow_dsl.typed import Conjunction, Constant, Typed
from workflow_dsl.write_graph.alternatives import Alternatives, Facts, Key, both, clash_of, joined_facts
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.domains import Domain
from workflow_dsl.write_graph.facts import FactFinder
from workflow_dsl.write_graph.writes import all_actions

_CODE = "RUL424"


def never_matching(metamodel: Metamodel, arcs: Arcs, rule: CheckedRule) -> Iterator[Problem]:
    """Give the warnings about what of a rule can never hold."""
    condition = rule.condition
    if condition is not None and not arcs.facts.of(condition.typed):
        why = _why(arcs.facts, condition.typed)
        yield _warning(f"the condition of '{rule.key}' never holds{why}", condition)
        return
    told = False
    for trigger in rule.on_record:
        problem = _trigger(metamodel, arcs, rule, trigger)
        if problem is not None:
            told = True
            yield problem
    if not told:
        yield from _inside(arcs, rule)


def _trigger(metamodel: Metamodel, arcs: Arcs, rule: CheckedRule, trigger: RecordTrigger) -> Problem | None:
    facts = arcs.trigger_facts(trigger)
    if not facts:
        said = trigger.match or trigger.after or trigger.before
        why = _why(arcs.facts, trigger.match.typed) if trigger.match is not None else ""
        return _at(f"'{trigger.text}' never happens{why}", said, rule)
    forbidden = _transition(metamodel, rule, trigger)
    if forbidden:
        return _at(f"'{trigger.text}' never happens: {forbidden}", trigger.after, rule)
    condition = rule.condition
    if condition is None or rule.otherwise:
        return None
    wanted = arcs.facts.of(condition.typed)
    if both(facts, wanted):
        return None
    why = _between(facts, wanted)
    return _warning(f"the condition of '{rule.key}' never holds when '{trigger.text}'{why}", condition)


def _transition(metamodel: Metamodel, rule: CheckedRule, trigger: RecordTrigger) -> str:
    """Say what keeps a choice from going from one option to another."""
    before, after = _constant(trigger.before), _constant(trigger.after)
    object_def = metamodel.objects.get(trigger.object)
    field = object_def.fields.get(trigger.field or "") if object_def is not None else None
    choice = field.choice if field is not None else None
    if rule.is_before or choice is None or not isinstance(before, str) or not isinstance(after, str):
        return ""
    return _allowed(choice, before, after)


def _allowed(choice: ChoiceDef, before: str, after: str) -> str:
    following = choice.allowed_next(before)
    if following is None or after in following:
        return ""
    named = ", ".join(f"'{each}'" for each in following)
    return f"from '{before}' the transitions lead to {named}" if named else f"no transition leads away from '{before}'"


def _constant(value: CheckedValue | None) -> object:
    return value.typed.value if value is not None and isinstance(value.typed, Constant) else None


def _inside(arcs: Arcs, rule: CheckedRule) -> Iterator[Problem]:
    """Look at the conditions within the actions, each for itself: what was set before may have changed the record."""
    for action in all_actions(rule):
        if isinstance(action, CheckedIf) and not arcs.facts.of(action.condition.typed):
            why = _why(arcs.facts, action.condition.typed)
            yield _warning(f"'{action.text}' never holds{why}", action.condition)
        elif isinstance(action, CheckedForEach) and _has_no_rows(arcs.facts, action.rows.many):
            yield _plain(f"'{action.text}' has no rows: its 'where' never holds", action.at, len(action.text))
    if rule.each is not None and _has_no_rows(arcs.facts, rule.each.many):
        yield _plain(f"'{rule.key}' is for no record: its 'where' never holds", rule.at, len(rule.name))


def _has_no_rows(facts: FactFinder, rows: Typed | None) -> bool:
    where = getattr(rows, "where", None)
    return where is not None and not facts.of(where)


def _why(facts: FactFinder, condition: Typed) -> str:
    """Say which two parts of a condition contradict each other, where two alone do."""
    if not isinstance(condition, Conjunction):
        return ""
    parts = [facts.of(operand) for operand in condition.operands]
    for number, part in enumerate(parts):
        for other in parts[:number]:
            if part and other and not both(other, part):
                return _between(other, part)
    return ""


def _between(one: Alternatives, other: Alternatives) -> str:
    if len(one) != 1 or len(other) != 1:
        return ""
    clash = clash_of(one[0], other[0])
    if clash is None:
        return _of_changes(one[0], other[0])
    key, left, right = clash
    return f": {_path(key)} can't be {left} and {right} at once" if _is_said(key, left, right) else ""


def _is_said(key: Key, left: Domain, right: Domain) -> bool:
    return key[0] in ("this", "old") and str(left) != str(right)


def _of_changes(one: Facts, other: Facts) -> str:
    changed = next((key for key in (*one, *other) if key[0] == "changed"), None)
    if changed is not None and joined_facts(one, other) is None:
        return f": {'.'.join(changed[2:])} does not change then"
    return ""


def _path(key: Key) -> str:
    return ".".join(key[1:] if key[0] == "this" else key)


def _at(message: str, value: CheckedValue | None, rule: CheckedRule) -> Problem:
    return _warning(message, value) if value is not None else _plain(message, rule.at, len(rule.name))


def _warning(message: str, value: CheckedValue) -> Problem:
    return _plain(message, value.typed.at.location, value.typed.at.length)


def _plain(message: str, at: Location, length: int) -> Problem:
    hint = "change what contradicts itself, or leave the rule out"
    return Problem(code=_CODE, message=message, at=at, hint=hint, severity=Severity.WARNING, length=length)
