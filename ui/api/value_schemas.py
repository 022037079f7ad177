"""JSON Schemas of field values as the API writes and reads them: decimals as texts, money and lookups as objects.

One schema a storage kind, narrowed by what the field says (options, lengths, bounds). Rights are no matter of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from metamodel.field_types import FieldTypeRegistry, StorageKind
from metamodel.field_types.compound import parts_of_field
from metamodel.field_types.files import MOST_FILES, holds_files
from metamodel.field_types.number import most_stars
from metamodel.field_types.several import MOST_VALUES
from metamodel.fields import FieldDef
from metamodel.masks import MASK
from metamodel.texts import label_text

Schema = dict[str, Any]

_DECIMAL: Schema = {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_FORMS = {"color": "^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$", "barcode": "^([0-9][ -]?){8,14}$"}
_KEYS = re.compile(r'"([^"]*)":')
FILE_IDS = ("The id alone.", "The ids alone, with commas between them.")
_ID: Schema = {"type": "string", "format": "uuid"}

_BY_STORAGE: Mapping[StorageKind, Schema] = MappingProxyType(
    {
        StorageKind.DECIMAL: _DECIMAL,
        StorageKind.MONEY: {"$ref": "#/components/schemas/Money"},
        StorageKind.BOOLEAN: {"type": "boolean"},
        StorageKind.DATE: {"type": "string", "format": "date"},
        StorageKind.DATETIME: {"type": "string", "format": "date-time"},
        StorageKind.TIME: {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?$"},
        StorageKind.DURATION: {"type": "string", "format": "duration"},
        StorageKind.REFERENCE: {"$ref": "#/components/schemas/Lookup"},
        StorageKind.ANY_REFERENCE: {"$ref": "#/components/schemas/Lookup"},
    }
)


_BLANK: Schema = {"type": "string", "pattern": r"^\s*$", "description": "A blank text empties the field."}


def shared_schemas(currencies: Sequence[str]) -> dict[str, Schema]:
    """Give the schemas that fields refer to; currencies: those that amounts may be in."""
    money = {"amount": _DECIMAL, "currency": {"type": "string", "enum": list(currencies)}}
    return {
        "Money": {"type": "object", "properties": money, "required": list(money), "additionalProperties": False},
        "File": {
            "type": "object",
            "description": "A file that was uploaded before (`POST /files/{object}/{field}`); only `id` is taken.",
            "properties": {
                "id": _ID,
                "name": {"type": ["string", "null"]},
                "type": {"type": ["string", "null"], "description": "Content type, as its bytes say."},
                "size": {"type": ["integer", "null"], "description": "Bytes."},
            },
            "required": ["id"],
            "additionalProperties": False,
        },
        "Lookup": {
            "type": "object",
            "properties": {
                "id": _ID,
                "title": {"type": ["string", "null"]},
                "object": {"type": "string", "description": "Only where several objects may stand here."},
            },
            "required": ["id"],
            "additionalProperties": False,
        },
        "Problem": {
            "type": "object",
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "code": {"type": "string"},
                "request_id": {"type": "string"},
                "version": {"type": "integer", "description": "Of the record, where If-Match named another one."},
                "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
            },
            "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
        },
        "FieldProblem": {
            "type": "object",
            "properties": {
                "field": {"type": ["string", "null"]},
                "code": {"type": "string"},
                "message": {"type": "string"},
                "severity": {"enum": ["warning", "info"], "description": "Of a notice on a record that was saved."},
            },
            "required": ["field", "code", "message"],
        },
    }


def read_schema(field: FieldDef, types: FieldTypeRegistry, language: str) -> Schema:
    """Give the schema of a field's value in an answer; every value may be null."""
    schema = _nullable(_by_kind(field, types))
    schema["title"] = label_text(field.label, language, field.name)
    if field.help is not None:
        schema["description"] = label_text(field.help, language, "")
    return schema


def maybe_masked(schema: Schema) -> Schema:
    """Give the schema of a value in an answer that may be masked."""
    masked: Schema = {"type": "string", "pattern": MASK, "description": "Masked; it is not taken back."}
    return {"title": schema["title"], "anyOf": [{**schema}, masked]}


