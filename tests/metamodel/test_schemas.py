"""The published JSON Schemas are sound, take every file of the apps that ship, and refuse what the checker refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from metamodel.field_types import standard_field_types
from metamodel.folder import FileKind, file_kind
from metamodel.schema_set import SCHEMA_KINDS, editor_schema
from metamodel.source import Problems
from metamodel.yaml_nodes import SourceText
from metamodel.yaml_source import read_yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = [ROOT / "metamodel" / "core", *(path.parent for path in (ROOT / "sample_apps").glob("*/app.yaml"))]
FILES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml"))]


def schema(kind: str) -> dict[str, object]:
    return editor_schema(kind, standard_field_types())


def plain(text: str) -> object:
    node = read_yaml(SourceText("a.yaml", text), Problems())
    return node.plain if node is not None else None


@pytest.mark.parametrize("kind", SCHEMA_KINDS)
def test_each_schema_is_a_sound_one_of_the_draft(kind: str) -> None:
    found = schema(kind)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(found)


def test_there_is_a_schema_for_every_kind_of_yaml_file() -> None:
    others = {FileKind.RULES, FileKind.DATA_CSV, FileKind.TABLE_CSV, FileKind.ACCESS}
    assert set(SCHEMA_KINDS) == {kind.value for kind in FileKind if kind not in others}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_the_shipped_apps_validates(path: Path) -> None:
    folder = next(folder for folder in FOLDERS if path.is_relative_to(folder))
    kind = file_kind(path.relative_to(folder).as_posix())
    assert kind is not None
    errors = Draft202012Validator(schema(kind.value)).iter_errors(plain(path.read_text("utf-8")))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    "field",
    [
        "{type: mony}",
        "{type: text, requird: true}",
        "{type: boolean, max_length: 3}",
        "{type: lookup}",
        "{label: x}",
        "text",
    ],
)
def test_the_schema_of_objects_knows_the_keys_of_each_field_type(field: str) -> None:
    text = f"object: deal\nfields:\n  note: {field}\n"
    assert list(Draft202012Validator(schema("object")).iter_errors(plain(text))) != []
