"""What the inside actions share: which records rows are, how an effect is recorded, a message as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.automation.program import Rows, Value
from metamodel.values import Ref
from workflow_dsl.context import Context


def located(found: Sequence[Any], rows: Rows) -> list[tuple[str, str, Any]]:
    """Give object, id and the row itself of the records an action is about."""
    places = []
    for row in found:
        if isinstance(row, Ref):
            places.append((row.object, row.id, row))
        else:
            assert rows.object is not None, "the rows of an object have its key"
            places.append((rows.object, row, row))
    return places


def effect(kind: str, object_key: str, record_id: str, **more: object) -> dict[str, object]:
    """Make what a step's row tells of one record."""
    return {"kind": kind, "object": object_key, "record_id": record_id, **more}


def text_of(message: Value, context: Context) -> str:
    """Give a message as text, empty where it has no value."""
    return str(message.evaluate(context) or "")
