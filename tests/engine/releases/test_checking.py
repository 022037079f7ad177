"""What keeps a folder from becoming a release beside its files' form: expressions, scopes, rules; and what follows one.

Each case is a small mistake in a sound app, with the code and the place where it is told.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from engine.access.actor import system_actor
from engine.errors import ReleaseRefused
from engine.platform import check_app_folders
from plugins.manager import PluginManager
from tests.support.platforms import applied_platform, small_app, write_files

DEAL = dedent("""
    object: deal
    label: Deal
    plural: Deals
    title: "{name}"
    fields:
      name: {type: text, required: true}
      price: {type: decimal}
      twice: {type: decimal, formula: price * 2}
      four: {type: decimal, formula: twice * 2}
      account: {type: lookup, to: account, inverse: deals}
      lines_total: {type: rollup, of: lines.amount, function: sum}
      with_total: {type: decimal, formula: lines_total + price}
    """).lstrip()
LINE = dedent("""
    object: line
    label: Line
    plural: Lines
    title: "{text}"
    fields:
      text: {type: text}
      amount: {type: decimal, formula: pieces * 3}
      pieces: {type: integer}
      deal: {type: child_of, to: deal, inverse: lines}
    """).lstrip()
FILES = {"objects/deal.yaml": DEAL, "objects/line.yaml": LINE}
BROKEN = {
    "formula": (DEAL + "  x: {type: decimal, formula: pricee * 2}\n", "EXP201"),
    "formula of another type": (DEAL + "  x: {type: date, formula: price * 2}\n", "EXP3"),
    "formulas in a circle": (
        DEAL + "  x: {type: decimal, formula: y + 1}\n  y: {type: decimal, formula: x + 1}\n",
        "OBJ451",
    ),
    "default": (DEAL + "  x: {type: date, default: = tomorow}\n", "EXP2"),
    "condition": (DEAL + "  x: {type: text, visible_if: price}\n", "EXP304"),
    "lookup's where": (DEAL + "  x: {type: lookup, to: account, where: nam = name, inverse: xs}\n", "EXP201"),
    "roll-up's where": (DEAL + "  x: {type: rollup, of: lines, function: count, where: cancelled}\n", "EXP201"),
    "validation": (
        DEAL + "validations:\n  - {name: v, check: pric > 0, message: No}\n",
        "EXP201",
    ),
    "message": (
        DEAL + "validations:\n  - {name: v, check: price > 0, message: 'Not {pric}'}\n",
        "EXP201",
    ),
    "view": (DEAL + "views:\n  v: {type: list, columns: [name], where: pric > 1}\n", "EXP201"),
    "section": (
        DEAL + "layout:\n  sections:\n    - {label: A, fields: [name], visible_if: pric > 1}\n",
        "EXP201",
    ),
}


@pytest.mark.parametrize(("text", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_wrong_expression_anywhere_in_an_object_is_told_with_its_place(tmp_path: Path, text: str, code: str) -> None:
    app = small_app(tmp_path, {**FILES, "objects/deal.yaml": text})
    found = check_app_folders([app], PluginManager.load(candidates=(), environment={})).problems.errors
    assert found
    assert all(problem.code.startswith(code) for problem in found)
    assert all(problem.at.file == "shop/objects/deal.yaml" and problem.at.line > 11 for problem in found)


@pytest.mark.parametrize(
    ("file", "text", "code", "line"),
    [
        ("roles/rep.yaml", "role: rep\nobjects:\n  deal: {read: pric > 1}\n", "EXP201", 3),
        ("roles/rep.yaml", "role: rep\nobjects:\n  deal: {read: own or mine}\n", "EXP2", 3),
        (
            "roles/rep.yaml",
            "role: rep\nobjects:\n  deal: {read: all}\nfields:\n  deal.price: {read: x = 1}\n",
            "EXP2",
            5,
        ),
        ("rules/a.rules", "rule r\n  when deal is created\n  then set pric = 1\n", "RUL", 3),
        ("rules/a.rules", "rule r\n  when deal is created\n  if pric > 1\n  then set price = 1\n", "EXP201", 3),
    ],
)
def test_a_wrong_scope_or_rule_is_told_with_its_place(
    tmp_path: Path, file: str, text: str, code: str, line: int
) -> None:
    app = small_app(tmp_path, {**FILES, file: text})
    found = check_app_folders([app], PluginManager.load(candidates=(), environment={})).problems.errors
    assert [(problem.at.file, problem.at.line) for problem in found][:1] == [(f"shop/{file}", line)]
    assert found[0].code.startswith(code) or found[0].code.startswith("EXP2")


def test_the_sound_app_has_no_problem(tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    assert not list(check_app_folders([app], PluginManager.load(candidates=(), environment={})).problems)


def test_a_broken_rule_never_replaces_a_running_release(sqlite_url: str, tmp_path: Path) -> None:
    with applied_platform(sqlite_url, tmp_path, FILES) as platform:
        write_files(tmp_path / "shop", {"rules/a.rules": "rule r\n  when deel is created\n  then stop\n"})
        with pytest.raises(ReleaseRefused):
            platform.apply_release([tmp_path / "shop"], author="ann")
        assert platform.releases.current().number == 1


def test_kept_values_of_records_follow_a_changed_formula_roll_up_and_title(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        actor, records = system_actor(), platform.records
        deal = records.create(actor, "deal", {"name": "pumps", "price": "2.5"}).record
        for pieces in (1, 2):
            records.create(actor, "line", {"text": "x", "pieces": pieces, "deal": deal.id})
        before = records.get(actor, "deal", deal.id)
        assert (before["twice"], before["four"], before["lines_total"], before["with_total"]) == (5, 10, 9, 11.5)
        changed = {
            "objects/deal.yaml": DEAL.replace("price * 2", "price * 10").replace('"{name}"', '"{upper(name)}!"')
            + "  lines_count: {type: rollup, of: lines, function: count}\n",
            "objects/line.yaml": LINE.replace("pieces * 3", "pieces * 4"),
        }
        write_files(tmp_path / "shop", changed)
        platform.apply_release([tmp_path / "shop"], author="ann")
        after = records.get(actor, "deal", deal.id)
        assert (after["twice"], after["four"]) == (25, 50)
        assert (after["lines_count"], after.title) == (2, "PUMPS!")
        assert after.version == before.version
        assert (after["lines_total"], after["with_total"]) == (12, 14.5)


def test_a_roll_up_follows_when_only_a_formula_of_its_children_changed(sqlite_url: str, tmp_path: Path) -> None:
    with applied_platform(sqlite_url, tmp_path, FILES) as platform:
        actor, records = system_actor(), platform.records
        deal = records.create(actor, "deal", {"name": "pumps", "price": "1"}).record
        records.create(actor, "line", {"text": "x", "pieces": 2, "deal": deal.id})
        write_files(tmp_path / "shop", {"objects/line.yaml": LINE.replace("pieces * 3", "pieces * 4")})
        platform.apply_release([tmp_path / "shop"], author="ann")
        after = records.get(actor, "deal", deal.id)
        assert (after["lines_total"], after["with_total"]) == (8, 9)
