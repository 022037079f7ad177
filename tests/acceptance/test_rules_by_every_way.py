"""The same rules give the same records whichever way a save comes; what they refuse is stored by none of the ways."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.access.actor import system_actor
from engine.testing.sample_shop import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

ROLE = "{read: all, create: yes, update: all, delete: all, export: all}"
FILES = {
    "objects/thing.yaml": """
        object: thing
        title: "{name}"
        fields:
          name: {type: text, required: true, external_id: true}
          stage: {type: choice, default: open, options: [open, won, lost]}
          note: {type: text}
          count: {type: integer}
          doubled: {type: integer, formula: count * 2}
          echoes: {type: rollup, of: echo.name, function: count}
        views:
          all: {columns: [name, stage]}
          board: {type: board, by: stage, card: [name]}
        """,
    "objects/echo.yaml": """
        object: echo
        title: "{name}"
        fields:
          name: {type: text}
          thing: {type: child_of, to: thing, inverse: echo, required: true}
        """,
    "objects/poke.yaml": """
        object: poke
        title: "{what}"
        fields:
          what: {type: text}
          to: {type: choice, options: [open, won, lost]}
          thing: {type: lookup, to: thing, inverse: pokes}
        """,
    "rules/all.rules": """
        rule mark before thing is saved
          if stage is changed and stage != "lost"
          then set note = coalesce(note, "-") & text(stage), count = coalesce(count, 0) + 1
        rule guard before thing is saved if stage = "lost" then reject stage "{name} is never lost."
        rule echo_it when thing is created or thing.stage changes to "won"
          then create echo { name: "{note} {count} {doubled}", thing: this }
        rule second when thing.echoes changes then set note = note & "+"
        rule poke_new when poke is created if thing is empty then create thing { name: what, stage: to }
        rule poke_old when poke is created if thing is not empty then update thing { stage: to }
        """,
    "roles/rep.yaml": f"role: rep\nobjects:\n  thing: {ROLE}\n  echo: {ROLE}\n  poke: {ROLE}\n  user: {{read: all}}\n",
    "forms/ask.yaml": "form: ask\nobject: thing\nrole: web_form\nfields: [name, stage]\n",
    "roles/web_form.yaml": "role: web_form\nobjects:\n  thing: {create: yes, read: own}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}
NEW = {"note": "-open+", "count": 1, "doubled": 2, "stage": "open", "echoes": 1}
WON = {"note": "-open+won+", "count": 2, "doubled": 4, "stage": "won", "echoes": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A save that somebody makes one way: a new thing of that name, or the stage of one that is there."""

    served: Served
    client: FlaskClient
    folder: Path
    name: str
    stage: str
    record_id: str | None

    @property
    def values(self) -> dict[str, str]:
        return {"stage": self.stage} if self.record_id else {"name": self.name, "stage": self.stage}

    def post(self, address: str, data: Mapping[str, str], **more: Any) -> int:
        answer = self.client.post(address, data={"csrf_token": csrf_token(self.client, "/"), **data}, **more)
        return answer.status_code


def by_api(visit: Visit) -> bool:
    path = f"/records/thing/{visit.record_id}" if visit.record_id else "/records/thing"
    answer = visit.served.call("boss", "PATCH" if visit.record_id else "POST", path, json=visit.values)
    if answer.status_code == 422:
        told = [(error["field"], error["message"]) for error in answer.get_json()["errors"]]
        assert told == [("stage", f"{visit.name} is never lost.")]
    return answer.status_code in (200, 201)


