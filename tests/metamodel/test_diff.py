"""The difference of two metamodels names every change once, renames by `was:`, and nothing where only places differ."""

from __future__ import annotations

import pytest

from metamodel import Metamodel, load_sources
from metamodel.changes import (
    Change,
    FieldAdded,
    FieldChanged,
    FieldRemoved,
    FieldRenamed,
    FieldTypeChanged,
    How,
    ObjectAdded,
    ObjectChanged,
    ObjectRemoved,
    ObjectRenamed,
    OptionAdded,
    OptionRemoved,
    OptionRenamed,
    PartChanged,
    PartKind,
    UniqueAdded,
    UniqueRemoved,
)
from metamodel.diff import diff
from tests.support.metadata_corpus import demo_sources

DEAL = """object: deal
label: Deal
fields:
  name: {type: text, required: true}
  amount: {type: money}
  stage: {type: choice, options: [open, won]}
  account: {type: lookup, to: account}
validations:
  - {name: positive, check: amount > 0, message: No}
unique: [[name, account]]
layout: {sections: [{fields: [name]}]}
views:
  all: {columns: [name]}
"""
MENUS = "menus: {selling: {items: [{object: deal}]}}\n"


def load(**files: str | None) -> Metamodel:
    texts: dict[str, str | None] = {"objects/deal.yaml": DEAL, "menus.yaml": MENUS, **files}
    metamodel, problems = load_sources(demo_sources(texts))
    assert [str(problem) for problem in problems.errors] == []
    assert metamodel is not None
    return metamodel


def changes(**files: str | None) -> list[Change]:
    found = diff(load(), load(**files))
    # The administrator's role covers every object, so it changes with them; that is shown on its own below.
    return [c for c in found if not (isinstance(c, PartChanged) and c.kind is PartKind.ROLE)]


def deal(old: str, new: str) -> dict[str, str | None]:
    assert old in DEAL
    return {"objects/deal.yaml": DEAL.replace(old, new)}


