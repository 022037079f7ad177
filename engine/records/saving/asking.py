"""Expressions asked of many new records at once: once for each set of values they read, where nothing else decides.

An expression over texts, dates, options and the like is evaluated once for all records that agree in what it reads.
One over decimals is evaluated record by record: equal decimals may be written differently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.expressions.context import RecordContext, Surroundings
from engine.records.parts import ReleaseParts
from engine.records.saving.record_columns import RecordColumns, RowView
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.reads import Reads
from workflow_dsl.typed import FieldPath, FunctionCall, RootKind, TextJoin, Typed
from workflow_dsl.typed_walk import walk

WRITTEN_ALIKE = frozenset(
    "text long_text email phone url choice boolean date datetime integer autonumber lookup child_of user".split()
)
"""Types whose equal values are written alike."""
FAULT: Any = object()
"""Stands where an expression could not be evaluated."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression over a record.

    keys: the fields that decide its value, None where the record as a whole has to be asked. computes: it reads
    formulas that are not kept. text_of: the field whose text it is, where it is no more than that.
    """

    evaluate: Callable[..., Any]
    keys: tuple[str, ...] | None
    computes: bool
    text_of: str | None = None


def asked_of(parts: ReleaseParts, object_key: str, evaluate: Callable[..., Any], typed: Typed, reads: Reads) -> Asked:
    """Say how an expression can be asked of many records of an object."""
    stored = parts.tables.of(object_key).is_stored
    fields = parts.metamodel.objects[object_key].fields
    if not all(stored(name) for name in reads.own):
        return Asked(evaluate, None, computes=True)
    repeatable = not reads.old and all(fields[name].value_type in WRITTEN_ALIKE for name in reads.own)
    if not repeatable or any(_needs_record(node) for node in walk(typed)):
        return Asked(evaluate, None, computes=False)
    return Asked(evaluate, tuple(sorted(reads.own)), computes=False, text_of=_text_of(typed))


def _text_of(typed: Typed) -> str | None:
    """Give the field of which an expression is the text."""
    parts = typed.operands if isinstance(typed, TextJoin) else (typed,)
    if len(parts) != 1 or not isinstance(path := parts[0], FieldPath) or path.steps or path.field is None:
        return None
    return path.field.name if path.root.kind is RootKind.THIS and path.field.value_type == "text" else None


def answers(
    asked: Asked, records: RecordColumns, around: Surroundings, places: Sequence[int] | None = None
) -> list[Any]:
    """Give the value for each of some new records, FAULT where it can't be evaluated. places: of these; None = all."""
    asked_at = range(len(records)) if places is None else places
    if not asked_at:
        return []
    if asked.computes:
        key = records.plan.object.key
        return [_answer(asked.evaluate, RecordContext(around, key, records.row(at))) for at in asked_at]
    one_by_one = _OneByOne(asked, records, around)
    if asked.keys is None:
        return [one_by_one(at) for at in asked_at]
    if not asked.keys:
        return [one_by_one(asked_at[0])] * len(asked_at)
    columns = [records.picked(name, places) for name in asked.keys]
    keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    # The last of those that agree answers for all of them.
    known = {key: one_by_one(at) for key, at in dict(zip(keys, asked_at, strict=True)).items()}
    return [known[key] for key in keys]


class _OneByOne:
    """Asks one record at a time, all of them in one context."""

    def __init__(self, asked: Asked, records: RecordColumns, around: Surroundings) -> None:
        self._evaluate = asked.evaluate
        self._context = RecordContext(around, records.plan.object.key, {})
        self._view = RowView(records.values)
        self._context.this = self._view

    def __call__(self, at: int) -> Any:
        self._view.at = at
        return _answer(self._evaluate, self._context)


def _answer(evaluate: Callable[..., Any], context: RecordContext) -> Any:
    try:
        return evaluate(context)
    except EvaluationError:
        return FAULT


def _needs_record(node: Typed) -> bool:
    """Say whether a part's value depends on more than the fields that it reads."""
    if isinstance(node, FunctionCall):
        return node.function.volatile
    if not isinstance(node, FieldPath) or node.field is not None or node.steps:
        return False
    return node.root.kind not in (RootKind.USER, RootKind.ROW)
