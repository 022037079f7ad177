"""docs/app-folder.md lists the keys of every place in app files, and no key that does not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from metamodel.field_types import standard_field_types
from tests.support.sources import REPOSITORY

pytestmark = pytest.mark.promise("DEV-04")

SCHEMAS = REPOSITORY / "metamodel" / "schemas"
SUFFIX = ".schema.json"


def places() -> Iterator[tuple[str, frozenset[str]]]:
    """Give each place of the schemas that has keys of its own: a kind of file, or a part of one."""
    for path in sorted(SCHEMAS.glob("*.json")):
        schema: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if keys := frozenset(schema.get("properties", ())):
            yield path.name.removesuffix(SUFFIX), keys
        parts = schema if path.name == "definitions.json" else schema.get("definitions", {})
        for name, part in parts.items():
            if keys := frozenset(part.get("properties", ())):
                yield name, keys
    types = standard_field_types()
    yield "field", frozenset(key for name in types.names for key in types.find(name).allowed_keys)  # type: ignore[union-attr]


def listed() -> Iterator[tuple[str, frozenset[str]]]:
    text = (REPOSITORY / "docs" / "app-folder.md").read_text(encoding="utf-8")
    table = text.split("## All keys")[1].split("\n## ")[0]
    for place, keys in re.findall(r"^\| `([\w]+)`[^|]*\| `([^|]+)` \|", table, re.MULTILINE):
        yield place, frozenset(keys.split())


def test_the_page_lists_the_keys_of_each_place_and_no_other() -> None:
    assert dict(listed()) == dict(places())
