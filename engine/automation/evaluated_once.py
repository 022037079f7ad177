"""Puts values for the parts of a condition over rows that read no row: `where name = payload.name` binds the name.

Such a part is the same for every row, so it is evaluated once, as memory would; the statement then gets a value. A part
whose value is of another kind than what it is compared with is left to memory, which says what that means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from dataclasses import replace
from decimal import Decimal

from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.evaluator import Evaluator
from workflow_dsl.typed import (
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    FieldPath,
    Negation,
    RootKind,
    Typed,
)
from workflow_dsl.typed_walk import roots_of, walk
from workflow_dsl.types import BOOLEAN, NUMERIC, Kind, Type

_TEXTS = frozenset((Kind.TEXT, Kind.CHOICE))
_DATES = {Kind.DATE: dt.date, Kind.DATETIME: dt.datetime}

Made = Callable[[Hashable, Callable[[], tuple[Typed, Evaluator]]], tuple[Typed, Evaluator]]
"""Gives a part of a release by key, made once."""


class NotBound(Exception):
    """A part has to be judged row by row."""


def with_values(node: Typed, context: Context, made: Made) -> Typed:
    """Give a condition with values for what reads no row; made: keeps what a release compiles once.

    Raises: NotBound.
    """
    if is_of_rows(node):
        return node
    if isinstance(node, Conjunction | Disjunction):
        return replace(node, operands=tuple(with_values(each, context, made) for each in node.operands))
    if isinstance(node, Negation):
        return replace(node, operand=with_values(node.operand, context, made))
    if RootKind.ROW not in roots_of(node):
        return _constant(node, BOOLEAN, context, made)
    if isinstance(node, Comparison):
        return _compared(node, context, made)
    raise NotBound


def is_of_rows(node: Typed) -> bool:
    """Say whether an expression reads the row and stored fields of the rule's record only."""
    return all(
        part.root.kind is RootKind.ROW or (part.root.kind is RootKind.THIS and not part.steps)
        for part in walk(node)
        if isinstance(part, FieldPath)
    )


def _compared(node: Comparison, context: Context, made: Made) -> Typed:
    left, right = node.left, node.right
    if is_of_rows(left):
        return replace(node, right=_constant(right, left.type, context, made))
    if is_of_rows(right):
        return replace(node, left=_constant(left, right.type, context, made))
    raise NotBound


def _constant(node: Typed, beside: Type, context: Context, made: Made) -> Constant:
    """Give a part's value as one of the kind it is compared with."""
    if RootKind.ROW in roots_of(node):
        raise NotBound
    try:
        # The tree is kept beside what it became, so that its id is nobody else's.
        _, evaluator = made(("evaluated once", id(node)), lambda: (node, compile_expression(node)))
        value = evaluator.evaluate(context)
    except EvaluationError as fault:
        # Memory says so where a row asks for it, and not where none does.
        raise NotBound from fault
    if not _is_of(beside, value):
        raise NotBound
    return Constant(type=beside, at=node.at, value=value)


def _is_of(wanted: Type, value: object) -> bool:
    kind = wanted.kind
    if kind in _TEXTS:
        return type(value) is str and value != "" and (kind is Kind.TEXT or value in wanted.options)
    if kind in NUMERIC:
        return type(value) in (int, Decimal)
    if kind is Kind.BOOLEAN:
        return type(value) is bool
    return kind in _DATES and type(value) is _DATES[kind]
