"""Formats a YAML file: expressions in their canonical form, one space where one belongs, no more than one empty line.

Comments, order, quotes and line breaks stay the author's. What is made is read again and must mean the same; else the
file stays as it is.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from metamodel.schema_walk import SchemaWalk
from metamodel.source import LocatedText, Problems
from metamodel.yaml_nodes import Node, Scalar, Sequence, SourceText
from metamodel.yaml_source import read_yaml
from workflow_dsl.parser import parse_expression
from workflow_dsl.printer import print_expression

Edit = tuple[int, int, str]
_OPENING = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_CLOSING = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_BLANK_LINES = re.compile(r"\n{3,}")


def format_yaml(text: str, kind: str, walk: SchemaWalk) -> str:
    """Give the canonical form of a YAML file of a kind (`object`, `role` …); what can't be read stays as it is."""
    node = _read(text)
    if node is None:
        return text
    for made in (_edited(text, [*_gaps(text), *_expressions(kind, node, walk)]), _edited(text, _gaps(text)), text):
        tidied = _tidied(made, node)
        again = _read(tidied)
        if again is not None and _meaning(kind, again, walk) == _meaning(kind, node, walk):
            return tidied
    return text


def _read(text: str) -> Node | None:
    problems = Problems()
    node = read_yaml(SourceText("format.yaml", text), problems)
    return None if problems.errors else node


def _edited(text: str, edits: list[Edit]) -> str:
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _tidied(text: str, node: Node) -> str:
    """Take spaces off the ends of lines; a file with a block text keeps them, and its empty lines, since they count."""
    if _has_blocks(node):
        return text.rstrip("\n") + "\n" if not text.endswith("\n") else text
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"


def _has_blocks(node: Node) -> bool:
    if isinstance(node, Scalar):
        return node.style in ("|", ">") or "\n" in node.source.text[node.start : node.end].strip()
    inner = node.items if isinstance(node, Sequence) else [entry.value for entry in node.entries]
    return any(_has_blocks(item) for item in inner)


def _gaps(text: str) -> list[Edit]:
    """Give the edits that leave, inside brackets, one space after ',' and ':' and none at their ends, on one line.

    Outside of brackets authors align values below each other; that stays.
    """
    edits: list[Edit] = []
    before: Any = None
    depth = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if before is not None and depth and not isinstance(token, yaml.KeyToken):
            start, end = before.end_mark.index, token.start_mark.index
            gap = text[start:end]
            wanted = _gap_between(before, token)
            if wanted is not None and gap != wanted and not gap.strip(" ") and "\n" not in gap:
                edits.append((start, end, wanted))
        if not isinstance(token, yaml.KeyToken):
            before = token
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
    return edits


def _gap_between(before: Any, after: Any) -> str | None:
    if isinstance(after, yaml.FlowEntryToken | yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken):
        return ""
    if isinstance(before, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken):
        return ""
    if isinstance(before, yaml.FlowEntryToken):
        return " "
    starts = yaml.ScalarToken | yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken
    if isinstance(before, yaml.ValueToken) and isinstance(after, starts):
        return " "
    return None


def _expressions(kind: str, node: Node, walk: SchemaWalk) -> list[Edit]:
    edits = []
    for scalar in walk.expressions(kind, node):
        written = scalar.source.text[scalar.start : scalar.end]
        parsed = parse_expression(LocatedText.plain(scalar.text))
        if parsed.expression is None or parsed.problems.errors or "\n" in written or scalar.style in ("|", ">"):
            continue
        printed = print_expression(parsed.expression)
        made = _as_written(printed, scalar.style)
        if made is not None and made != written:
            edits.append((scalar.start, scalar.end, made))
    return edits


def _as_written(printed: str, style: str) -> str | None:
    if style == "'":
        return "'" + printed.replace("'", "''") + "'"
    if style == '"':
        return None if '"' in printed or "\\" in printed else f'"{printed}"'
    return printed


def _meaning(kind: str, node: Node, walk: SchemaWalk) -> object:
    """Give what a file says, expressions as their trees."""
    places = {(scalar.start, scalar.end) for scalar in walk.expressions(kind, node)}

    def of(inner: Node) -> object:
        if isinstance(inner, Scalar):
            if (inner.start, inner.end) in places:
                parsed = parse_expression(LocatedText.plain(inner.text))
                return inner.text if parsed.expression is None else parsed.expression
            return (type(inner.value), inner.value)
        if isinstance(inner, Sequence):
            return [of(item) for item in inner.items]
        return [(entry.key.text, of(entry.value)) for entry in inner.entries]

    return of(node)
