"""Reads YAML that stands for JSON, such as the schema of a `json` field."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from metamodel.yaml_nodes import Mapping, Node


def plain_json(node: Node) -> Any:
    """Give a node as JSON has it: numbers with a point are floats."""
    return _plain(node.plain)


def json_text(node: Node | None) -> str | None:
    """Give a mapping as JSON text, keys in their order; None for anything else."""
    return json.dumps(plain_json(node), ensure_ascii=False) if isinstance(node, Mapping) else None


def _plain(value: object) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case Decimal():
            return float(value)
    return value
