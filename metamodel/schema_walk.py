"""Goes through a file beside the schema of its kind: which part of the schema is about which value of the file.

Editors and the formatter ask here; whether the file is as the schema says is for the shape check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Node, Scalar
from metamodel.yaml_nodes import Sequence as SequenceNode

Schema = Mapping[str, Any]
_EXPRESSION = "#/definitions/expression"
# What stands there is an expression for some field types only.
_NOT_ALWAYS = frozenset(("default",))


class SchemaWalk:
    """The schemas of all kinds, loaded when first asked for."""

    def __init__(self) -> None:
        self._definitions: dict[str, Any] = _read("definitions")
        keys = self._definitions["field_keys"]
        self._definitions["field"] = self._definitions["field_part"] = {"type": "object", "properties": keys}
        self._wholes: dict[str, Schema] = {}

    def whole(self, kind: str) -> Schema:
        """Give the schema of a kind of file."""
        found = self._wholes.get(kind)
        if found is None:
            found = self._wholes[kind] = _read(f"{kind}.schema")
        return found

    def at(self, kind: str, path: Sequence[str | int]) -> Schema | None:
        """Give the part of a kind's schema that is about the value at a path; None where nothing is said of it."""
        whole = self.whole(kind)
        schema: Schema | None = whole
        for step in path:
            schema = self._below(schema, step, whole)
            if schema is None:
                return None
        return self.resolved(schema, whole)

    def expressions(self, kind: str, node: Node) -> Iterator[Scalar]:
        """Give every single value of a file that is an expression."""
        whole = self.whole(kind)
        waiting: list[tuple[Node, Schema | None, str]] = [(node, whole, "")]
        while waiting:
            inner, schema, key = waiting.pop()
            if schema is None:
                continue
            if isinstance(inner, Scalar):
                if schema.get("$ref") == _EXPRESSION and key not in _NOT_ALWAYS:
                    yield inner
                continue
            found = self.resolved(schema, whole)
            if isinstance(inner, MappingNode):
                waiting += [(value, self._below(found, name.text, whole), name.text) for name, value in inner.entries]
            elif isinstance(inner, SequenceNode):
                waiting += [(item, self._below(found, 0, whole), key) for item in inner.items]

    def resolved(self, schema: Schema | None, whole: Schema) -> Schema:
        """Give a schema with its reference followed."""
        while schema is not None and "$ref" in schema:
            name = str(schema["$ref"]).removeprefix("#/definitions/")
            schema = whole.get("definitions", {}).get(name) or self._definitions.get(name)
        return schema or {}

    def _below(self, schema: Schema | None, step: str | int, whole: Schema) -> Schema | None:
        found = self.resolved(schema, whole)
        if isinstance(step, int):
            items: Schema | None = found.get("items")
            return items
        other = found.get("additionalProperties")
        below: Schema | None = found.get("properties", {}).get(step, other if isinstance(other, dict) else None)
        return below


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((resources.files("metamodel") / "schemas" / f"{name}.json").read_text("utf-8"))
    return loaded
