"""Code for aggregates: the rows, and small functions of a row for `where`, the value taken and the order."""

from __future__ import annotations

import ast

from workflow_dsl.compiling import aggregation
from workflow_dsl.compiling.emission import EMPTY_CODE, Code, Emission, function_of, method, tuple_of, variable
from workflow_dsl.durations import Duration
from workflow_dsl.typed import Aggregate, AggregateKind, InverseSource
from workflow_dsl.types import Kind

_CONTEXT, _BUDGET = variable("c"), variable("b")
_SIMPLE = {
    AggregateKind.MIN: aggregation.least,
    AggregateKind.MAX: aggregation.greatest,
    AggregateKind.AVG: aggregation.mean,
    AggregateKind.COLLECT: aggregation.collected,
}


def emit_aggregate(em: Emission, node: Aggregate) -> Code:
    """Emit an aggregate."""
    em.loops = True
    row = f"r{node.level}"
    rows = _rows(em, node)
    where = function_of(em.condition(node.where), row) if node.where is not None else EMPTY_CODE
    if node.function is AggregateKind.COUNT:
        return Code(expr=em.call(aggregation.count, _BUDGET, rows, where), maybe_empty=False)
    if node.function is AggregateKind.EXISTS:
        return Code(expr=em.call(aggregation.exists, _BUDGET, rows, where), maybe_empty=False, is_bool=True)
    if node.inner is not None:
        inner = function_of(em.value(node.inner).expr, row)
    else:
        inner = function_of(method(variable(row), "get", em.constant("id")), row)
    common = (_CONTEXT, _BUDGET, rows, where, inner)
    if node.function in _SIMPLE:
        return Code(expr=em.call(_SIMPLE[node.function], *common))
    if node.function is AggregateKind.SUM:
        return Code(expr=em.call(aggregation.total, *common, em.constant(_zero(node))), maybe_empty=False)
    return _in_order(em, node, common, row)


def _in_order(em: Emission, node: Aggregate, common: tuple[ast.expr, ...], row: str) -> Code:
    assert node.sorted_by is not None
    key = function_of(em.value(node.sorted_by.path).expr, row)
    order = tuple_of([key, em.constant(node.sorted_by.descending)])
    if node.function is AggregateKind.JOIN:
        return Code(expr=em.call(aggregation.joined, *common, order, em.constant(node.separator)))
    last = em.constant(node.function is AggregateKind.LAST)
    return Code(expr=em.call(aggregation.edge, *common, order, last))


def _zero(node: Aggregate) -> object:
    assert node.inner is not None
    if node.inner.type.kind is Kind.MONEY:
        return None
    return Duration() if node.inner.type.kind is Kind.DURATION else 0


def _rows(em: Emission, node: Aggregate) -> ast.expr:
    source = node.source
    if isinstance(source, InverseSource):
        base = em.value(source.base).expr
        key = em.constant(source.holder)
        return em.call(aggregation.rows_of_list, _CONTEXT, base, key, em.constant(source.inverse.name))
    if source.given is not None:
        return em.call(aggregation.rows_given, _CONTEXT, em.constant(source.object), em.constant(source.given))
    return method(_CONTEXT, "records", em.constant(source.object))
