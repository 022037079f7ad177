"""Walks typed trees: the parts of a node, and which roots (record, row, user …) its value depends on.

A back end uses the latter to compute in advance what does not depend on the row at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from workflow_dsl.typed import (
    Aggregate,
    Arithmetic,
    BetweenTest,
    CaseValue,
    ChangedTest,
    Coalesce,
    Comparison,
    Conjunction,
    Disjunction,
    EmptyTest,
    FieldPath,
    FilledCount,
    FunctionCall,
    IfValue,
    InverseSource,
    LabelValue,
    ListValue,
    LookupRecord,
    Membership,
    Negation,
    Negative,
    NewTest,
    ObjectTest,
    PatternTest,
    PeriodTest,
    RoleTest,
    RootKind,
    TextJoin,
    TextTest,
    Typed,
)


def parts_of(node: Typed) -> tuple[Typed, ...]:
    """Give the parts a node is computed from, in the order they are written; an aggregate's rows are among them."""
    parts = _PARTS.get(type(node))
    return parts(node) if parts is not None else ()


def walk(node: Typed) -> Iterator[Typed]:
    """Give a node and everything below it."""
    yield node
    for part in parts_of(node):
        yield from walk(part)


def roots_of(node: Typed) -> frozenset[RootKind]:
    """Give the roots that a value depends on; the rows of its own aggregates don't count."""
    return frozenset(_roots(node, frozenset()))


def _roots(node: Typed, own_levels: frozenset[int]) -> Iterator[RootKind]:
    if isinstance(node, FieldPath):
        if node.root.kind is not RootKind.ROW or node.root.level not in own_levels:
            yield node.root.kind
        return
    if isinstance(node, NewTest):
        yield RootKind.OLD
    if isinstance(node, Aggregate):
        if isinstance(node.source, InverseSource):
            yield from _roots(node.source.base, own_levels)
        elif node.source.given is not None:
            yield RootKind.GIVEN
        own_levels |= {node.level}
        for part in (node.where, node.inner):
            if part is not None:
                yield from _roots(part, own_levels)
        return
    for part in parts_of(node):
        yield from _roots(part, own_levels)


def _aggregate(node: Aggregate) -> tuple[Typed, ...]:
    base = (node.source.base,) if isinstance(node.source, InverseSource) else ()
    order = (node.sorted_by.path,) if node.sorted_by is not None else ()
    return (*base, *(part for part in (node.where, node.inner) if part is not None), *order)


def _case(node: CaseValue) -> tuple[Typed, ...]:
    return (node.subject, *(part for pair in node.pairs for part in pair), node.default)


_PARTS: Mapping[type[Typed], Callable[[Any], tuple[Typed, ...]]] = MappingProxyType(
    {
        Aggregate: _aggregate,
        Arithmetic: lambda node: (node.left, node.right),
        BetweenTest: lambda node: (node.value, node.low, node.high),
        CaseValue: _case,
        ChangedTest: lambda node: (node.value, node.old_value),
        Coalesce: lambda node: node.operands,
        Comparison: lambda node: (node.left, node.right),
        Conjunction: lambda node: node.operands,
        Disjunction: lambda node: node.operands,
        EmptyTest: lambda node: (node.value,),
        FilledCount: lambda node: node.operands,
        FunctionCall: lambda node: node.args,
        IfValue: lambda node: (node.condition, node.then, node.otherwise),
        LabelValue: lambda node: (node.value,),
        ListValue: lambda node: node.items,
        LookupRecord: lambda node: (node.value,),
        Membership: lambda node: (node.value, node.items),
        Negation: lambda node: (node.operand,),
        Negative: lambda node: (node.operand,),
        ObjectTest: lambda node: (node.value,),
        PatternTest: lambda node: (node.value,),
        PeriodTest: lambda node: (node.value,),
        RoleTest: lambda node: (node.user, node.roles),
        TextJoin: lambda node: node.operands,
        TextTest: lambda node: (node.value, node.part),
    }
)
