"""Code for what is computed: arithmetic by operand types, texts, `if`, `case`, `coalesce`, function calls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from workflow_dsl import operations, time_operations
from workflow_dsl.compiling.emission import (
    Code,
    Emission,
    function_of,
    is_not_none,
    tuple_of,
    variable,
)
from workflow_dsl.compiling.emit_paths import as_ref, emit_label
from workflow_dsl.compiling.emit_tests import equal
from workflow_dsl.dynamic_operations import dynamic
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed import (
    Arithmetic,
    CaseValue,
    Coalesce,
    FieldPath,
    FilledCount,
    FunctionCall,
    IfValue,
    LabelValue,
    ListValue,
    Negative,
    TextJoin,
    Typed,
)
from workflow_dsl.types import TEXT, Kind

_CONTEXT = variable("c")
_INLINE = {BinaryOp.ADD: ast.Add, BinaryOp.SUB: ast.Sub, BinaryOp.MUL: ast.Mult}
# Nested conditional expressions cost stack when they are compiled; longer chains become a loop over functions.
_LONGEST_NEST = 24


def emit_arithmetic(em: Emission, node: Arithmetic) -> Code:
    """Emit `+ - * /`."""
    left, right = em.value(node.left), em.value(node.right)
    if node.left.type.is_numeric and node.right.type.is_numeric and node.op in _INLINE:
        operator = _INLINE[node.op]()
        return em.guarded((left, right), lambda pair: ast.BinOp(left=pair[0], op=operator, right=pair[1]))
    return Code(expr=_called(em, node, left.expr, right.expr))


def _called(em: Emission, node: Arithmetic, left: ast.expr, right: ast.expr) -> ast.expr:
    at = em.constant(node.at)
    sign = em.constant(1 if node.op is BinaryOp.ADD else -1)
    kinds = (node.left.type.kind, node.right.type.kind)
    if Kind.UNKNOWN in kinds or Kind.EMPTY in kinds:
        return em.call(dynamic, _CONTEXT, em.constant(node.op.value), left, right, at)
    if node.op in (BinaryOp.ADD, BinaryOp.SUB):
        return _sum(em, kinds, left, right, sign, node)
    if node.op is BinaryOp.MUL:
        times = operations.money_times if Kind.MONEY in kinds else time_operations.duration_times
        return em.call(times, left, right)
    divide = {Kind.MONEY: operations.money_divide, Kind.DURATION: time_operations.duration_divide}
    return em.call(divide.get(kinds[0], operations.divide), _CONTEXT, left, right, at)


def _sum(
    em: Emission, kinds: tuple[Kind, Kind], left: ast.expr, right: ast.expr, sign: ast.expr, node: Arithmetic
) -> ast.expr:
    if Kind.MONEY in kinds:
        if kinds != (Kind.MONEY, Kind.MONEY):
            # One side is the number 0, which fits money.
            return em.call(dynamic, _CONTEXT, em.constant(node.op.value), left, right, em.constant(node.at))
        return em.call(operations.money_add, _CONTEXT, left, right, sign)
    if kinds == (Kind.DURATION, Kind.DURATION):
        return em.call(time_operations.duration_add, left, right, sign)
    if Kind.DURATION not in kinds:
        return em.call(time_operations.difference, left, right)
    if kinds[0] is Kind.DURATION:
        return em.call(time_operations.shift, _CONTEXT, right, left, sign)
    return em.call(time_operations.shift, _CONTEXT, left, right, sign)


def emit_negative(em: Emission, node: Negative) -> Code:
    """Emit unary minus."""
    operand = em.value(node.operand)
    if node.operand.type.is_numeric:
        return em.guarded((operand,), lambda ready: ast.UnaryOp(op=ast.USub(), operand=ready[0]))
    return Code(expr=em.call(operations.negate, operand.expr))


def emit_join(em: Emission, node: TextJoin) -> Code:
    """Emit `&` and texts with braces."""
    if not node.as_shown:
        return Code(expr=em.call(operations.join_texts, tuple_of([em.value(part).expr for part in node.operands])))
    parts = tuple_of([_shown(em, part) for part in node.operands])
    return Code(expr=em.call(operations.join_shown, _CONTEXT, parts))


def _shown(em: Emission, part: Typed) -> ast.expr:
    if isinstance(part, FieldPath) and part.type.kind is Kind.CHOICE and part.field is not None:
        return emit_label(em, LabelValue(type=TEXT, at=part.at, value=part)).expr
    value = em.value(part).expr
    if part.type.kind is Kind.RECORD:
        return em.call(operations.title_of, _CONTEXT, as_ref(em, value, part.type))
    if part.type.kind is Kind.PERCENT:
        return em.call(operations.shown_percent, value)
    return value


def emit_list(em: Emission, node: ListValue) -> Code:
    """Emit a list."""
    return Code(expr=tuple_of([em.value(item).expr for item in node.items]), maybe_empty=False)


def emit_if(em: Emission, node: IfValue) -> Code:
    """Emit `if(…)`."""
    test = em.condition(node.condition)
    then, otherwise = em.value(node.then), em.value(node.otherwise)
    return Code(
        expr=ast.IfExp(test=test, body=then.expr, orelse=otherwise.expr),
        maybe_empty=then.maybe_empty or otherwise.maybe_empty,
        is_bool=then.is_bool and otherwise.is_bool,
    )


def emit_case(em: Emission, node: CaseValue) -> Code:
    """Emit `case(…)`: the subject once, keys and values as far as needed."""
    subject = em.value(node.subject)
    first, again = em.bind(subject.expr)
    known = Code(expr=again, maybe_empty=subject.maybe_empty)
    branches = [
        (equal(em, known, node.subject.type, em.value(key), key.type), em.value(value).expr)
        for key, value in node.pairs
    ]
    default = em.value(node.default).expr
    if len(branches) > _LONGEST_NEST:
        pairs = tuple_of([tuple_of([function_of(test), function_of(value)]) for test, value in branches])
        chosen: ast.expr = em.call(_choose, pairs, function_of(default))
    else:
        chosen = default
        for test, value in reversed(branches):
            chosen = ast.IfExp(test=test, body=value, orelse=chosen)
    if first is again:
        return Code(expr=chosen)
    # The subject is computed before any key is compared: (subject, result)[1].
    return Code(expr=_sequence(first, chosen))


def _sequence(first: ast.expr, then: ast.expr) -> ast.expr:
    return ast.Subscript(value=tuple_of([first, then]), slice=ast.Constant(value=1), ctx=ast.Load())


def _choose(pairs: Sequence[tuple[Callable[[], bool], Callable[[], Any]]], default: Callable[[], Any]) -> Any:
    for test, value in pairs:
        if test():
            return value()
    return default()


def emit_coalesce(em: Emission, node: Coalesce) -> Code:
    """Emit `coalesce(…)`."""
    codes = [em.value(operand) for operand in node.operands]
    if len(codes) > _LONGEST_NEST:
        return Code(expr=em.call(_first_filled, tuple_of([function_of(code.expr) for code in codes])))
    result = codes[-1].expr
    for code in reversed(codes[:-1]):
        if not code.maybe_empty:
            result = code.expr
            continue
        first, again = em.bind(code.expr)
        result = ast.IfExp(test=is_not_none(first), body=again, orelse=result)
    return Code(expr=result, maybe_empty=all(code.maybe_empty for code in codes))


def _first_filled(values: Sequence[Callable[[], Any]]) -> Any:
    return next((value for value in (compute() for compute in values) if value is not None), None)


def emit_filled(em: Emission, node: FilledCount) -> Code:
    """Emit `filled(…)`."""
    values = tuple_of([em.value(operand).expr for operand in node.operands])
    return Code(expr=em.call(_count_filled, values), maybe_empty=False)


def _count_filled(values: Sequence[Any]) -> int:
    return sum(not operations.is_empty(value) for value in values)


def emit_call(em: Emission, node: FunctionCall) -> Code:
    """Emit a call of a registered function; with an empty argument it is not called unless it takes empties."""
    signature = node.signature
    before = [_CONTEXT] if signature.needs_context else []
    codes = [em.value(arg) for arg in node.args]
    codes = [
        Code(expr=as_ref(em, code.expr, arg.type), maybe_empty=code.maybe_empty)
        for code, arg in zip(codes, node.args, strict=True)
    ]
    if signature.takes_empty:
        return Code(expr=em.call(signature.implementation, *before, *(code.expr for code in codes)))
    guarded = em.guarded(codes, lambda ready: em.call(signature.implementation, *before, *ready))
    return Code(expr=guarded.expr)
