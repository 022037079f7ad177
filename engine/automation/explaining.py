"""A condition with the value of each of its parts, in the compact form a run keeps: a list a part.

The form is `[text, value, what it reads, error, parts]`; `trace` reads it and masks what a reader may not see. How what
is read is named stands in `condition_eyes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.automation.condition_eyes import names_read
from engine.automation.program import Value
from engine.automation.stored_values import to_stored
from workflow_dsl.context import Context, Values
from workflow_dsl.evaluator import Explained
from workflow_dsl.typed import FieldPath
from workflow_dsl.typed_walk import walk

_LONGEST_TEXT = 300
_DEEPEST = 12


def explain_value(condition: Value, context: Context, row: Values | None = None) -> list[Any]:
    """Explain a condition in a context; `row` is the row in sight, where it is one of rows."""
    paths = [node for node in walk(condition.typed) if isinstance(node, FieldPath)]
    return _stored(condition.evaluator.explain(context, row), condition.text, paths, 0)


def first_problem(explained: list[Any]) -> str | None:
    """Give the error of the first part that could not be evaluated."""
    _, _, _, error, parts = explained
    for part in parts:
        found = first_problem(part)
        if found is not None:
            return found
    return str(error) if error else None


def _stored(part: Explained, written: str, paths: Sequence[FieldPath], depth: int) -> list[Any]:
    inner: list[Any] = []
    if depth < _DEEPEST:
        inner = [_stored(child, written, paths, depth + 1) for child in part.children if _is_worth_showing(child)]
    value = None if part.skipped else to_stored(part.value)
    text = part.source or (written if depth == 0 else "")
    return [text[:_LONGEST_TEXT], value, sorted(_fields(paths, part)), part.error or None, inner]


def _is_worth_showing(part: Explained) -> bool:
    # A literal says itself what it is.
    return bool(part.source) and not _is_literal(part)


def _is_literal(part: Explained) -> bool:
    return not part.children and part.source[:1] in "0123456789\"'"


def _fields(paths: Sequence[FieldPath], part: Explained) -> set[str]:
    found: set[str] = set()
    for node in paths:
        if part.at.start <= node.at.start and node.at.end <= part.at.end:
            found |= names_read(node)
    return found
