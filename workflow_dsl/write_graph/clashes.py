"""Rules that one event starts and that get into each other's way: both set a field, or one reads what the other sets.

Rules whose priorities differ have an order that their author chose; rules whose conditions exclude each other never
meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from metamodel.source import Location, Problem, Severity
from workflow_dsl.checked_rules import CheckedRule, CheckedValue, RecordTrigger
from workflow_dsl.syntax import EventKind
from workflow_dsl.typed import Constant, FieldPath, RootKind
from workflow_dsl.typed_walk import walk
from workflow_dsl.write_graph.alternatives import Alternatives, both, either
from workflow_dsl.write_graph.arcs import Arcs
from workflow_dsl.write_graph.decisions import is_decision
from workflow_dsl.write_graph.reading import values_read_at_work
from workflow_dsl.write_graph.writes import OWN, Write, WriteKind

_MOST_COMPARED = 12
_SETTING = (WriteKind.UPDATE, WriteKind.MERGE)
_FIRST = "actions/0"
_ORDERED = "give them different priorities, let their conditions exclude each other, or make one rule of them"


class ClashFinder:
    """Finds fields with two writers on one event, and results that depend on the order of rules."""

    def __init__(self, arcs: Arcs, rules: Sequence[CheckedRule], writes: Iterable[Write]) -> None:
        self._arcs = arcs
        self._rules = rules
        self._writers: dict[tuple[bool, int, str, str, str], list[Write]] = defaultdict(list)
        for write in writes:
            if write.kind in _SETTING and write.target and (write.rule.on_record or write.rule.on_approval):
                for name in write.values:
                    key = (write.rule.is_before, write.rule.priority, write.object, write.target, name)
                    self._writers[key].append(write)

    def problems(self) -> Iterator[Problem]:
        """Give the warnings."""
        for key, writes in self._writers.items():
            yield from self._two_writers(writes, key[-1])
        for rule in self._rules:
            yield from self._order(rule)

    def _two_writers(self, writes: Sequence[Write], name: str) -> Iterator[Problem]:
        told: set[str] = set()
        for number, write in enumerate(writes):
            for other in writes[max(0, number - _MOST_COMPARED) : number]:
                if write.rule.key not in told and self._collide(other, write, name):
                    told.add(write.rule.key)
                    field = f"{write.object}.{name}"
                    message = (
                        f"'{write.rule.key}' sets {field}, and so does {_named(other.rule, other.at)}, on one event"
                    )
                    yield _warning("RUL422", message, write.at, _ORDERED, len(write.text))

    def _collide(self, one: Write, other: Write, name: str) -> bool:
        if one.rule.key == other.rule.key or one.rule.object != other.rule.object:
            return False
        if one.kind is other.kind is WriteKind.MERGE:
            return False  # each takes what the survivor lacks
        left, right = one.values[name], other.values[name]
        if left is not None and right is not None and _is_same_constant(left, right):
            return False
        return share_event(one.rule, other.rule) and bool(self._meet(one, other))

    def _meet(self, one: Write, other: Write) -> Alternatives:
        return both(self._arcs.guards(one), self._arcs.guards(other))

    def _order(self, rule: CheckedRule) -> Iterator[Problem]:
        if rule.object is None or not (rule.on_record or rule.on_approval):
            return
        told: set[str] = set()
        for value in values_read_at_work(rule):
            for name in sorted(value.reads.own - told):
                setter = self._setter(rule, name)
                if setter is not None:
                    told.add(name)
                    yield _reading(rule, name, value, setter)

    def _setter(self, rule: CheckedRule, name: str) -> Write | None:
        """Give a write of another rule that may come before or after this one reads the field."""
        key = (rule.is_before, rule.priority, rule.object or "", OWN, name)
        writers = self._writers.get(key, ())
        if any(write.rule.key == rule.key for write in writers):
            return None  # the two writers are told
        for write in writers[:_MOST_COMPARED]:
            if is_decision(write.rule) and write.path == _FIRST:
                continue  # what stands first in a block is saved with the decision, before any rule
            if write.rule.object == rule.object and share_event(write.rule, rule) and self._both_run(write, rule):
                return write
        return None

    def _both_run(self, write: Write, rule: CheckedRule) -> bool:
        if rule.is_before:
            # The condition of a before rule is asked after the other has set the field, so it excludes nothing.
            return True
        if not rule.on_record:
            return True
        head = either(*(self._arcs.head(rule, trigger) for trigger in rule.on_record))
        return bool(both(self._arcs.guards(write), head))


def share_event(one: CheckedRule, other: CheckedRule) -> bool:
    """Say whether one event can start both rules: a creation, a deletion, a change of one field, a decision."""
    if {(each.approval, each.outcome) for each in one.on_approval} & {
        (each.approval, each.outcome) for each in other.on_approval
    }:
        return True
    for left in one.on_record:
        for right in other.on_record:
            if left.object != right.object:
                continue
            shared = left.kinds & right.kinds
            if (left.field is None and left.match is None) or (right.field is None and right.match is None):
                if shared:
                    return True
            elif EventKind.UPDATED in shared and _fields(left) & _fields(right):
                return True
    return False


def _fields(trigger: RecordTrigger) -> frozenset[str]:
    return trigger.watched if trigger.field is None else frozenset((trigger.field,))


def _is_same_constant(one: CheckedValue, other: CheckedValue) -> bool:
    left, right = one.typed, other.typed
    return isinstance(left, Constant) and isinstance(right, Constant) and left.value == right.value


def _reading(rule: CheckedRule, name: str, value: CheckedValue, setter: Write) -> Problem:
    at, length = rule.at, len(rule.name)
    for node in walk(value.typed):
        is_own = isinstance(node, FieldPath) and node.root.kind is RootKind.THIS
        if is_own and isinstance(node, FieldPath) and node.field is not None and node.field.name == name:
            at, length = node.at.location, node.at.length
            break
    who = _named(setter.rule, setter.at)
    read = f"it reads {rule.object}.{name}, which {who} sets on the same event"
    message = f"what '{rule.key}' does depends on the order of rules: {read}"
    return _warning("RUL423", message, at, "give the one that comes first the lower priority", length)


def _named(rule: CheckedRule, at: Location) -> str:
    return f"'{rule.key}' ({at.file}:{at.line})"


def _warning(code: str, message: str, at: Location, hint: str, length: int) -> Problem:
    return Problem(code=code, message=message, at=at, hint=hint, severity=Severity.WARNING, length=length)
