"""Where a program can be altered: names each mutant of a file and makes the altered tree. Runs nothing.

A mutant is one small change inside a function: a comparison turned, `and` for `or`, a `not` taken away, a number one
higher, a constant turned, a returned value gone. Left out is what no test could or should notice: annotations, defaults
and decorators (read at import), assertions (they state what cannot happen), `strict=` of `zip`, how a thing is printed
for programmers, and the changes listed with a reason in equivalent.yaml.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_FOR_PROGRAMMERS = frozenset({"__repr__", "__str__"})
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}

Place = tuple[int, int]
"""Line and column of the statement or lambda that a node belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one node of a file."""

    topic: str
    path: str
    """From the folder of the project, with `/`."""
    function: str
    number: int
    """Of the node, in the order of `_nodes`."""
    place: Place
    line: int
    change: str
    text: str
    """What stood there."""
    nth: int = 1
    """Which of the same changes of the function it is."""

    @property
    def key(self) -> str:
        """Name the mutant as equivalent.yaml does."""
        nth = "" if self.nth == 1 else f" (number {self.nth})"
        return f"{self.path} {self.function}: {self.change}: {self.text}{nth}"


@dataclass(frozen=True, slots=True)
class _Node:
    node: ast.AST
    place: Place
    function: str


def mutants_of(topic: str, path: str, source: str, without: frozenset[str] = frozenset()) -> Iterator[Mutant]:
    """Name every mutant of a file except those of the keys in `without`."""
    times: Counter[tuple[str, str, str]] = Counter()
    for number, found in enumerate(_nodes(ast.parse(source))):
        change = _change_of(found.node)
        if change is None:
            continue
        text = " ".join(ast.unparse(found.node).split())
        times[found.function, change, text] += 1
        mutant = Mutant(
            topic=topic,
            path=path,
            function=found.function,
            number=number,
            place=found.place,
            line=getattr(found.node, "lineno", found.place[0]),
            change=change,
            text=text,
            nth=times[found.function, change, text],
        )
        if mutant.key not in without:
            yield mutant


def altered(mutant: Mutant, source: str) -> ast.Module:
    """Give the file's tree with the change."""
    tree = ast.parse(source)
    _alter(next(each.node for number, each in enumerate(_nodes(tree)) if number == mutant.number))
    return ast.fix_missing_locations(tree)


def equivalent() -> frozenset[str]:
    """Read the keys of the mutants that behave as the program does."""
    return frozenset(entry["mutant"] for entry in yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")))


def _nodes(tree: ast.Module) -> Iterator[_Node]:
    """Walk what runs when functions are called, outermost first."""
    yield from _outside(tree, "")


def _outside(node: ast.AST, function: str) -> Iterator[_Node]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS):
            yield from _of_function(child, function)
        elif isinstance(child, ast.ClassDef):
            yield from _outside(child, f"{function}{child.name}.")
        elif isinstance(child, ast.Lambda):
            yield from _inside(child.body, (child.lineno, child.col_offset), f"{function}<lambda>")
        else:
            yield from _outside(child, function)


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, outer: str) -> Iterator[_Node]:
    if node.name in _FOR_PROGRAMMERS:
        return
    for statement in node.body:
        yield from _inside(statement, (statement.lineno, statement.col_offset), f"{outer}{node.name}")


def _inside(node: ast.AST, place: Place, function: str) -> Iterator[_Node]:
    if isinstance(node, ast.Assert | ast.AnnAssign) and not isinstance(getattr(node, "value", None), ast.expr):
        return
    if isinstance(node, _FUNCTIONS):
        yield from _of_function(node, f"{function}.")
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    yield _Node(node, place, function)
    for name, value in ast.iter_fields(node):
        if name == "annotation":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _inside(child, _place_of(child, place), function)


def _place_of(child: ast.AST, place: Place) -> Place:
    if isinstance(child, ast.stmt):
        return (child.lineno, child.col_offset)
    if isinstance(child, ast.Lambda):
        return (child.lineno, child.col_offset)
    return place


def _change_of(node: ast.AST) -> str | None:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _TURNED:
            return f"{type(op).__name__} turned"
        case ast.BoolOp():
            return "and/or swapped"
        case ast.UnaryOp(op=ast.Not()):
            return "not taken away"
        case ast.Constant(value=bool()):
            return "constant turned"
        case ast.Constant(value=int()):
            return "number one higher"
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            return "returned value gone"
    return None


def _alter(node: ast.AST) -> None:
    match node:
        case ast.Compare(ops=[op]):
            node.ops = [_TURNED[type(op)]()]
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as value):
            node.value = value + 1
        case ast.Return(value=ast.expr() as value):
            # What stood there stays as the branch not taken, so that the function closes over the same names.
            gone, chosen = ast.Constant(value=None), ast.Constant(value=True)
            node.value = ast.IfExp(test=chosen, body=gone, orelse=value)
