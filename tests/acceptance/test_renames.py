"""`was:` renames objects, fields and options: rows, rights, history, stages and series of numbers stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.access.actor import system_actor
from tests.support.platforms import small_app, write_files
from tests.support.served import Served, serve_deals
from ui.cli import main

BEFORE = """
    object: firm
    title: "{name}"
    fields:
      name: {type: text, required: true, was: caption}
      number: {type: autonumber, format: "F-{000}"}
      worth: {type: money}
      home: {type: address}
      boss: {type: lookup, to: firm, inverse: below}
      stage: {type: choice, options: [new, big], default: new}
      kinds: {type: multi_choice, options: [old, dull]}
      secret: {type: text}
    layout: {path: stage, sections: [{fields: [name, stage]}]}
"""
AFTER = """
    object: company
    was: firm
    title: "{name}"
    fields:
      name: {type: text, required: true, was: caption}
      code: {type: autonumber, format: "F-{000}", was: number}
      value: {type: money, was: worth}
      seat: {type: address, was: home}
      above: {type: lookup, to: company, inverse: below, was: boss}
      state: {type: choice, options: {fresh: {was: new}, big: {}}, default: fresh, was: stage}
      kinds: {type: multi_choice, options: {ancient: {was: old}, dull: {}}}
      hidden: {type: text, was: secret}
    layout: {path: state, sections: [{fields: [name, state]}]}
"""


def _roles(name: str, secret: str) -> str:
    return (
        f"role: rep\nobjects:\n  {name}: {{read: own, create: yes, update: own}}\n  user: {{read: all}}\n"
        f"fields:\n  {name}.{secret}: {{read: no}}\n"
    )


FILES = {
    "objects/firm.yaml": BEFORE,
    "objects/note.yaml": "object: note\nfields:\n  text: {type: text}\n  about: {type: lookup, to: any}\n",
    "roles/rep.yaml": _roles("firm", "secret"),
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}


def _rename(app: Path, text: str) -> None:
    (app / "objects" / "firm.yaml").unlink(missing_ok=True)
    write_files(app, {"objects/company.yaml": text, "roles/rep.yaml": _roles("company", "hidden")})


def _made(served: Served) -> tuple[str, dict[str, Any]]:
    values = {"name": "甲", "worth": "12.50", "home": {"city": "上海"}, "kinds": ["dull", "old"], "secret": "s"}
    made = served.platform.records.create(
        system_actor(), "firm", {**values, "owner": {"object": "user", "id": served.user_ids["ann"]}}
    )
    served.call("ann", "PATCH", f"/records/firm/{made.record.id}", json={"boss": made.record.id, "name": "乙"})
    served.call("ann", "PATCH", f"/records/firm/{made.record.id}", json={"stage": "big", "boss": None})
    served.platform.records.create(
        system_actor(), "note", {"text": "n", "about": {"object": "firm", "id": made.record.id}}
    )
    return made.record.id, served.get("ann", f"/records/firm/{made.record.id}").get_json()


@pytest.mark.promise("APP-08")
def test_was_renames_and_keeps_rows_rights_and_history(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        record_id, before = _made(served)
        entries = served.get("ann", f"/records/firm/{record_id}/history").get_json()["items"]
        _rename(app, AFTER)
        plan = CliRunner().invoke(main, ["plan", str(app), "--db", database_url])
        assert plan.exit_code == 0, plan.output
        for said in (
            "object firm renamed to company",
            "field company.worth renamed to value",
            "option new of company.state renamed to fresh",
        ):
            assert said in plan.output
        lost = ("removed", "retire", "drop ", "added")
        assert not [line for line in plan.output.splitlines() if any(word in line for word in lost)]
        served.platform.apply_release([app], author="test")

        now = served.get("ann", f"/records/company/{record_id}").get_json()
        names = {"number": "code", "worth": "value", "home": "seat", "boss": "above", "stage": "state"}
        kept = {names.get(name, name): value for name, value in before.items()}
        # The record's own version, title and values are what they were, but for the renamed options.
        assert {**now, "stage": None} == {**kept, "kinds": ["ancient", "dull"], "stage": None}
        assert "hidden" not in now
        assert served.get("bob", f"/records/company/{record_id}").status_code == 404
        (note,) = served.platform.records.list(system_actor(), _all("note")).rows
        assert (note.values["about"].object, note.values["about"].id) == ("company", record_id)  # type: ignore[attr-defined]

        answered = served.get("ann", f"/records/company/{record_id}/history").get_json()["items"]
        assert [entry["id"] for entry in answered] == [entry["id"] for entry in entries]
        told = [{change["field"]: (change["old"], change["new"]) for change in entry["changes"]} for entry in answered]
        assert told[0]["state"] == ("fresh", "big")
        assert told[-1]["value"][1] == {"amount": "12.50", "currency": "CNY"}
        assert told[-1]["kinds"][1] == ["ancient", "dull"]
        assert told[1]["above"] == (None, record_id)
        stays = served.get("ann", f"/records/company/{record_id}/stages").get_json()["items"]
        assert [(stay["field"], stay["stage"]) for stay in stays] == [("state", "fresh"), ("state", "big")]

        second = served.make("ann", "company", name="丙")
        assert second["code"] == "F-002", "numbers go on and do not begin again"


def _all(name: str) -> Any:
    from engine.records.types import ListQuery

    return ListQuery(object=name)


def test_a_name_that_is_used_again_means_what_it_meant_at_the_time(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        record_id, _ = _made(served)
        _rename(app, AFTER)
        served.platform.apply_release([app], author="test")
        # `stage` becomes another field, and `state` is renamed once more.
        text = AFTER.replace("hidden:", "stage: {type: text}\n      hidden:")
        _rename(app, text)
        served.platform.apply_release([app], author="test")
        served.call("ann", "PATCH", f"/records/company/{record_id}", json={"stage": "a text", "state": "fresh"})
        for old, new in (
            ("state: {type", "phase: {type"),
            ("was: stage}", "was: state}"),
            ("path: state", "path: phase"),
            ("fields: [name, state]", "fields: [name, phase]"),
            ("fresh: {was: new}", "young: {was: fresh}"),
            ("default: fresh", "default: young"),
        ):
            text = text.replace(old, new)
        _rename(app, text)
        served.platform.apply_release([app], author="test")
        items = served.get("ann", f"/records/company/{record_id}/history").get_json()["items"]
        told = [{change["field"]: (change["old"], change["new"]) for change in entry["changes"]} for entry in items]
        assert told[0] == {"phase": ("big", "young"), "stage": (None, "a text")}
        assert told[1]["phase"] == ("young", "big")
        assert "stage" not in told[1]
