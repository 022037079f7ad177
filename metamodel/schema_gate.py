"""Compiles a JSON Schema into a test of nodes that only says yes or no, many times faster than a validator.

Nearly every value of an app is as it must be. What the gate refuses goes to the validator, which says what is wrong; a
keyword that the gate does not know makes it refuse everything, so that the validator decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar, Sequence

Gate = Callable[[Node], bool]
_TEXT_LIMITS = frozenset(("pattern", "maxLength"))
_NUMBER_LIMITS = frozenset(("minimum", "maximum", "exclusiveMinimum"))
_OF_SCALARS = frozenset(("enum", *_TEXT_LIMITS, *_NUMBER_LIMITS))
_OF_LISTS = frozenset(("items", "minItems", "maxItems", "uniqueItems"))
_OF_MAPPINGS = frozenset(("properties", "additionalProperties", "propertyNames", "required", "minProperties"))
_NO_MATTER = frozenset(("description", "title", "definitions", "$schema", "examples", "default"))


class GateMaker:
    """Makes gates of schemas; references are to `#/definitions/…`, and may lead back into themselves."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._made: dict[str, Gate] = {}

    def make(self, schema: Mapping[str, Any] | bool) -> Gate:
        """Give the test of one schema."""
        if isinstance(schema, bool):
            return _always if schema else _never
        reference = schema.get("$ref")
        if reference is not None:
            return self._referred(str(reference).removeprefix("#/definitions/"))
        if schema.keys() - _OF_SCALARS - _OF_LISTS - _OF_MAPPINGS - _NO_MATTER - {"type"}:
            return _never
        return self._by_kind(schema)

    def _referred(self, name: str) -> Gate:
        made = self._made.get(name)
        if made is not None:
            return made
        held: list[Gate] = [_never]
        self._made[name] = lambda node: held[0](node)
        held[0] = self._made[name] = self.make(self._definitions[name])
        return held[0]

    def _by_kind(self, schema: Mapping[str, Any]) -> Gate:
        types = schema.get("type")
        allowed = None if types is None else frozenset([types] if isinstance(types, str) else types)
        on_scalar = _scalar_gate(schema, allowed)
        on_list = self._list_gate(schema) if allowed is None or "array" in allowed else None
        on_mapping = self._mapping_gate(schema) if allowed is None or "object" in allowed else None
        # A schema with `enum` alone refuses lists and mappings too: none is among the values.
        if "enum" in schema:
            on_list = on_mapping = None

        def gate(node: Node) -> bool:
            if type(node) is Scalar:
                return on_scalar(node)
            if type(node) is MappingNode:
                return on_mapping is not None and on_mapping(node)
            return on_list is not None and isinstance(node, Sequence) and on_list(node)

        return gate

    def _list_gate(self, schema: Mapping[str, Any]) -> Callable[[Sequence], bool]:
        item = self.make(schema["items"]) if "items" in schema else None
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        unique = schema.get("uniqueItems", False)

        def gate(node: Sequence) -> bool:
            items = node.items
            if len(items) < least or (most is not None and len(items) > most):
                return False
            if unique and len({item.text for item in items if type(item) is Scalar}) < len(items):
                return False
            return item is None or all(map(item, items))

        return gate

    def _mapping_gate(self, schema: Mapping[str, Any]) -> Callable[[MappingNode], bool]:
        known = {name: self.make(value) for name, value in schema.get("properties", {}).items()}
        other = self.make(schema["additionalProperties"]) if "additionalProperties" in schema else _always
        name_test = self._name_test(schema.get("propertyNames"))
        required, least = frozenset(schema.get("required", ())), schema.get("minProperties", 0)

        def gate(node: MappingNode) -> bool:
            entries = node.entries
            if len(entries) < least or (required and not required <= {entry.key.text for entry in entries}):
                return False
            for key, value in entries:
                if name_test is not None and not name_test(key.text):
                    return False
                if not known.get(key.text, other)(value):
                    return False
            return True

        return gate

    def _name_test(self, schema: Mapping[str, Any] | None) -> Callable[[str], bool] | None:
        if schema is None:
            return None
        reference = schema.get("$ref")
        if reference is not None:
            schema = self._definitions[str(reference).removeprefix("#/definitions/")]
        assert schema is not None
        if schema.keys() - _NO_MATTER - _TEXT_LIMITS - {"type", "enum"}:
            return lambda text: False
        return _text_test(schema)


def _always(node: Node) -> bool:
    return True


def _never(node: Node) -> bool:
    return False


def _scalar_gate(schema: Mapping[str, Any], allowed: frozenset[str] | None) -> Callable[[Scalar], bool]:
    """Give the test of single values: by the kind of the value, then the limits of that kind."""
    kinds = {
        kind: allowed is None or bool(names & allowed)
        for kind, names in (
            (str, {"string"}), (bool, {"boolean"}), (int, {"integer", "number"}), (Decimal, {"number"}),
            (type(None), {"null"}),
        )
    }  # fmt: skip
    enum = schema.get("enum")
    if enum is not None and not all(isinstance(value, str) for value in enum):
        return _never
    text_test = _text_test(schema) if enum is not None or _TEXT_LIMITS & schema.keys() else None
    low, high, above = schema.get("minimum"), schema.get("maximum"), schema.get("exclusiveMinimum")
    is_bounded = bool(_NUMBER_LIMITS & schema.keys())

    def gate(node: Scalar) -> bool:
        value = node.value
        if not kinds[type(value)]:
            return False
        if type(value) is str:
            return text_test is None or text_test(value)
        if enum is not None:
            return False
        if is_bounded and type(value) in (int, Decimal):
            number: Any = value
            return (
                (low is None or number >= low)
                and (high is None or number <= high)
                and (above is None or number > above)
            )
        return True

    return gate


def _text_test(schema: Mapping[str, Any]) -> Callable[[str], bool]:
    pattern = re.compile(schema["pattern"]).search if "pattern" in schema else None
    longest = schema.get("maxLength")
    enum = frozenset(schema["enum"]) if "enum" in schema else None

    def test(text: str) -> bool:
        if enum is not None and text not in enum:
            return False
        if longest is not None and len(text) > longest:
            return False
        return pattern is None or pattern(text) is not None

    return test
