"""What the door says of the values of a row that will not be saved, so that all its faults are told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import FieldError
from engine.imports.heads import ID
from engine.records.hooks import SaveKind
from engine.records.saving.steps import reader
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef


def unreadable(
    transaction: Transaction, object_def: ObjectDef, values: Mapping[str, Any], kind: SaveKind
) -> Sequence[FieldError]:
    """Give what is wrong with raw values that are not of their fields' types."""
    given = {name: value for name, value in values.items() if name != ID}
    return reader(transaction, object_def, kind).try_read(given)[1]