def write_schema(field: FieldDef, types: FieldTypeRegistry, language: str) -> Schema:
    """Give the schema of a field's value in a request: what answers have, and the shorter forms that are read too."""
    own = _by_kind(field, types)
    match types.of(field).storage(field):
        case StorageKind.REFERENCE:
            forms = [own, _ID, _BLANK, {"type": "null"}]
        case StorageKind.ANY_REFERENCE:
            forms = [own, {"type": "string", "description": "`object:id`"}, {"type": "null"}]
        case StorageKind.DECIMAL:
            forms = [{"type": ["string", "number", "null"]}]
        case StorageKind.TEXTS:
            forms = [own, {"type": ["string", "null"], "description": "The values with commas or lines between them."}]
        case StorageKind.PARTS | StorageKind.FILES if holds_files(field):
            forms = [own, {"type": ["string", "null"], "description": FILE_IDS[field.value_type == "files"]}]
        case StorageKind.JSON:
            forms = [own, {"type": ["string", "null"], "description": "The same as JSON text."}]
        case StorageKind.MONEY:
            forms = [own, {"type": ["string", "number", "null"]}]
        case _:
            forms = [_nullable(own)] if _takes_any_text(own) else [_nullable(own), _BLANK]
    schema: Schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
    return {**schema, "title": label_text(field.label, language, field.name)}


def _by_kind(field: FieldDef, types: FieldTypeRegistry) -> Schema:
    storage = types.of(field).storage(field)
    if storage in _BY_STORAGE:
        return dict(_BY_STORAGE[storage])
    if storage is StorageKind.INTEGER:
        return _whole_number(field)
    if storage is StorageKind.JSON:
        return _document_schema(field)
    if storage is StorageKind.FILES:
        most = (field.files.max_files if field.files is not None else None) or MOST_FILES
        return {"type": "array", "items": {"$ref": "#/components/schemas/File"}, "maxItems": most}
    if holds_files(field):
        return {"$ref": "#/components/schemas/File"}
    if storage is StorageKind.PARTS:
        return {"type": "object", "properties": _part_schemas(field), "additionalProperties": False}
    if storage is StorageKind.TEXTS:
        return {"type": "array", "items": _one_of_several(field), "uniqueItems": True, "maxItems": MOST_VALUES}
    if storage is StorageKind.CHOICE and field.choice is not None:
        return {"type": "string", "enum": list(field.choice.names)}
    if field.value_type in _FORMS:
        return {"type": "string", "pattern": _FORMS[field.value_type]}
    return {"type": "string", "maxLength": field.max_length} if field.max_length else {"type": "string"}


def _document_schema(field: FieldDef) -> Schema:
    """Give the schema of a document: the author's, where it stands by itself and says what the document is."""
    own = json.loads(field.json_schema) if field.json_schema is not None else {}
    stands_alone = not {"$ref", "$defs", "definitions", "$schema"} & set(_KEYS.findall(field.json_schema or ""))
    return own if stands_alone and own.get("type") in ("object", "array") else {"type": ["object", "array"]}


def _part_schemas(field: FieldDef) -> Schema:
    kinds: dict[str, Schema] = {"text": {"type": ["string", "null"]}, "decimal": {"type": ["string", "number", "null"]}}
    return {part.name: kinds[part.type] for part in parts_of_field(field)}


def _one_of_several(field: FieldDef) -> Schema:
    return {"type": "string", "enum": list(field.choice.names)} if field.choice is not None else {"type": "string"}


def _whole_number(field: FieldDef) -> Schema:
    if field.value_type == "rating":
        return {"type": "integer", "minimum": 1, "maximum": most_stars(field)}
    return {"type": "integer"}


def _takes_any_text(schema: Schema) -> bool:
    return schema.get("type") == "string" and not {"format", "pattern", "enum"} & schema.keys()


def _nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    nullable = {**schema, "type": [*types, "null"]}
    if "enum" in nullable:
        nullable["enum"] = [*nullable["enum"], None]
    return nullable
