"""Lists in the schemas: child lists in the bodies that make or change their parent, lists of links in answers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.records.saving.children import MOST_ROWS, REMOVE
from engine.records.types import MOST_LINKED
from metamodel.field_types import FieldTypeRegistry
from metamodel.link_lists import link_lists
from ui.api.value_schemas import Schema, read_schema, write_schema
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


def add_link_lists(
    schemas: dict[str, Schema], objects: Sequence[VisibleObject], types: FieldTypeRegistry, language: str
) -> None:
    """Add a property for each list of links to the records that `fields` may ask it of."""
    by_key = {each.object.key: each for each in objects}
    definitions = {key: each.object for key, each in by_key.items()}
    for key, each in by_key.items():
        for name, found in link_lists(definitions, each.object).items():
            links = by_key[found.links].fields
            if found.inverse.field not in links or found.far not in links:
                continue
            row = {
                "id": {"type": "string", "format": "uuid"},
                found.far: read_schema(links[found.far], types, language),
            }
            schemas[key]["properties"][name] = {
                "type": "array",
                "items": {"type": "object", "properties": row},
                "description": f"Where `fields` names it: by title, at most {MOST_LINKED} of a record.",
            }


def _row(child: VisibleObject, parent: str, types: FieldTypeRegistry, language: str) -> Schema:
    names = sorted((child.creatable | child.updatable) - {parent})
    own = {name: write_schema(child.object.fields[name], types, language) for name in names}
    told: Schema = {
        "id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "description": "Of the row as it was read; another one is refused."},
        REMOVE: {"type": "boolean", "description": "Into the bin with the row."},
    }
    return {"type": "object", "properties": {**told, **own}, "additionalProperties": False}
