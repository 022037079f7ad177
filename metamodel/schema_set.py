"""The JSON Schemas of all file kinds: loaded from schemas/, compiled once a load, and put together for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from metamodel.field_types import FieldTypeRegistry
from metamodel.schema_gate import Gate, GateMaker
from metamodel.yaml_nodes import Node

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_KINDS = (
    "app",
    "object",
    "extension",
    "role",
    "menus",
    "option_set",
    "organization",
    "connection",
    "connector",
    "template",
    "translation",
    "data",
    "calendar",
    "report",
    "dashboard",
    "form",
    "currencies",
    "conversion",
    "sla",
    "target",
    "table",
    "test",
)

Schema = dict[str, Any]


class SchemaSet:
    """The schemas; a validator is made when a kind or field key is first met."""

    def __init__(self) -> None:
        self._definitions = _read("definitions.json")
        self._definitions["field"] = {"type": "object"}
        self._definitions["field_part"] = {"type": "object"}
        self._validators: dict[str, Draft202012Validator] = {}
        self._gates: dict[str, Gate] = {}
        self._key_gates: dict[str, Gate] = {}
        self._gate_maker = GateMaker(self._definitions)

    def is_sound(self, kind: str, node: Node) -> bool:
        """Tell quickly that a file is as its kind's schema says; False where `errors` must decide."""
        gate = self._gates.get(kind)
        if gate is None:
            whole = self._whole(kind)
            gate = self._gates[kind] = GateMaker(whole["definitions"]).make(whole)
        return gate(node)

    def key_gate(self, key: str) -> Gate:
        """Give the quick test that the value of a field's key is as it must be; `field_errors` says why it is not."""
        gate = self._key_gates.get(key)
        if gate is None:
            schema = self._definitions["field_keys"].get(key, {})
            gate = self._key_gates[key] = self._gate_maker.make(schema)
        return gate

    def errors(self, kind: str, plain: object) -> Iterator[ValidationError]:
        """Give every violation of a file kind's schema."""
        validator = self._validators.get(kind)
        if validator is None:
            whole = self._whole(kind)
            inlined = _inline(whole, whole["definitions"], ())
            validator = self._validators[kind] = Draft202012Validator(inlined)
        return validator.iter_errors(plain)

    def field_errors(self, key: str, plain: object) -> Iterator[ValidationError]:
        """Give every violation of the schema of one key of a field; a plugin's own keys have none."""
        name = f"field:{key}"
        validator = self._validators.get(name)
        if validator is None:
            schema = _inline(self._definitions["field_keys"].get(key, {}), self._definitions, ())
            validator = self._validators[name] = Draft202012Validator(schema)
        return validator.iter_errors(plain)

    def _whole(self, kind: str) -> Schema:
        schema = _read(f"{kind}.schema.json")
        schema["definitions"] = {**self._definitions, **schema.get("definitions", {})}
        return schema


def editor_schema(kind: str, types: FieldTypeRegistry) -> Schema:
    """Give one self-contained schema (draft 2020-12) of a file kind for editors, with the keys of each field type."""
    definitions = _read("definitions.json")
    keys = definitions.pop("field_keys")
    definitions["field"] = _field_schema(keys, types, needs_type=True)
    definitions["field_part"] = _field_schema(keys, types, needs_type=False)
    schema = _read(f"{kind}.schema.json")
    if kind == "object":
        _let_templates_type(schema)
    own = schema.pop("definitions", {})
    return {"$schema": DRAFT, **schema, "definitions": {**definitions, **own}}


def _let_templates_type(schema: Schema) -> None:
    """Say that a field needs no type of its own where a template may give it."""
    schema["properties"]["fields"].pop("additionalProperties")

    def fields_are(name: str) -> Schema:
        return {"properties": {"fields": {"additionalProperties": {"$ref": f"#/definitions/{name}"}}}}

    schema["allOf"] = [
        {"if": {"required": ["template"]}, "then": fields_are("field_part"), "else": fields_are("field")}
    ]
    schema["anyOf"] = [{"required": ["fields"]}, {"required": ["template"]}]
    schema["required"] = [name for name in schema["required"] if name != "fields"]


def _field_schema(keys: Schema, types: FieldTypeRegistry, *, needs_type: bool) -> Schema:
    known = {key: schema for key, schema in keys.items() if key != "type"}
    every_key = sorted({key for field_type in types for key in field_type.allowed_keys})
    schema: Schema = {
        "type": "object",
        "properties": {"type": {"enum": sorted(types.names)}, **known},
        "propertyNames": {"enum": every_key},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": field_type.name}}, "required": ["type"]},
                "then": {
                    "propertyNames": {"enum": sorted(field_type.allowed_keys)},
                    "required": sorted(field_type.required_keys),
                },
            }
            for field_type in types
        ],
    }
    if needs_type:
        schema["required"] = ["type"]
    return schema


def _inline(schema: Any, definitions: Schema, inside: tuple[str, ...]) -> Any:
    """Give a schema with its references replaced by what they stand for, since following them doubles the time.

    One that leads back into itself (menus in menus) stays a reference.
    """
    if isinstance(schema, list):
        return [_inline(item, definitions, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    name = str(schema.get("$ref", "")).removeprefix("#/definitions/")
    if name in definitions and name not in inside:
        return _inline(definitions[name], definitions, (*inside, name))
    return {
        key: value if key == "definitions" else _inline(value, definitions, inside) for key, value in schema.items()
    }


def _read(name: str) -> Schema:
    text = (resources.files("metamodel") / "schemas" / name).read_text("utf-8")
    loaded: Schema = json.loads(text)
    return loaded
