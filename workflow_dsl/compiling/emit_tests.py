"""Code for what is true or false: comparisons by operand types, `in`, `between`, periods, texts, and, or, not."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType

import re2

from workflow_dsl import operations, time_operations
from workflow_dsl.compiling.emission import (
    Code,
    Emission,
    all_of,
    any_of,
    attribute,
    compare,
    is_none,
    negated,
    variable,
)
from workflow_dsl.compiling.emit_paths import as_ref
from workflow_dsl.syntax import BinaryOp
from workflow_dsl.typed import (
    BetweenTest,
    ChangedTest,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    EmptyTest,
    ListValue,
    Membership,
    Negation,
    NewTest,
    ObjectTest,
    PatternTest,
    PeriodTest,
    RoleTest,
    TextTest,
)
from workflow_dsl.types import NUMERIC, Kind, Type

_CONTEXT = variable("c")
_HASHED = NUMERIC | {Kind.TEXT, Kind.CHOICE, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.BOOLEAN}
_ORDERING: Mapping[BinaryOp, type[ast.cmpop]] = MappingProxyType(
    {BinaryOp.LT: ast.Lt, BinaryOp.LE: ast.LtE, BinaryOp.GT: ast.Gt, BinaryOp.GE: ast.GtE}
)


def _test(expr: ast.expr, *, negate: bool = False) -> Code:
    return Code(expr=negated(expr) if negate else expr, maybe_empty=False, is_bool=True)


def equal(em: Emission, left: Code, left_type: Type, right: Code, right_type: Type) -> ast.expr:
    """Give code for `=`: two empties are equal, an empty and a value are not."""
    kinds = {left_type.kind, right_type.kind}
    if Kind.MONEY in kinds and not kinds & {Kind.EMPTY}:
        return em.call(operations.money_equal, _CONTEXT, left.expr, right.expr)
    first, second = _comparable(em, left, left_type, right, right_type)
    if isinstance(second.expr, ast.Constant) and second.expr.value is None:
        return is_none(first.expr)
    return compare(first.expr, ast.Eq(), second.expr)


def _comparable(em: Emission, left: Code, left_type: Type, right: Code, right_type: Type) -> tuple[Code, Code]:
    if Kind.DURATION in (left_type.kind, right_type.kind):
        return _length(em, left), _length(em, right)
    records = left_type.kind is Kind.RECORD and right_type.kind is Kind.RECORD
    if records and left_type.polymorphic != right_type.polymorphic:
        return (
            Code(expr=as_ref(em, left.expr, left_type), maybe_empty=left.maybe_empty),
            Code(expr=as_ref(em, right.expr, right_type), maybe_empty=right.maybe_empty),
        )
    return left, right


def _length(em: Emission, code: Code) -> Code:
    return Code(expr=em.call(time_operations.length, code.expr), maybe_empty=code.maybe_empty)


def _ordered(em: Emission, op: BinaryOp, left: Code, left_type: Type, right: Code, right_type: Type) -> Code:
    """Give code for `<` and its like: false with an empty."""
    kinds = {left_type.kind, right_type.kind}
    if Kind.EMPTY in kinds:
        return _test(ast.Constant(value=False))
    if Kind.MONEY in kinds:
        swap = op in (BinaryOp.GT, BinaryOp.GE)
        first, second = (right, left) if swap else (left, right)
        or_equal = em.constant(op in (BinaryOp.LE, BinaryOp.GE))
        return _test(em.call(operations.money_less, _CONTEXT, first.expr, second.expr, or_equal))
    left, right = _comparable(em, left, left_type, right, right_type)
    return em.tested((left, right), lambda pair: compare(pair[0], _ORDERING[op](), pair[1]))


def emit_comparison(em: Emission, node: Comparison) -> Code:
    """Emit `= != < <= > >=`."""
    left, right = em.value(node.left), em.value(node.right)
    if node.op in _ORDERING:
        return _ordered(em, node.op, left, node.left.type, right, node.right.type)
    test = equal(em, left, node.left.type, right, node.right.type)
    return _test(test, negate=node.op is BinaryOp.NE)


def emit_between(em: Emission, node: BetweenTest) -> Code:
    """Emit `between`: both bounds included."""
    value = em.value(node.value)
    first, again = em.bind(value.expr)
    low, high = em.value(node.low), em.value(node.high)
    low_test = _ordered(em, BinaryOp.GE, Code(expr=first, maybe_empty=value.maybe_empty), node.value.type, low,
                        node.low.type)  # fmt: skip
    # The first test has computed the value, or has already failed.
    known = Code(expr=again, maybe_empty=value.maybe_empty)
    high_test = _ordered(em, BinaryOp.LE, known, node.value.type, high, node.high.type)
    return _test(all_of([low_test.expr, high_test.expr]))


def emit_membership(em: Emission, node: Membership) -> Code:
    """Emit `in`: a chain of `=`."""
    value = em.value(node.value)
    items = node.items
    if not isinstance(items, ListValue):
        return _test(em.call(_is_among, value.expr, em.value(items).expr), negate=node.negated)
    if not items.items:
        return _test(ast.Constant(value=node.negated))
    constants = _hashed_constants(node.value.type, items)
    if constants is not None:
        operator = ast.NotIn() if node.negated else ast.In()
        return _test(compare(value.expr, operator, em.constant(constants)))
    first, again = em.bind(value.expr)
    tests = []
    for index, item in enumerate(items.items):
        known = Code(expr=first if index == 0 else again, maybe_empty=value.maybe_empty)
        tests.append(equal(em, known, node.value.type, em.value(item), item.type))
    return _test(any_of(tests), negate=node.negated)


def _hashed_constants(type_: Type, items: ListValue) -> frozenset[object] | None:
    if type_.kind not in _HASHED:
        return None
    if not all(
        isinstance(item, Constant) and (item.value is None or item.type.kind in _HASHED) for item in items.items
    ):
        return None
    return frozenset(item.value for item in items.items if isinstance(item, Constant))


def _is_among(value: object, items: object) -> bool:
    return isinstance(items, list | tuple) and value in items


def emit_period(em: Emission, node: PeriodTest) -> Code:
    """Emit `in last 30 days`."""
    test = em.call(time_operations.in_period, _CONTEXT, em.value(node.value).expr, em.constant(node.period))
    return _test(test, negate=node.negated)


def emit_empty_test(em: Emission, node: EmptyTest) -> Code:
    """Emit `is empty`."""
    value = em.value(node.value).expr
    if node.value.type.kind in (Kind.LIST, Kind.UNKNOWN):
        return _test(em.call(operations.is_empty, value), negate=node.negated)
    return _test(is_none(value), negate=node.negated)


def emit_changed(em: Emission, node: ChangedTest) -> Code:
    """Emit `is changed`."""
    value, old = em.value(node.value), em.value(node.old_value)
    type_ = node.value.type
    if type_.kind is Kind.MONEY:
        # A change of the currency alone is a change too, so money is compared as it is stored.
        same = compare(value.expr, ast.Eq(), old.expr)
    else:
        same = equal(em, value, type_, old, type_)
    return _test(same, negate=not node.negated)


def emit_new(em: Emission, node: NewTest) -> Code:
    """Emit `is_new()`."""
    return _test(is_none(attribute(_CONTEXT, "old")))


def emit_object_test(em: Emission, node: ObjectTest) -> Code:
    """Emit `about is a contact`."""
    targets = node.value.type.objects
    target = em.constant(targets[0] if targets else "")
    return _test(em.call(operations.is_object, em.value(node.value).expr, em.constant(node.object), target))


def emit_role_test(em: Emission, node: RoleTest) -> Code:
    """Emit `user has role "manager"`."""
    return _test(em.call(operations.has_role, _CONTEXT, em.value(node.user).expr, em.value(node.roles).expr))


_TEXT_TESTS = MappingProxyType(
    {
        BinaryOp.CONTAINS: operations.contains,
        BinaryOp.STARTS_WITH: operations.starts_with,
        BinaryOp.ENDS_WITH: operations.ends_with,
    }
)


def emit_text_test(em: Emission, node: TextTest) -> Code:
    """Emit `contains` and its like."""
    return _test(em.call(_TEXT_TESTS[node.op], em.value(node.value).expr, em.value(node.part).expr))


def emit_pattern(em: Emission, node: PatternTest) -> Code:
    """Emit `matches`: the compiled pattern is a constant."""
    options = re2.Options()
    options.log_errors = False
    pattern = re2.compile(node.pattern, options)

    def matches(value: object) -> bool:
        return isinstance(value, str) and pattern.fullmatch(value) is not None

    return _test(em.call(matches, em.value(node.value).expr))


def emit_chain(em: Emission, node: Conjunction | Disjunction) -> Code:
    """Emit `and` and `or`: as far as needed, and True or False in the end."""
    codes = [em.value(operand) for operand in node.operands]
    join = all_of if isinstance(node, Conjunction) else any_of
    chain = join([code.expr for code in codes])
    if all(code.is_bool for code in codes):
        return _test(chain)
    return _test(ast.IfExp(test=chain, body=ast.Constant(value=True), orelse=ast.Constant(value=False)))


def emit_not(em: Emission, node: Negation) -> Code:
    """Emit `not`: an empty counts as false, so its negation holds."""
    return _test(em.condition(node.operand), negate=True)
