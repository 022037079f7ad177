"""Nothing dangerous is written outside a list with reasons; and the gate finds each thing it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.sources import PACKAGES, files_of, name_of
from tests.support.static_gate import uses_in_file, uses_in_python, uses_in_template

REASONS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("gate_reasons.yaml").read_text(encoding="utf-8")
)
CHECKED = (".py", ".html", ".jinja", ".j2", ".htm")


@pytest.mark.promise("SEC-42")
@pytest.mark.promise("DEV-02")
def test_nothing_dangerous_is_used_without_a_reason_and_no_reason_outlives_its_use() -> None:
    found: dict[tuple[str, str], int] = {}
    for path in files_of(*PACKAGES, suffixes=CHECKED):
        for use in uses_in_file(path):
            found[f"{name_of(path)}::{use.place}", use.kind] = use.line
    allowed = {(place, kind) for place, kinds in REASONS.items() for kind in kinds}
    unexplained = [
        f"{place} (line {line}): {kind}" for (place, kind), line in found.items() if (place, kind) not in allowed
    ]
    outlived = [f"{place}: {kind} has a reason and no use" for place, kind in sorted(allowed - found.keys())]
    assert not unexplained + outlived, "see gate_reasons.yaml:\n" + "\n".join(unexplained + outlived)


def test_every_reason_is_a_sentence() -> None:
    for place, kinds in REASONS.items():
        for kind, reason in kinds.items():
            assert len(str(reason).split()) >= 5, f"{place} {kind}: say why"


@pytest.mark.promise("DEV-02")
@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("text()", "from sqlalchemy import text\ntext('x')"),
        ("text()", "import sqlalchemy as sa\nsa.text(query)"),
        ("text()", "import sqlalchemy\nsqlalchemy.literal_column(name)"),
        ("text()", "connection.exec_driver_sql(statement)"),
        ("literal SQL", "q = 'SELECT id FROM lead'"),
        ("literal SQL", "q = 'select id\\n from lead'"),
        ("literal SQL", "q = 'INSERT INTO lead VALUES (1)'"),
        ("literal SQL", "q = 'update lead set x = 1'"),
        ("literal SQL", "q = 'DELETE FROM lead WHERE id = ' + given"),
        ("literal SQL", "q = 'PRAGMA foreign_keys=ON'"),
        ("literal SQL", "q = 'CREATE UNIQUE INDEX i ON t (a)'"),
        ("literal SQL", "q = 'BEGIN IMMEDIATE'"),
        ("literal SQL", "q = 'COMMIT'"),
        ("literal SQL", "q = 'WITH RECURSIVE up AS (SELECT 1)'"),
        ("literal SQL", "q = \"SET lock_timeout = '1s'\""),
        ("literal SQL", "q = f'{sum(\"SELECT id FROM lead\")}'"),
        ("literal SQL", "q = '-- all leads\\nselect id from lead'"),
        ("literal SQL", "q = 'SELECT pg_advisory_lock(1)'"),
        ("literal SQL", "q = 'DROP TABLE %s' % name"),
        ("f-string SQL", "q = f'SELECT {column} FROM lead'"),
        ("f-string SQL", "q = f'ALTER TABLE {name} ADD x'"),
        ("eval", "eval(given)"),
        ("exec", "exec(code, {})"),
        ("__import__", "__import__(name)"),
        ("pickle", "import pickle"),
        ("pickle", "from pickle import loads"),
        ("pickle", "import shelve"),
        ("yaml.load", "import yaml\nyaml.load(text, Loader)"),
        ("yaml.load", "from yaml import unsafe_load\nunsafe_load(text)"),
        ("shell=True", "import subprocess\nsubprocess.run(line, shell=True)"),
        ("shell=True", "import os\nos.system(line)"),
        ("shell=True", "run(line, shell=wanted)"),
        ("Markup", "from markupsafe import Markup\nMarkup(text)"),
        ("Markup", "import markupsafe\nmarkupsafe.Markup(text)"),
        ("hx-on", "html = '<a hx-on:click=\"x()\">'"),
        ("js: value", "html = \"<a hx-vals='js:{a: 1}'>\""),
        ("event filter", "html = '<a hx-trigger=\"click[ctrlKey]\">'"),
    ],
)
def test_the_gate_finds_each_use_in_python(kind: str, source: str) -> None:
    assert kind in {use.kind for use in uses_in_python(source)}


@pytest.mark.promise("DEV-02")
@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("|safe", "{{ note | safe }}"),
        ("|safe", "{{ note|safe }}"),
        ("|safe", "{% autoescape false %}{{ note }}{% endautoescape %}"),
        ("hx-on", "<button hx-on:click='go()'>"),
        ("hx-on", "<button hx-on='click: go()'>"),
        ("hx-on", "<button data-hx-on:click='go()'>"),
        ("js: value", "<a hx-vals='js:{a: b()}'>"),
        ("js: value", '<a hx-headers="javascript:{a: 1}">'),
        ("js: value", '<a href="javascript:void(0)">'),
        ("event filter", '<a hx-trigger="click[ctrlKey]">'),
        ("event filter", "<a hx-trigger='keyup[key==1] from:body'>"),
        ("inline script", "<script>go()</script>"),
        ("inline script", '<p onclick="go()">'),
        ("inline style", '<p style="color: red">'),
    ],
)
def test_the_gate_finds_each_use_in_templates(kind: str, source: str) -> None:
    assert kind in {use.kind for use in uses_in_template(source)}


@pytest.mark.parametrize(
    "source",
    [
        "message = 'Select a record from the list'",
        "'''SELECT x FROM y is what this docstring speaks of.'''",
        "import re\nre.compile('x')",
        "text('a')",
        "import yaml\nyaml.safe_load(text)",
        "run(line, shell=False)",
        "label = 'Update the stage'",
        "example = 'set stage = \\'won\\''",
        "state = 'commit'",
        "message = f'update {name}: not set'",
        "self.exec(step)",
        "html = '<a hx-trigger=\"keyup changed delay:300ms\">'",
    ],
)
def test_the_gate_leaves_harmless_python_alone(source: str) -> None:
    assert uses_in_python(source) == []


@pytest.mark.parametrize(
    "source",
    [
        '<script src="/static/app.js"></script>',
        "<a hx-trigger='click' hx-vals='{\"a\": 1}'>",
        "{{ safe }}",
        "<p data-on='x'>",
    ],
)
def test_the_gate_leaves_harmless_templates_alone(source: str) -> None:
    assert uses_in_template(source) == []
