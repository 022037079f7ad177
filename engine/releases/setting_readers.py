"""Finds who reads a setting: rules, expressions of objects and roles, templates; for messages to people.

It looks at how `app.name` is written, so that it answers for folders that are not sound yet as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from metamodel.apps import Metamodel
from metamodel.expressions import ExpressionKind, ExpressionSite, expressions_of
from metamodel.source import LocatedText
from workflow_dsl.parser import parse_expression, parse_rules, parse_template
from workflow_dsl.syntax import Path, Rule


def readers_of(metamodel: Metamodel, setting: str) -> tuple[str, ...]:
    """Give who reads a setting, with its place: `rule check_discount (sales/rules/quotes.rules:4:1)`."""
    return tuple(dict.fromkeys((*_rules(metamodel, setting), *_sites(metamodel, setting))))


def _rules(metamodel: Metamodel, setting: str) -> Iterator[str]:
    for text in (text for app in metamodel.apps for text in app.rule_files if _is_written(text, setting)):
        for item in parse_rules(text).items:
            if _reads(item, setting):
                name = f"rule {item.name.text}" if isinstance(item, Rule) else type(item).__name__.lower()
                yield f"{name} ({item.at.location})"


def _sites(metamodel: Metamodel, setting: str) -> Iterator[str]:
    for site in expressions_of(metamodel):
        if _is_written(site.text, setting) and _reads(_parsed(site), setting):
            yield f"{site.owner} ({site.text.at})"
    for template in metamodel.templates.values():
        if _is_written(template.body, setting):
            yield f"template {template.name} ({template.body.at})"


def _parsed(site: ExpressionSite) -> object:
    parse = parse_template if site.kind is ExpressionKind.TEXT else parse_expression
    return parse(site.text).expression


def _is_written(text: LocatedText, setting: str) -> bool:
    # Cheap, and enough for templates; expressions are parsed after it, so that texts and comments do not count.
    return re.search(rf"\bapp\s*\.\s*{re.escape(setting)}\b", text.text) is not None


def _reads(node: object, setting: str) -> bool:
    if isinstance(node, Path):
        return [name.text for name in node.names[:2]] == ["app", setting]
    if isinstance(node, tuple):
        return any(_reads(item, setting) for item in node)
    if is_dataclass(node):
        return any(_reads(getattr(node, item.name), setting) for item in fields(node))
    return False
