"""The filter of a list as a tree of conditions and groups: what the bar drops, adds and puts beside another, as text.

A place in the tree is the numbers of the steps to it, `0.2` for the third part of the first. What can't be parsed is
one part, and stays as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from metamodel.source import LocatedText
from workflow_dsl import parse_expression
from workflow_dsl.printer import print_expression
from workflow_dsl.syntax import And, Expr, Or

Place = tuple[int, ...]
MOST_STEPS = 6


def read_place(text: str) -> Place:
    """Read a place of an address; the whole filter for what is none."""
    steps = text.split(".")[:MOST_STEPS]
    return (
        tuple(map(int, steps)) if all(each.isdecimal() and each.isascii() and len(each) < 4 for each in steps) else ()
    )


def write_place(place: Place) -> str:
    """Write a place as an address holds it."""
    return ".".join(map(str, place))


def parts_at_top(tree: Expr) -> Sequence[Expr]:
    """Give the parts that a filter joins by `and`."""
    return tree.operands if isinstance(tree, And) else (tree,)


def dropped(text: str, place: Place) -> str:
    """Give a filter without the part at a place; a group of which one part is left is that part."""
    tree = _tree(text)
    if tree is None:
        return ""
    left = _without(_whole(tree), place)
    return print_expression(left) if left is not None else ""


def extended(text: str, place: Place, added: str) -> str:
    """Give a filter with a condition added to the group at a place, or beside the condition there.

    At no place it narrows the whole filter; beside a part of an `and` it is another way, beside one of an `or` it
    narrows that.
    """
    tree, more = _tree(text), _tree(added)
    if more is None:
        return text
    if tree is None:
        return f"{text} and {added}" if text.strip() else added
    if not place:
        return print_expression(_joined(And, (*parts_at_top(tree), more)))
    return print_expression(_with(_whole(tree), place, more, And))


def _tree(text: str) -> Expr | None:
    return parse_expression(LocatedText.plain(text)).expression if text.strip() else None


def _whole(tree: Expr) -> Expr:
    return tree if isinstance(tree, And) else And(operands=(tree,))


def _without(tree: Expr, place: Place) -> Expr | None:
    if not place:
        return None
    if not isinstance(tree, And | Or) or place[0] >= len(tree.operands):
        return tree
    at = place[0]
    left = _without(tree.operands[at], place[1:])
    operands = (*tree.operands[:at], *(() if left is None else (left,)), *tree.operands[at + 1 :])
    return _joined(type(tree), operands) if operands else None


def _with(tree: Expr, place: Place, added: Expr, above: type[And | Or]) -> Expr:
    if not place:
        if isinstance(tree, And | Or):
            return _joined(type(tree), (*tree.operands, added))
        return _joined(Or if above is And else And, (tree, added))
    if not isinstance(tree, And | Or) or place[0] >= len(tree.operands):
        return tree
    at = place[0]
    inside = _with(tree.operands[at], place[1:], added, type(tree))
    return _joined(type(tree), (*tree.operands[:at], inside, *tree.operands[at + 1 :]))


def _joined(kind: type[And | Or], operands: Sequence[Expr]) -> Expr:
    """Join parts by one word, groups of the same word without a group of their own."""
    flat = [each for part in operands for each in (part.operands if isinstance(part, kind) else (part,))]
    return kind(operands=tuple(flat)) if len(flat) > 1 else flat[0]
