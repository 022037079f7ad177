"""Checks the JSON Schema that a field of type `json` brings; says where in the file its mistakes stand."""

from __future__ import annotations

from metamodel.json_schemas import Path, schema_faults
from metamodel.reading.json_entry import plain_json
from metamodel.source import Problems
from metamodel.yaml_nodes import Mapping, Node, Sequence


def check_json_schema(node: Node | None, problems: Problems) -> None:
    """Check the `schema:` of a field.

    Problems: OBJ129.
    """
    if not isinstance(node, Mapping):
        return
    for fault in schema_faults(plain_json(node)):
        place, length = _place(node, fault.path)
        message = f"this is not a JSON Schema: {fault.message}"
        problems.report("OBJ129", message, place.at, hint=fault.hint, length=length)


def _place(node: Node, path: Path) -> tuple[Node, int]:
    """Give the node that a path leads to; the key's where it has one, the nearest there is."""
    found: tuple[Node, int] = (node, node.length)
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            key, value = node.key(step), node.get(step)
            if key is None or value is None:
                return found
            found, node = (key, key.length), value
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            found = (node, node.length)
        else:
            return found
    return found
