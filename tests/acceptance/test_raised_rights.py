"""Who may configure, and not give rights, publishes nothing that adds to what a role gives over what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

NOTE = """object: note
title: "{text}"
fields:
  text: {type: text}
  pay:  {type: integer, sensitive: true}
  done: {type: boolean}
  open: {type: boolean, formula: text = "open"}
  twice_open: {type: boolean, formula: open and text is not empty}
"""
REP = """role: rep
objects:
  note: {read: own, create: yes, update: own}
fields:
  note.done: {update: no}
system: [configure]
menus: [all]
"""
FILES = {
    "objects/note.yaml": NOTE,
    "roles/rep.yaml": REP,
    "roles/judged.yaml": "role: judged\nobjects: {note: {read: own or twice_open, update: territory}}\n",
    "organization.yaml": 'territories: {north: {members: [ann@example.com], objects: {note: text = "north"}}}\n',
    "roles/boss.yaml": "role: boss\nincludes: [rep]\nobjects: {note: {read: all, delete: all}}\n"
    "system: [manage_users]\n",
    "menus.yaml": "menus: {all: {label: All, items: [{object: note}]}}\n",
}
ALL = "role: all_of_it\nobjects: {note: {read: all}}\n"
FORM = "form: tell\nobject: note\nrole: ROLE\nfields: [text]\n"


def rep(old: str, new: str) -> dict[str, str]:
    """Give the role of the caller with a change."""
    assert old in REP
    return {"roles/rep.yaml": REP.replace(old, new)}


OTHER_FILES = ("menus.yaml", "roles/judged.yaml", "organization.yaml")
RAISING = {
    "a right by name": (rep("[configure]", "[configure, view_audit]"), "APP851", "the right view_audit"),
    "the right that gives rights": (rep("[configure]", "[configure, manage_users]"), "APP851", "manage_users"),
    "an action": (rep("update: own}", "update: own, delete: own}"), "APP851", "delete note"),
    "a wider scope": (rep("read: own", "read: all"), "APP851", "read note"),
    "an object of the product": (rep("fields:", "  user: {read: all}\nfields:"), "APP851", "read user"),
    "another role in it": (
        {**rep("role: rep\n", "role: rep\nincludes: [all_of_it]\n"), "roles/all.yaml": ALL}, "APP851", "read note",
    ),
    "a field": (rep("update: no}", "update: yes}"), "APP851", "update note.done"),
    "a sensitive field": (rep("fields:\n", "fields:\n  note.pay: {read: yes}\n"), "APP851", "read note.pay"),
    "a field that is sensitive no more": (
        {"objects/note.yaml": NOTE.replace(", sensitive: true", "")}, "APP851", "read note.pay",
    ),
    "an object under another name": (
        {"objects/note.yaml": NOTE.replace("object: note\n", "object: memo\nwas: note\n"),
         "roles/rep.yaml": REP.replace("note", "memo").replace("read: own", "read: all"),
         "roles/boss.yaml": FILES["roles/boss.yaml"].replace("note", "memo"),
         **{each: FILES[each].replace("note", "memo") for each in OTHER_FILES}},
        "APP851", "read memo",
    ),
    "a field under another name": (
        {"objects/note.yaml": NOTE.replace("pay:  {type: integer, sensitive: true", "wage: {type: integer, was: pay")},
        "APP851", "read note.wage",
    ),
    "a scope whose formula is another": (
        {"objects/note.yaml": NOTE.replace('text = "open"', 'text != "open"')}, "APP851", "read note by 'twice_open'",
    ),
    "a territory of more": (
        {"organization.yaml": FILES["organization.yaml"].replace("= ", "!= ")}, "APP851", "update note by 'territory'",
    ),
    "a role to give": (rep("system:", "gives: [boss]\nsystem:"), "APP851", "give 'boss'"),
    "people by a data file": ({"data/user.csv": "email,roles\nann@example.com,boss\n"}, "APP853", "records of 'user'"),
    "a form with another's rights": ({"forms/tell.yaml": FORM.replace("ROLE", "boss")}, "APP852", "the role 'boss'"),
}  # fmt: skip
HARMLESS: dict[str, dict[str, str]] = {
    "nothing": {},
    "a label": {"objects/note.yaml": NOTE + "label: Note\n"},
    "less": rep(", update: own}", "}"),
    "a new object and its rights": {
        "objects/job.yaml": "object: job\nfields:\n  name: {type: text}\n",
        **rep("fields:", "  job: {read: all, create: yes}\nfields:"),
    },
    "a new field": {"objects/note.yaml": NOTE + "  more: {type: text}\n"},
    "a new role, which nobody has": {"roles/new.yaml": ALL.replace("all_of_it", "new") + "system: [view_audit]\n"},
    "a narrower scope": {"roles/boss.yaml": FILES["roles/boss.yaml"].replace("delete: all", "delete: own")},
    "records of an app by a data file": {"data/note.csv": "text\nhello\n"},
    "a form with one's own rights": {"forms/tell.yaml": FORM.replace("ROLE", "rep")},
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("raised")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


def asked(served: Served, who: str, way: str, changed: dict[str, str]) -> Any:
    files = served.get("boss", "/metadata").get_json()["files"]
    (app,) = {path.partition("/")[0] for path in files}
    given = {**files, **{f"{app}/{path}": text for path, text in changed.items()}}
    return served.call(who, "POST", f"/metadata/{way}", json={"files": given})


@pytest.mark.parametrize("case", RAISING)
def test_what_raises_rights_is_refused_to_who_only_configures(served: Served, case: str) -> None:
    changed, code, said = RAISING[case]
    before = served.get("boss", "/metadata").get_json()
    plan, applied = asked(served, "ann", "plan", changed).get_json(), asked(served, "ann", "apply", changed)
    for told in (plan, applied.get_json()):
        found = [each for each in told["problems"] if each["code"] == code]
        assert [each for each in found if said in each["message"] and each["file"].endswith((".yaml", ".csv"))], told
    assert applied.status_code == 422
    assert served.get("boss", "/metadata").get_json() == before
    # Who gives rights to people may.
    assert not [
        each for each in asked(served, "boss", "plan", changed).get_json()["problems"] if each["code"] == "APP851"
    ]


@pytest.mark.parametrize("case", HARMLESS)
def test_what_adds_nothing_to_what_there_is_may_be_published(served: Served, case: str) -> None:
    problems = asked(served, "ann", "plan", HARMLESS[case]).get_json()["problems"]
    assert not [each for each in problems if each["severity"] == "error"], problems
