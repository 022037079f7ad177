"""Holds a file against the JSON Schema of its kind, and says every difference in plain words with its place.

Fields are checked by their type's keys, chosen here, since a schema that chooses by `type` blames the wrong key.
"""

from __future__ import annotations

from jsonschema import ValidationError

from metamodel.field_types import FieldType, FieldTypeRegistry
from metamodel.folder import FileKind
from metamodel.links import LINK_KEYS, LINKS
from metamodel.names import did_you_mean
from metamodel.schema_set import SchemaSet
from metamodel.shapes.availability import LATER_FIELD_TYPES, LATER_KEYS
from metamodel.shapes.messages import report_unavailable, report_unknown_key, report_violation
from metamodel.shapes.stray_keys import without_stray_keys
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Scalar

_MAX_NAMED = 4
Path = tuple[str | int, ...]


class ShapeCheck:
    """Checks the shape of files of all kinds; made once a load."""

    def __init__(self, schemas: SchemaSet, types: FieldTypeRegistry, problems: Problems) -> None:
        self._schemas = schemas
        self._types = types
        self._problems = problems
        self._keys = {field_type.name: frozenset(field_type.allowed_keys) for field_type in types}
        self._required = {field_type.name: sorted(field_type.required_keys) for field_type in types}
        self._every_key = frozenset[str]().union(*self._keys.values())
        later = LATER_KEYS.get("field", frozenset())
        # By field type: the test of each key that it may have, so that a sound field costs one look-up a key.
        self._gates = {
            name: {key: schemas.key_gate(key) for key in keys if key not in later} for name, keys in self._keys.items()
        }

    def check(self, kind: FileKind, node: Mapping) -> Mapping:
        """Report what is wrong with a file's shape; give its node without stray keys.

        Problems: APP201 – APP207, APP902, OBJ101 – OBJ105.
        """
        node = without_stray_keys(node, self._problems)
        if not self._schemas.is_sound(kind.value, node):
            for error in self._schemas.errors(kind.value, node.plain):
                self._report(error, node, kind.value)
        if kind in (FileKind.OBJECT, FileKind.EXTENSION):
            self._check_fields(node.get("fields"), is_extension=kind is FileKind.EXTENSION)
        return node

    def _report(self, error: ValidationError, node: Node, family: str, key: Scalar | None = None) -> None:
        report_violation(error, node, family, self._problems, key)

    def _check_fields(self, fields: Node | None, *, is_extension: bool) -> None:
        if not isinstance(fields, Mapping):
            return
        for key, node in fields.items():
            if isinstance(node, Mapping):
                self._check_field(key, node, is_extension=is_extension)

    def _check_field(self, key: Scalar, node: Mapping, *, is_extension: bool) -> None:
        type_node = node.get("type")
        if type_node is None and is_extension:
            self._check_keys(node, self._every_key, None)
            return
        if not isinstance(type_node, Scalar) or type_node.value is None:
            message = f"the field '{key.text}' has no type"
            at = type_node or key
            hint = "add 'type: text' or another field type"
            self._problems.report("OBJ101", message, at.at, hint=hint, length=key.length)
            self._check_keys(node, self._every_key, None)
            return
        if type_node.text == LINKS:
            self._check_keys(node, LINK_KEYS, None)
            if node.get("to") is None:
                message = f"the field '{key.text}' of type {LINKS} needs 'to'"
                self._problems.report("OBJ104", message, key.at, length=key.length)
            return
        field_type = self._types.find(type_node.text)
        if field_type is None:
            self._report_unknown_type(type_node)
            return
        gates = self._gates[field_type.name]
        for key_node, value in node.entries:
            gate = gates.get(key_node.text)
            if gate is None or not gate(value):
                self._check_keys(node, self._keys[field_type.name], field_type)
                break
        for needed in self._required[field_type.name]:
            if node.get(needed) is None:
                message = f"the field '{key.text}' of type {field_type.name} needs '{needed}'"
                self._problems.report("OBJ104", message, key.at, length=key.length)

    def _report_unknown_type(self, node: Scalar) -> None:
        if node.text in LATER_FIELD_TYPES:
            report_unavailable(f"the field type '{node.text}'", node, self._problems)
            return
        hint = did_you_mean(node.text, self._types.names)
        self._problems.report("OBJ102", f"'{node.text}' is not a field type", node.at, hint=hint, length=node.length)

    def _check_keys(self, node: Mapping, known: frozenset[str], field_type: FieldType | None) -> None:
        later = LATER_KEYS.get("field", frozenset())
        for key, value in node.items():
            if key.text in later:
                report_unavailable(f"'{key.text}'", key, self._problems)
            elif key.text not in known and field_type is not None and key.text in self._every_key:
                message = f"'{key.text}' does not apply to a field of type {field_type.name}"
                self._problems.report("OBJ103", message, key.at, hint=self._types_with(key.text), length=key.length)
            elif key.text not in known:
                report_unknown_key(key, known, self._problems)
            else:
                if not self._schemas.key_gate(key.text)(value):
                    for error in self._schemas.field_errors(key.text, value.plain):
                        self._report(error, value, "field", key)

    def _types_with(self, key: str) -> str:
        names = [field_type.name for field_type in self._types if key in field_type.allowed_keys]
        return f"it is for {', '.join(names)}" if len(names) <= _MAX_NAMED else f"it is for {names[0]} and others"
