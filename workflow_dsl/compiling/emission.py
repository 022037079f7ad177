"""The state of one compilation and the small shapes of code that emitters are made of.

`c` is the context, `b` the budget, `g` the record's `get`, `r0`, `r1` … the rows in sight, `t0` … temporaries, `k0` …
constants. A `Code` says whether its value may be empty, so that checks are only made where they are needed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflow_dsl.typed import Typed

EMPTY_CODE = ast.Constant(value=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Emitted code: an expression, whether its value may be empty, and whether it is always True or False."""

    expr: ast.expr
    maybe_empty: bool = True
    is_bool: bool = False


@dataclass(slots=True, kw_only=True)
class Emission:
    """What emitters share. emit: emits any node (given by the compiler, so that topics need not import each other)."""

    emit: Callable[[Emission, Typed], Code]
    constants: dict[str, Any] = field(default_factory=dict)
    temporaries: int = 0
    uses_this: bool = False
    loops: bool = False

    def constant(self, value: Any) -> ast.expr:
        """Give code for a value."""
        if value is None or value is True or value is False:
            return ast.Constant(value=value)
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return variable(name)

    def bind(self, expr: ast.expr) -> tuple[ast.expr, ast.expr]:
        """Give code that computes a value and keeps it, and code that reads it again."""
        if isinstance(expr, ast.Name | ast.Constant):
            return expr, expr
        name = f"t{self.temporaries}"
        self.temporaries += 1
        return ast.NamedExpr(target=ast.Name(id=name, ctx=ast.Store()), value=expr), variable(name)

    def call(self, function: Callable[..., Any], *args: ast.expr) -> ast.expr:
        """Give code that calls one of our functions."""
        return ast.Call(func=self.constant(function), args=list(args), keywords=[])

    def value(self, node: Typed) -> Code:
        """Emit a node whose value is wanted: a condition gives True or False, never an empty."""
        return self.emit(self, node)

    def condition(self, node: Typed) -> ast.expr:
        """Emit a node that is only asked whether it holds; an empty counts as false."""
        return self.emit(self, node).expr

    def guarded(self, operands: Sequence[Code], build: Callable[[Sequence[ast.expr]], ast.expr]) -> Code:
        """Give code that is empty where an operand is, else what `build` makes of the operands."""
        checks: list[ast.expr] = []
        ready: list[ast.expr] = []
        for operand in operands:
            if not operand.maybe_empty:
                ready.append(operand.expr)
                continue
            first, again = self.bind(operand.expr)
            checks.append(is_none(first))
            ready.append(again)
        result = build(ready)
        if not checks:
            return Code(expr=result, maybe_empty=False)
        return Code(expr=ast.IfExp(test=any_of(checks), body=EMPTY_CODE, orelse=result))

    def tested(self, operands: Sequence[Code], build: Callable[[Sequence[ast.expr]], ast.expr]) -> Code:
        """Give code that is False where an operand is empty, else the test that `build` makes of the operands."""
        checks: list[ast.expr] = []
        ready: list[ast.expr] = []
        for operand in operands:
            if not operand.maybe_empty:
                ready.append(operand.expr)
                continue
            first, again = self.bind(operand.expr)
            checks.append(is_not_none(first))
            ready.append(again)
        return Code(expr=all_of([*checks, build(ready)]), maybe_empty=False, is_bool=True)


def variable(name: str) -> ast.expr:
    """Give code that reads one of our variables."""
    return ast.Name(id=name, ctx=ast.Load())


def attribute(of: ast.expr, name: str) -> ast.expr:
    """Give code that reads an attribute of the context; `name` is ours."""
    return ast.Attribute(value=of, attr=name, ctx=ast.Load())


def method(of: ast.expr, name: str, *args: ast.expr) -> ast.expr:
    """Give code that calls a method of the context or a record; `name` is ours."""
    return ast.Call(func=attribute(of, name), args=list(args), keywords=[])


def is_none(expr: ast.expr) -> ast.expr:
    """Give code that asks for emptiness."""
    return ast.Compare(left=expr, ops=[ast.Is()], comparators=[EMPTY_CODE])


def is_not_none(expr: ast.expr) -> ast.expr:
    """Give code that asks for a value."""
    return ast.Compare(left=expr, ops=[ast.IsNot()], comparators=[EMPTY_CODE])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    """Give code that compares."""
    return ast.Compare(left=left, ops=[operator], comparators=[right])


def all_of(tests: Sequence[ast.expr]) -> ast.expr:
    """Give code for a conjunction."""
    return tests[0] if len(tests) == 1 else ast.BoolOp(op=ast.And(), values=list(tests))


def any_of(tests: Sequence[ast.expr]) -> ast.expr:
    """Give code for a disjunction."""
    return tests[0] if len(tests) == 1 else ast.BoolOp(op=ast.Or(), values=list(tests))


def negated(test: ast.expr) -> ast.expr:
    """Give code for the contrary."""
    return ast.UnaryOp(op=ast.Not(), operand=test)


def function_of(body: ast.expr, *params: str) -> ast.expr:
    """Give code for a small function of rows, or for a part that is computed only if needed."""
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(arg=param) for param in params], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    return ast.Lambda(args=arguments, body=body)


def tuple_of(items: Sequence[ast.expr]) -> ast.expr:
    """Give code for a tuple."""
    return ast.Tuple(elts=list(items), ctx=ast.Load())
