"""Child lists in the schemas of requests: `lines: [{…}]` in the body that makes or changes their parent."""

from __future__ import annotations

from collections.abc import Sequence

from engine.records.saving.children import MOST_ROWS, REMOVE
from metamodel.field_types import FieldTypeRegistry
from ui.api.value_schemas import Schema, write_schema
from ui.api.visible import VisibleObject


def add_child_lists(
    schemas: dict[str, Schema], objects: Sequence[VisibleObject], types: FieldTypeRegistry, language: str
) -> None:
    """Add a property for each child list to the bodies of its parents, and the schemas of rows."""
    by_key = {each.object.key: each for each in objects}
    for each in objects:
        for name, inverse in each.object.inverses.items():
            child = by_key.get(inverse.object)
            if not inverse.owned or child is None or name in each.object.fields:
                continue
            schemas[f"{child.object.key}.row"] = _row(child, inverse.field, types, language)
            for body in (f"{each.object.key}.create", f"{each.object.key}.update"):
                schemas[body]["properties"][name] = {
                    "type": "array",
                    "maxItems": MOST_ROWS,
                    "items": {"$ref": f"#/components/schemas/{child.object.key}.row"},
                    "description": "Rows without id are made, others changed; those not named stay as they are.",
                }
    for each in objects:
        row = schemas.get(f"{each.object.key}.row")
        if row is not None:
            lists = schemas[f"{each.object.key}.create"]["properties"]
            row["properties"] |= {name: lists[name] for name in each.object.inverses if name in lists}


def _row(child: VisibleObject, parent: str, types: FieldTypeRegistry, language: str) -> Schema:
    names = sorted((child.creatable | child.updatable) - {parent})
    own = {name: write_schema(child.object.fields[name], types, language) for name in names}
    told: Schema = {
        "id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "description": "Of the row as it was read; another one is refused."},
        REMOVE: {"type": "boolean", "description": "Into the bin with the row."},
    }
    return {"type": "object", "properties": {**told, **own}, "additionalProperties": False}
