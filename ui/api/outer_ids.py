"""Ids in the API's description where records lie in another database: any text, made of the keys there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from ui.api.value_schemas import Schema
from ui.api.visible import VisibleObject

_KEY: Schema = {"type": "string", "description": "Made of the record's key in the other database."}
_LOOKUP = "OuterLookup"


def describe_outer_ids(
    schemas: dict[str, Schema], paths: Mapping[str, Any], objects: Iterable[VisibleObject], metamodel: Metamodel
) -> None:
    """Change what was described of ids wherever they are those of another database."""
    elsewhere = {key for key, object_def in metamodel.objects.items() if object_def.source is not None}
    if not elsewhere:
        return
    lookup = schemas["Lookup"]
    schemas[_LOOKUP] = {**lookup, "properties": {**lookup["properties"], "id": _KEY}}
    for each in objects:
        key = each.object.key
        for name in (key, f"{key}.create", f"{key}.update"):
            properties = schemas[name]["properties"]
            for field in each.fields.values():
                if _leads_to(field, elsewhere) and field.name in properties:
                    properties[field.name] = _loosened(properties[field.name])
        if key in elsewhere:
            schemas[key]["properties"]["id"] = _KEY
            for path, described in paths.items():
                if path.startswith(f"/records/{key}/{{id}}"):
                    described["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": _KEY}]


def _leads_to(field: FieldDef, elsewhere: set[str]) -> bool:
    return field.relation is not None and field.relation.single_target in elsewhere


def _loosened(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {**schema, "$ref": f"#/components/schemas/{_LOOKUP}"}
    if schema.get("format") == "uuid":
        return _KEY
    return {**schema, "anyOf": [_loosened(each) for each in schema["anyOf"]]} if "anyOf" in schema else schema
