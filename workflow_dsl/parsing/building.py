"""Walks a parse tree bottom-up without recursion and calls one builder a rule of the grammar.

A builder gets the already built children of its node; a 5,000-term sum therefore costs no stack. The depth of the
result is bounded here, so that everything above may walk syntax trees recursively.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lark import Token, Tree

from metamodel.source import Problems
from workflow_dsl.limits import MAX_DEPTH, MAX_EXPRESSION_LENGTH
from workflow_dsl.parsing.grammar import ParseTree
from workflow_dsl.parsing.source import Source
from workflow_dsl.parsing.text_templates import decode_quoted, parse_text
from workflow_dsl.syntax import EmptyLiteral, Expr, Name, Span

# What builders return has as many types as the grammar has rules; each builder casts by picking what it knows.
Built = Any
Builder = Callable[["Building", Span, Sequence[Built]], Built]


@dataclass(slots=True, kw_only=True)
class Building:
    """What builders share: the text, where problems go, and how an expression inside a text is parsed."""

    source: Source
    problems: Problems
    parse_part: Callable[[Source], Expr | None]
    too_deep: bool = False
    depths: dict[int, int] = field(default_factory=dict)

    def span_of(self, token: Token) -> Span:
        """Give the place of a token."""
        return self.source.span(token.start_pos or 0, token.end_pos or 0)

    def name(self, token: Token) -> Name:
        """Make a name of a NAME token."""
        return Name(text=str(token), at=self.span_of(token))

    def plain_text(self, token: Token) -> str:
        """Give the text of a STRING token that can hold no expression (a label, a zone)."""
        return decode_quoted(self.source, token.start_pos or 0, token.end_pos or 0, self.problems).text

    def text(self, token: Token) -> Expr:
        """Give the text of a STRING token with its `{expression}` parts."""
        start, end = token.start_pos or 0, token.end_pos or 0
        return parse_text(decode_quoted(self.source, start, end, self.problems), self.problems, self.parse_part)

    def refuse(self, code: str, message: str, at: Span, hint: str = "") -> None:
        """Report a mistake that the grammar lets through."""
        self.problems.report(code, message, at.location, hint=hint, length=at.length)


def build(
    tree: ParseTree, building: Building, builders: Mapping[str, Builder], flat: frozenset[str], leaves: frozenset[str]
) -> Built:
    """Build the node of a parse tree.

    flat: rules whose left-nested chain becomes one node. leaves: rules that add no depth (lists of names, arguments).
    """
    built: dict[int, Built] = {}
    for subtree in tree.iter_subtrees():
        depth = _depth(subtree, building.depths, flat, leaves)
        building.depths[id(subtree)] = depth
        meta = subtree.meta
        span = building.source.span(getattr(meta, "start_pos", 0), getattr(meta, "end_pos", 0))
        if depth > MAX_DEPTH or (subtree.data in _LIMITED and span.length > MAX_EXPRESSION_LENGTH):
            _report_limit(building, span, depth)
            built[id(subtree)] = EmptyLiteral(at=span)
            continue
        children = [built[id(child)] if isinstance(child, Tree) else child for child in subtree.children]
        built[id(subtree)] = builders[str(subtree.data)](building, span, children)
    return built[id(tree)]


_LIMITED = frozenset(("and_", "or_", "add", "sub", "join", "mul", "div", "call", "list", "text"))


def _depth(subtree: ParseTree, depths: Mapping[int, int], flat: frozenset[str], leaves: frozenset[str]) -> int:
    deepest = 0
    for child in subtree.children:
        if isinstance(child, Tree):
            merged = child.data == subtree.data and child.data in flat
            deepest = max(deepest, depths[id(child)] - (1 if merged else 0))
    return deepest if subtree.data in leaves else deepest + 1


def _report_limit(building: Building, span: Span, depth: int) -> None:
    if building.too_deep:
        return
    building.too_deep = True
    if depth > MAX_DEPTH:
        building.refuse("EXP402", f"this is nested more than {MAX_DEPTH} levels deep", span, "name a part in a formula")
    else:
        building.refuse(
            "EXP401", f"this expression has {span.length} characters; at most {MAX_EXPRESSION_LENGTH} are allowed", span
        )
