"""Checks which parts of the failure the actions of `on failure` read: of `error` there are four, and a misspelt one
would be empty without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from metamodel.names import did_you_mean
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import OnFailure, Path

ERROR = "error"
"""The name that the actions of `on failure` read the failure by."""
PARTS = ("message", "step", "action", "tries")
_OWN_NAME = re.compile(rf"\b(?:as|each)\s+{ERROR}\b")


def check_failure_parts(checking: RuleChecking, option: OnFailure) -> None:
    """Report parts that a failure has not; actions that give the name to something else are left alone."""
    if _OWN_NAME.search(checking.source.text[option.at.start : option.at.end]):
        return
    for path in _paths(option.actions):
        first, *rest = path.names
        if first.text == ERROR and rest and rest[0].text not in PARTS:
            hint = did_you_mean(rest[0].text, PARTS) or f"a failure has {', '.join(PARTS)}"
            checking.refuse("EXP201", f"'{rest[0].text}' is not a part of '{ERROR}'", rest[0].at, hint)


def _paths(node: object) -> Iterator[Path]:
    if isinstance(node, Path):
        yield node
    elif isinstance(node, Iterable) and not isinstance(node, str | bytes):
        for each in node:
            yield from _paths(each)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _paths(getattr(node, field.name))
