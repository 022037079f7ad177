"""Text to syntax tree: expressions, texts with `{expression}` in them, and whole rules files.

Every entry takes the author's located text and gives what could be read together with the problems found; none raises
on what an author wrote. Names and types are not looked at here.

>>> from metamodel.source import LocatedText
>>> parse_expression(LocatedText.plain("amount >= 10")).expression
Binary(op=<BinaryOp.GE: '>='>, left=Path(names=(Name(text='amount'),)), right=NumberLiteral(value=Decimal('10'), \
is_integer=True))
>>> print(*parse_expression(LocatedText.plain("amount == 10")).problems)
<expression>:1:8 EXP104 '==' is no operator; write '='
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from metamodel.quick_making import quickly_made
from metamodel.source import LocatedText, Problems
from workflow_dsl.limits import MAX_EXPRESSION_LENGTH
from workflow_dsl.parsing.build_rules import ALL_BUILDERS
from workflow_dsl.parsing.building import Building, build
from workflow_dsl.parsing.grammar import Start
from workflow_dsl.parsing.reading import read
from workflow_dsl.parsing.rule_chunks import split_items
from workflow_dsl.parsing.source import Source
from workflow_dsl.parsing.syntax_errors import syntax_problem
from workflow_dsl.parsing.text_templates import parse_text
from workflow_dsl.syntax import Expr, Item


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedExpression:
    """What `parse_expression` and `parse_template` give; `expression` is None where there are errors."""

    expression: Expr | None
    problems: Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRules:
    """What `parse_rules` gives: the items that could be read, in their order, and the problems of the others."""

    items: tuple[Item, ...]
    problems: Problems


def parse_expression(text: LocatedText) -> ParsedExpression:
    """Parse one expression."""
    problems = Problems()
    expression = _parse_part(Source.of(text), problems)
    return ParsedExpression(expression=None if problems.errors else expression, problems=problems)


def parse_template(text: LocatedText) -> ParsedExpression:
    """Parse a message or title: a text with `{expression}` in it, `{{` and `}}` being braces.

    The result is a `TextLiteral` or a `TextTemplate`.
    """
    problems = Problems()
    expression = parse_text(Source.of(text), problems, lambda part: _parse_part(part, problems))
    return ParsedExpression(expression=None if problems.errors else expression, problems=problems)


def parse_rules(text: LocatedText) -> ParsedRules:
    """Parse a rules file; a mistake costs the item it stands in, the others are read."""
    problems = Problems()
    items = _parse_items(Source.of(text), problems)
    if items is None:
        items = ()
        problems = Problems()
        for chunk in split_items(Source.of(text)):
            found = Problems()
            read = _parse_items(chunk, found)
            problems.extend(found)
            items += read if read is not None else ()
    return ParsedRules(items=items, problems=problems)


def _parse_items(source: Source, problems: Problems) -> tuple[Item, ...] | None:
    items: tuple[Item, ...] | None = _parse(source, problems, "rules_file")
    return None if problems.errors else items


def _parse_part(source: Source, problems: Problems) -> Expr | None:
    if len(source.text) > MAX_EXPRESSION_LENGTH:
        problems.report(
            "EXP401",
            f"this expression has {len(source.text)} characters; at most {MAX_EXPRESSION_LENGTH} are allowed",
            source.span(0, 1).location,
        )
        return None
    expression: Expr | None = _parse(source, problems, "expression")
    return expression


def _parse(source: Source, problems: Problems, start: Start) -> Any:
    tree = read(source.text, start)
    if tree is None:
        problems.add(syntax_problem(source, start))
        return None
    building = Building(source=source, problems=problems, parse_part=lambda part: _parse_part(part, problems))
    return build(tree, building, ALL_BUILDERS)
