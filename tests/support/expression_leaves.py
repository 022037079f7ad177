"""The paths that random expressions over a metamodel may read, each with its type."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from workflow_dsl.types import Kind, Type, type_of_field

KIND_NAMES = {
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.PERCENT: "number",
    Kind.MONEY: "money",
    Kind.TEXT: "text",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.CHOICE: "choice",
    Kind.RECORD: "record",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A path that an expression may read."""

    path: str
    type: Type


def leaves_of(metamodel: Metamodel, object_key: str, lookups: int) -> list[Leaf]:
    """Give the fields of an object and of those that its single-target lookups lead to."""
    found: list[Leaf] = []
    _collect(metamodel, metamodel.objects[object_key], "", lookups, found)
    return found


def _collect(metamodel: Metamodel, object_def: ObjectDef, prefix: str, lookups: int, found: list[Leaf]) -> None:
    for name, field_def in object_def.fields.items():
        if field_def.formula is not None or field_def.rollup is not None or name == "deleted_at":
            continue
        type_ = type_of_field(field_def)
        found.append(Leaf(f"{prefix}{name}", type_))
        if type_.kind is Kind.RECORD and len(type_.objects) == 1 and lookups > 0:
            _collect(metamodel, metamodel.objects[type_.objects[0]], f"{prefix}{name}.", lookups - 1, found)