CASES: list[tuple[str, dict[str, str | None], list[Change]]] = [
    ("nothing", {}, []),
    ("only places", {"objects/deal.yaml": "\n# comment\n" + DEAL}, []),
    ("a field is added", deal("  amount:", "  note: {type: text}\n  amount:"),
     [FieldAdded(object="deal", field="note")]),
    ("a field is removed", deal("  stage: {type: choice, options: [open, won]}\n", ""),
     [FieldRemoved(object="deal", field="stage")]),
    ("a field is renamed", deal("  amount: {type: money}", "  price: {type: money, was: amount}"),
     [FieldRenamed(object="deal", old="amount", field="price")]),
    ("a field's type changes", deal("type: money", "type: decimal"),
     [FieldTypeChanged(object="deal", field="amount", old="money", new="decimal")]),
    ("a field's keys change", deal("{type: money}", "{type: money, min: 0, label: Price}"),
     [FieldChanged(object="deal", field="amount", keys=("label", "minimum"))]),
    ("a lookup points elsewhere", deal("to: account", "to: contact"),
     [FieldChanged(object="deal", field="account", keys=("relation",))]),
    ("options come, go and are renamed", deal("[open, won]", "{fresh: {was: open}, lost: {}}"), [
        OptionRenamed(object="deal", field="stage", old="open", option="fresh"),
        OptionAdded(object="deal", field="stage", option="lost"),
        OptionRemoved(object="deal", field="stage", option="won"),
        FieldChanged(object="deal", field="stage", keys=("choice",)),
    ]),
    ("an object's keys change", deal("label: Deal", "label: Offer\nhistory: false"), [
        ObjectChanged(object="deal", keys=("label", "history")),
        *(FieldChanged(object="deal", field=f, keys=("history",)) for f in ("name", "amount", "stage", "account")),
    ]),
    ("a unique key changes", deal("[[name, account]]", "[[name, amount]]"),
     [UniqueAdded(object="deal", fields=("name", "amount")), UniqueRemoved(object="deal", fields=("name", "account"))]),
    ("a validation changes", deal("amount > 0", "amount > 1"),
     [PartChanged(kind=PartKind.VALIDATION, name="positive", how=How.CHANGED, object="deal")]),
    ("a view changes and one comes",
     deal("all: {columns: [name]}", "all: {columns: [amount]}\n  more: {columns: [name]}"), [
        PartChanged(kind=PartKind.VIEW, name="all", how=How.CHANGED, object="deal"),
        PartChanged(kind=PartKind.VIEW, name="more", how=How.ADDED, object="deal"),
    ]),
    ("the layout changes", deal("[name]}]}", "[name, amount]}]}"),
     [PartChanged(kind=PartKind.LAYOUT, name="layout", how=How.CHANGED, object="deal")]),
    ("an object is added", {"objects/plan.yaml": "object: plan\nfields: {name: {type: text}}\n"},
     [ObjectAdded(object="plan")]),
    ("a menu, a template, a setting, a connection, a team come", {
        "app.yaml": "app: demo\nversion: 1.0.0\nsettings: {limit: {type: integer}}\n",
        "templates/hello.md": "---\nsubject: Hello\n---\nHello\n",
        "connections/c.yaml": "connection: hook\nkind: webhook_out\n",
        "organization.yaml": "teams: {east: {}}\nqueues: {inside: {}}\n",
        "rules/a.rules": "rule a\n",
        "data/deal.csv": "name\nA\n",
        "menus.yaml": MENUS.replace("selling", "sale"),
    }, [
        PartChanged(kind=PartKind.MENU, name="sale", how=How.ADDED),
        PartChanged(kind=PartKind.MENU, name="selling", how=How.REMOVED),
        PartChanged(kind=PartKind.TEMPLATE, name="hello", how=How.ADDED),
        PartChanged(kind=PartKind.CONNECTION, name="hook", how=How.ADDED),
        PartChanged(kind=PartKind.SETTING, name="limit", how=How.ADDED),
        PartChanged(kind=PartKind.TEAM, name="east", how=How.ADDED),
        PartChanged(kind=PartKind.QUEUE, name="inside", how=How.ADDED),
        PartChanged(kind=PartKind.RULE_FILE, name="demo/rules/a.rules", how=How.ADDED),
        PartChanged(kind=PartKind.DATA_FILE, name="demo/data/deal.csv", how=How.ADDED),
    ]),
    ("the app's version changes", {"app.yaml": "app: demo\nversion: 1.1.0\n"},
     [PartChanged(kind=PartKind.APP, name="demo", how=How.CHANGED)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "files", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_each_change_is_named_once(name: str, files: dict[str, str | None], wanted: list[Change]) -> None:
    found = changes(**files)
    assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_a_renamed_object_keeps_its_fields_and_what_points_at_it_is_no_change() -> None:
    line = "object: line\nfields:\n  deal: {type: child_of, to: %s, inverse: lines}\n"
    before = load(**{"objects/line.yaml": line % "deal"})
    after = load(
        **{
            "objects/deal.yaml": DEAL.replace("object: deal", "object: offer\nwas: deal\nplural: {en: Deals}"),
            "objects/line.yaml": line % "offer",
            "menus.yaml": MENUS.replace("object: deal", "object: offer"),
        }
    )
    found = [c for c in diff(before, after) if not isinstance(c, PartChanged)]
    assert found == [ObjectRenamed(old="deal", object="offer"), ObjectChanged(object="offer", keys=("plural",))]


def test_was_may_stay_after_the_rename() -> None:
    renamed = load(**deal("  amount: {type: money}", "  price: {type: money, was: amount}"))
    assert diff(renamed, renamed) == ()


def test_an_object_that_goes_is_one_change() -> None:
    plan = {"objects/plan.yaml": "object: plan\nfields: {name: {type: text}}\n"}
    found = [c for c in diff(load(**plan), load()) if not isinstance(c, PartChanged)]
    assert found == [ObjectRemoved(object="plan")]


def test_from_nothing_everything_is_added() -> None:
    found = diff(None, load())
    assert ObjectAdded(object="deal") in found
    assert PartChanged(kind=PartKind.ROLE, name="administrator", how=How.ADDED) in found
    assert not any(isinstance(change, FieldAdded) for change in found)


def test_a_role_changes_with_the_objects_it_covers() -> None:
    found = diff(load(), load(**{"objects/plan.yaml": "object: plan\nfields: {name: {type: text}}\n"}))
    assert PartChanged(kind=PartKind.ROLE, name="administrator", how=How.CHANGED) in found
