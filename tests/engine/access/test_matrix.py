"""The matrix of access that an app keeps: every change of a role, wherever it stands, makes `check` name its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.platforms import small_app, write_files
from tests.support.random_policies import OBJECTS, random_roles
from ui.cli import main

ROLES = {
    "roles/base.yaml": "role: base\nobjects: {thing: {read: own}}\n",
    "roles/rep.yaml": """
        role: rep
        includes: [base]
        objects:
          note: {read: own or shared, create: yes, update: own}
        fields:
          note.grade: {update: no}
          note.sealed: {read: masked}
        deny: {thing: delete}
        system: [export]
    """,
}


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(word) for word in words])
    return result.exit_code, result.output


def kept(folder: Path) -> Path:
    app = small_app(folder, OBJECTS | ROLES)
    assert run("explain", "access", "--matrix", "--write", app) == (0, f"wrote {app / 'access.txt'}\n")
    assert run("check", app)[0] == 0
    return app


def test_the_matrix_says_each_right_of_each_role_in_a_line(tmp_path: Path) -> None:
    app = small_app(tmp_path, OBJECTS | ROLES)
    code, text = run("explain", "access", "--matrix", app)
    assert code == 0
    lines = text.splitlines()
    for line in (
        "rep system: export", "rep note read: own or shared", "rep note create: all", "rep note delete: no",
        "rep note.grade update: no", "rep note.sealed read: masked: own or shared", "rep note.secret read: no",
        "rep thing read: own", "rep thing delete: denied", "rep part update: of its parent own", "base thing read: own",
    ):  # fmt: skip
        assert line in lines, text


CHANGES: Mapping[str, tuple[str, str, str, str]] = {
    "a scope": ("roles/rep.yaml", "update: own}", "update: all}", "it is 'rep note update: all' now, not"),
    "an included role": ("roles/base.yaml", "read: own", "read: all", "it is 'rep thing read: all' now, not"),
    "a denial": ("roles/rep.yaml", "{thing: delete}", "{note: read}", "it is 'rep note read: denied' now"),
    "a right by name": ("roles/rep.yaml", "[export]", "[export, import]", "rep system: export, import"),
    "a field's right": ("roles/rep.yaml", "grade: {update: no}", "grade: {update: own}", "rep note.grade update: own"),
    "a field's kind": ("objects/note.yaml", ", sensitive: true", "", "'rep note.secret read: no' holds no more"),
    "a role that is gone": ("roles/base.yaml", "role: base", "role: bases", "APP"),
}


@pytest.mark.promise("SEC-17")
@pytest.mark.parametrize("change", CHANGES)
def test_check_fails_and_names_the_line_when_a_change_alters_the_kept_matrix(tmp_path: Path, change: str) -> None:
    app = kept(tmp_path)
    path, old, new, said = CHANGES[change]
    text = (app / path).read_text("utf-8")
    assert old in text
    (app / path).write_text(text.replace(old, new), encoding="utf-8")
    code, told = run("check", app)
    assert code == 1
    assert said in told
    if said != "APP":
        assert "APP435" in told
        assert "access.txt:" in told
        assert run("explain", "access", "--matrix", "--write", app)[0] == 0
        assert run("check", app)[0] == 0


def test_a_line_taken_away_or_added_by_hand_is_told_and_comments_are_not(tmp_path: Path) -> None:
    app = kept(tmp_path)
    matrix = app / "access.txt"
    lines = matrix.read_text("utf-8").splitlines()
    matrix.write_text("\n".join(["# ours", "", *(each for each in lines if each != "rep note create: all")]), "utf-8")
    code, told = run("check", app)
    assert code == 1
    assert "'rep note create: all' is new" in told
    matrix.write_text("\n".join([*lines, "reb note create: all"]), "utf-8")
    assert "'reb note create: all' holds no more" in run("check", app)[1]
    matrix.write_bytes(b"\xff\xfe")
    assert run("check", app)[0] == 1


def test_any_policy_keeps_its_own_matrix(tmp_path: Path) -> None:
    app = small_app(tmp_path, OBJECTS | random_roles(8))
    assert run("explain", "access", "--matrix", "--write", app)[0] == 0
    assert "APP435" not in run("check", app)[1]
    write_files(app, random_roles(9))
    assert "APP435" in run("check", app)[1]
