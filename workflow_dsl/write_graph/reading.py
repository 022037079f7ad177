"""What a rule reads: every value of its triggers, conditions and actions, wherever it stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from workflow_dsl.checked_rules import CheckedRows, CheckedRule, CheckedValue
from workflow_dsl.reads import Read, Reads
from workflow_dsl.syntax import SyntaxNode
from workflow_dsl.typed import Typed

_TREES = (Typed, SyntaxNode, Reads)


def values_of(rule: CheckedRule) -> Iterator[CheckedValue | CheckedRows]:
    """Give every value that a rule reads, and the records it asks for."""
    return _values(rule)


def values_read_at_work(rule: CheckedRule) -> Iterator[CheckedValue]:
    """Give the values that a rule reads in its turn among others of one event.

    What starts an after rule is decided once, before any of them acts; a before rule's condition is asked in its turn.
    """
    if rule.is_before and rule.condition is not None:
        yield rule.condition
    for actions in (rule.actions, rule.otherwise):
        for action in actions:
            yield from (value for value in _values(action) if isinstance(value, CheckedValue))


def reads_of(rule: CheckedRule) -> frozenset[Read]:
    """Give the fields that a rule reads, of whatever object; of a list its own name."""
    found: set[Read] = set()
    for value in values_of(rule):
        found |= value.reads.fields | value.reads.lists
    return frozenset(found)


def _values(node: object) -> Iterator[CheckedValue | CheckedRows]:
    # The parts of checked rules are dataclasses and tuples of them; new kinds are read without being named here.
    if isinstance(node, CheckedValue | CheckedRows):
        yield node
        return
    if isinstance(node, tuple):
        for part in node:
            if is_dataclass(part) or isinstance(part, tuple):
                yield from _values(part)
    elif is_dataclass(node) and not isinstance(node, _TREES):
        for each in fields(node):
            yield from _values(getattr(node, each.name))
