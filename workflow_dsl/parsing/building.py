"""Walks a parse tree bottom-up without recursion and calls one builder a rule of the grammar.

A builder gets the already built children of its node; a 5,000-term sum therefore costs no stack. The depth of the
result is bounded here, so that everything above may walk syntax trees recursively.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token

from metamodel.source import Problems
from workflow_dsl.limits import MAX_DEPTH, MAX_EXPRESSION_LENGTH
from workflow_dsl.parsing.reading import Node
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

    def span_of(self, token: Token) -> Span:
        """Give the place of a token."""
        return self.source.span(token.start_pos or 0, token.end_pos or 0)

    def name(self, token: Token) -> Name:
        """Make a name of a NAME token."""
        return Name(text=str(token), at=self.source.span(token.start_pos or 0, token.end_pos or 0))

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


def build(nodes: Sequence[Node], building: Building, builders: Mapping[str, Builder]) -> Built:
    """Build the syntax node of a tree, given as its nodes with the root last."""
    built: list[Built] = []
    span_of = building.source.span
    for node in nodes:
        span = span_of(node.start, node.end)
        if node.depth > MAX_DEPTH or (node.end - node.start > MAX_EXPRESSION_LENGTH and node.data in _LIMITED):
            _report_limit(building, span, node.depth)
            built.append(EmptyLiteral(at=span))
            continue
        children = [built[child.number] if type(child) is Node else child for child in node.children]
        built.append(builders[node.data](building, span, children))
    return built[-1]


_LIMITED = frozenset(("and_", "or_", "add", "sub", "join", "mul", "div", "call", "list", "text"))


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