def by_bulk(visit: Visit) -> bool:
    row = {"do": "update", "id": visit.record_id} if visit.record_id else {"do": "create"}
    answer = visit.served.call("boss", "POST", "/records/thing/bulk", json={"rows": [{**row, "values": visit.values}]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return not answer.get_json()["rows"][0].get("errors")


def by_form(visit: Visit) -> bool:
    address = f"/o/thing/{visit.record_id}/edit" if visit.record_id else "/o/thing/new"
    return visit.post(address, {"name": visit.name, "stage": visit.stage}) == 303


def by_import(visit: Visit) -> bool:
    file = visit.folder / "things.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([["name", "stage"], [visit.name, visit.stage]])
    boss = visit.served.platform.accounts.actor_of("boss@example.com")
    assert boss is not None
    return not visit.served.platform.imports.import_csv(boss, "thing", file).errors


def by_rule(visit: Visit) -> bool:
    target = {"thing": visit.record_id} if visit.record_id else {}
    visit.served.make("boss", "poke", what=visit.name, to=visit.stage, **target)
    do_runs(visit.served.platform, waits_too=False)
    states = [str(run["state"]) for run in runs_of(visit.served.platform) if run["rule"].startswith("poke")]
    return states[-1] == "done"


def by_cell(visit: Visit) -> bool:
    address = f"/o/thing/{visit.record_id}/field/stage?fs-place=list"
    shown = visit.client.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', shown))
    return visit.post(address, {**hidden, "stage": visit.stage}, headers={"HX-Request": "true"}) == 200


def by_board(visit: Visit) -> bool:
    address = f"/o/thing/{visit.record_id}/move"
    return visit.post(address, {"stage": visit.stage, "fs-board": "board"}) == 303


def by_many(visit: Visit) -> bool:
    given = {"fs-field": "stage", "fs-how": "set", "fs-record": str(visit.record_id), "stage": visit.stage}
    return visit.post("/o/thing/edit-many", given) == 303


def by_public_form(visit: Visit) -> bool:
    answer = visit.served.browser().post("/f/ask", data=visit.values)
    return answer.status_code == 303


def by_public_call(visit: Visit) -> bool:
    answer = visit.served.call(None, "POST", "/forms/ask", json=visit.values)
    if answer.status_code == 422:
        told = [(error["field"], error["message"]) for error in answer.get_json()["errors"]]
        assert told == [("stage", f"{visit.name} is never lost.")]
    return answer.status_code == 201


WAYS: tuple[Callable[[Visit], bool], ...] = (
    by_api, by_bulk, by_form, by_import, by_rule, by_public_form, by_public_call, by_cell, by_board, by_many,
)  # fmt: skip
ONLY_NEW = frozenset((by_public_form, by_public_call))
OF_NEW = frozenset((by_api, by_bulk, by_form, by_import, by_rule)) | ONLY_NEW


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    app = small_app(tmp_path, FILES, settings="automation: {roles: [rep]}")
    with serve_deals(database_url, tmp_path, app_folder=app) as opened:
        yield opened


@pytest.mark.promise("RUL-09", "RUL-23")
def test_rules_give_the_same_records_and_refusals_by_every_way(served: Served, tmp_path: Path) -> None:
    client = served.sign_in("boss")
    for way in WAYS:
        name = way.__name__

        def visit(stage: str, record_id: str | None, name: str = name) -> Visit:
            return Visit(
                served=served, client=client, folder=tmp_path, name=name, stage=stage, record_id=record_id
            )  # fmt: skip

        if way in OF_NEW:
            assert not way(visit("lost", None)), f"{name}: a refused record went through"
            assert _found(served, name) is None, name
            assert way(visit("open", None)), name
        else:
            served.platform.records.create(system_actor(), "thing", {"name": name, "stage": "open"})
        assert _after_runs(served, name) == NEW, name
        if way in ONLY_NEW:
            continue
        found = _found(served, name)
        assert found is not None
        assert not way(visit("lost", found["id"])), f"{name}: a refused change went through"
        assert _after_runs(served, name) == NEW, name
        assert way(visit("won", found["id"])), name
        assert _after_runs(served, name) == WON, name


def _found(served: Served, name: str) -> dict[str, Any] | None:
    return next((row for row in rows_of(served.platform, "thing") if row["name"] == name), None)


def _after_runs(served: Served, name: str) -> dict[str, object]:
    do_runs(served.platform)
    found = _found(served, name)
    assert found is not None, name
    return {field: found[field] for field in NEW}
