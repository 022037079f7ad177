"""A use of a blueprint becomes a rule with a text of its own, in which each word knows the line of the blueprint.

The filled tree is printed and read again, so that what runs, what is traced and what is checked are one text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from metamodel.source import Anchor, LocatedText, Location, Problem, Problems
from workflow_dsl.blueprints.filling import Filling, Input
from workflow_dsl.blueprints.places import written_fields
from workflow_dsl.parser import parse_rules
from workflow_dsl.printer_rules import print_item
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import Blueprint, Rule, SyntaxNode, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The rule that a use stands for, and its text, whose places are those of the blueprint."""

    rule: Rule
    text: LocatedText


def expand(checking: RuleChecking, use: Use, blueprint: Blueprint, inputs: Mapping[str, Input]) -> Expanded | None:
    """Give the rule of a use; None where the inputs can't stand where the blueprint has them, which is reported."""
    metamodel = checking.scope.metamodel
    filling = Filling(inputs=inputs, own_fields=lambda node, rule: written_fields(metamodel, node, rule))
    filled = replace(filling.fill(blueprint.rule), name=use.given_name or blueprint.rule.name)
    name = blueprint.rule.name.text
    for misuse in filling.misuses:
        checking.refuse("RUL505", f"{misuse.message} (blueprint {name}, {misuse.at.location})", use.at)
    if filling.misuses:
        return None
    printed = print_item(filled)
    parsed = parse_rules(LocatedText.plain(printed, blueprint.rule.at.location.file))
    if parsed.problems.errors or len(parsed.items) != 1 or not isinstance(parsed.items[0], Rule):
        wrong = next(iter(parsed.problems.errors), None)
        said = wrong.message if wrong is not None else "they make no rule"
        checking.refuse("RUL505", f"with these inputs blueprint {name} can't be read: {said}", use.at)
        return None
    text = LocatedText(text=printed, at=blueprint.rule.at.location, anchors=_anchors(filled, parsed.items[0]))
    rule = parse_rules(text).items[0]
    assert isinstance(rule, Rule)
    return Expanded(rule=rule, text=text)


def told_at_use(use: Use, blueprint: Blueprint, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Give the problems of an expanded rule as problems of the use, each with the line of the blueprint.

    What is wrong where an input stands is told at the value that the use gives for it.
    """
    given = {pair.name.text: pair.value.at for pair in use.values}
    inputs = {location: name for name, location in _occurrences(blueprint.rule, frozenset(given))}
    label = f"in blueprint {blueprint.rule.name.text}, {{}}"
    for problem in Problems(problems):
        at = given.get(inputs.get(problem.at, ""), use.blueprint.at)
        message = f"{problem.message} ({label.format(problem.at)})"
        yield replace(problem, message=message, at=at.location, length=at.length)


def _occurrences(node: object, names: frozenset[str]) -> Iterator[tuple[str, Location]]:
    for each in _walk(node):
        found = getattr(each, "names", None)
        first = found[0] if isinstance(found, tuple) and found else getattr(each, "name", None)
        text = getattr(first, "text", None)
        if text in names and isinstance(each, SyntaxNode):
            yield text, each.at.location


def _walk(node: object) -> Iterator[object]:
    if isinstance(node, tuple) and not hasattr(node, "_fields"):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, SyntaxNode):
        yield node
        for each in fields(node):
            yield from _walk(getattr(node, each.name))


def _anchors(filled: Rule, printed: Rule) -> tuple[Anchor, ...]:
    """Give where the words of the printed text come from: both trees are the same but for their places."""
    places: dict[int, Location] = {0: filled.at.location}
    for written, read in _pairs(filled, printed):
        places.setdefault(read.at.start, written.at.location)
    return tuple(Anchor(offset=offset, line=at.line, column=at.column) for offset, at in sorted(places.items()))


def _pairs(left: Any, right: Any) -> Iterator[tuple[SyntaxNode, SyntaxNode]]:
    if isinstance(left, tuple) and isinstance(right, tuple):
        for one, other in zip(left, right, strict=False):
            yield from _pairs(one, other)
    elif is_dataclass(left) and type(left) is type(right):
        if isinstance(left, SyntaxNode) and isinstance(right, SyntaxNode):
            yield left, right
        for each in fields(left):
            if each.name != "at":
                yield from _pairs(getattr(left, each.name), getattr(right, each.name))
