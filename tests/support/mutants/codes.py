"""Alters functions of the running program: gives them the code of a changed tree of their file.

Works on every function that exists, however it was imported. What ran at import is not run again.
"""

from __future__ import annotations

import ast
import builtins
import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from tests.support.mutants.sites import Place

_HIT = "__mutants_hit__"

Functions = Mapping[str, Sequence[FunctionType]]
"""File → the functions made from it."""


def functions_by_file() -> Functions:
    """Find every function of the process."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found[each.__code__.co_filename].append(each)
    return found


def replace_code(functions: Sequence[FunctionType], file: str, tree: ast.Module) -> None:
    """Give the functions of a file the code that a tree of this file makes of them."""
    made: dict[tuple[str, int], list[CodeType]] = defaultdict(list)
    for code in _nested(compile(tree, file, "exec", dont_inherit=True)):
        made[code.co_qualname, code.co_firstlineno].append(code)
    for function in functions:
        match made[function.__code__.co_qualname, function.__code__.co_firstlineno]:
            case [code] if code.co_freevars == function.__code__.co_freevars:
                function.__code__ = code
            case [*several]:
                _replace_one_of(function, several)


def _replace_one_of(function: FunctionType, several: Sequence[CodeType]) -> None:
    """Choose by the column among functions of one name and line."""
    column = _column_of(function.__code__)
    for code in several:
        if _column_of(code) == column and code.co_freevars == function.__code__.co_freevars:
            function.__code__ = code


def _column_of(code: CodeType) -> int | None:
    return next(iter(code.co_positions()))[2]


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)


def telling(source: str, first: int) -> tuple[ast.Module, Sequence[Place]]:
    """Make a tree in which each statement and lambda of a function tells its number when it runs.

    Numbers begin with `first`; their places are given in this order.
    """
    tree = ast.parse(source)
    teller = _Teller(first)
    teller.visit(tree)
    return ast.fix_missing_locations(tree), teller.places


def listen(hit: Callable[[int], Any]) -> None:
    """Say who is told."""
    setattr(builtins, _HIT, hit)


class _Teller(ast.NodeTransformer):
    def __init__(self, first: int) -> None:
        self._first = first
        self._depth = 0
        self.places: list[Place] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        depth, self._depth = self._depth, 0
        self.generic_visit(node)
        self._depth = depth
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        told = self._told(node)
        self.generic_visit(node)
        both = ast.Tuple(elts=[told, node.body], ctx=ast.Load())
        node.body = ast.copy_location(ast.Subscript(value=both, slice=ast.Constant(value=1), ctx=ast.Load()), node.body)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if self._depth:
            for name in ("body", "orelse", "finalbody"):
                statements = getattr(node, name, None)
                if isinstance(statements, list) and not isinstance(node, ast.ClassDef):
                    setattr(node, name, [each for one in statements for each in self._pair(one)])
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    def _pair(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        yield ast.copy_location(ast.Expr(value=self._told(statement)), statement)
        yield statement

    def _told(self, node: ast.stmt | ast.expr) -> ast.expr:
        self.places.append((node.lineno, node.col_offset))
        number = ast.Constant(value=self._first + len(self.places) - 1)
        call = ast.Call(func=ast.Name(id=_HIT, ctx=ast.Load()), args=[number], keywords=[])
        return ast.fix_missing_locations(ast.copy_location(call, node))
