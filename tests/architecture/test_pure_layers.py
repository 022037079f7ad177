"""metamodel and workflow_dsl are pure: no clock, no chance, no database, no web, no process around them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.sources import PACKAGES, PURE_PACKAGES, files_of, name_of, tree_of

FORBIDDEN_MODULES = {
    "alembic", "dbos", "flask", "jinja2", "psycopg", "sqlalchemy", "sqlite3", "werkzeug",  # database and web
    "random", "secrets", "time", "uuid",  # clock and chance
    "asyncio", "multiprocessing", "socket", "subprocess", "threading",  # the process around
}  # fmt: skip
CLOCK_CALLS = {"now", "today", "utcnow"}


def imports_of(tree: ast.Module) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module.split(".")[0]))
    return found


def clock_reads_of(tree: ast.Module) -> list[int]:
    """Find `datetime.now(…)`, `date.today()` and the like, also behind `datetime.datetime`."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK_CALLS
        and ast.unparse(node.func.value).split(".")[-1].lower() in {"datetime", "date"}
    ]


def impurities(tree: ast.Module) -> list[str]:
    imported = [f"{line}: imports {name}" for line, name in imports_of(tree) if name in FORBIDDEN_MODULES]
    return imported + [f"{line}: reads the clock" for line in clock_reads_of(tree)]


@pytest.mark.promise("DEV-08")
def test_the_pure_layers_use_no_clock_no_sql_and_no_flask() -> None:
    found = [f"{name_of(path)}:{what}" for path in files_of(*PURE_PACKAGES) for what in impurities(tree_of(path))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["import sqlite3", "from sqlalchemy import select", "import flask.views", "import time", "x = datetime.now(UTC)",
     "x = datetime.date.today()", "def f():\n    from uuid import uuid4"],
)  # fmt: skip
def test_an_impure_module_is_found(source: str) -> None:
    assert impurities(ast.parse(source))


def test_the_clock_is_read_in_one_place() -> None:
    readers = {name_of(path) for path in files_of(*PACKAGES) if clock_reads_of(tree_of(path))}
    assert readers <= {"engine/clock.py"}


def test_no_function_keeps_state_in_its_module() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in files_of(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    marks = ("TODO", "FIXME", "NotImplementedError")
    here = Path(__file__)
    found = [
        f"{name_of(path)}: {mark}"
        for path in files_of(*PACKAGES, "tests", "bench")
        if path != here
        for mark in marks
        if mark in path.read_text(encoding="utf-8")
    ]
    assert found == []
