"""Each system table is decided about: what becomes of values of an erased person in it, as the code does it."""

from __future__ import annotations

import re

from engine.privacy.erasing import GONE_WITH_VALUES, KEPT_ROWS
from engine.privacy.traces import LEFT_OUT, NAMES_OF_RECORDS, text_columns
from engine.storage.dialect import Dialect
from engine.storage.system_tables import build_system_tables
from tests.support.sources import REPOSITORY

TABLES = build_system_tables(Dialect.POSTGRESQL).metadata.tables


def _kinds() -> dict[str, list[str]]:
    text = (REPOSITORY / "docs" / "personal-data.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*\*(.+?)\*\*(.*)\|$", text, re.MULTILINE)
    return {kind: re.findall(r"`(fs_\w+)`", named) for kind, named in rows}


def test_every_system_table_is_in_the_list_of_what_an_erasure_does_and_once() -> None:
    listed = [name for names in _kinds().values() for name in names]
    assert sorted(listed) == sorted(TABLES), "say in docs/personal-data.md what becomes of a person's values in it"


def test_the_list_says_what_the_code_does() -> None:
    kinds = {kind: set(names) for kind, names in _kinds().items()}
    about = {name for name, table in TABLES.items() if _names_records(set(table.c.keys()))}
    assert kinds["are not looked through"] == LEFT_OUT
    assert kinds["rows stay"] == KEPT_ROWS
    assert kinds["rows with a value are deleted"] == GONE_WITH_VALUES
    assert kinds["rows about the person's records are deleted"] == about - LEFT_OUT - KEPT_ROWS
    assert not [name for name in kinds["may hold values"] if not text_columns(TABLES[name])]


def _names_records(columns: set[str]) -> bool:
    return any(name in columns and columns & set(ids) for name, ids in NAMES_OF_RECORDS.items())
