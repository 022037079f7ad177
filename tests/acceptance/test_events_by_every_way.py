"""Each event starts the rules that wait for it once, and no others, whichever way the record was written."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from engine.access.actor import system_actor
from engine.testing.sample_shop import do_runs, rows_of, runs_of
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

KINDS = ("created", "updated", "saved", "deleted", "restored", "merged", "converted")
ROLE = "{read: all, create: yes, update: all, delete: all, export: all}"
FILES = {
    "objects/thing.yaml": """
        object: thing
        title: "{name}"
        fields:
          name: {type: text, required: true, external_id: true}
          note: {type: text}
          trail: {type: text}
        views:
          all: {columns: [name, note]}
        """,
    "objects/other.yaml": 'object: other\ntitle: "{name}"\nfields: {name: {type: text}}\n',
    "objects/poke.yaml": """
        object: poke
        title: "{what}"
        fields:
          what: {type: text}
          thing: {type: lookup, to: thing, inverse: pokes, on_delete: clear}
          twin: {type: lookup, to: thing, inverse: twin_pokes, on_delete: clear}
        """,
    "conversions/thing.yaml": "conversion: grow\nfrom: thing\nto: {grown: {object: other, fields: {name: name}}}\n",
    "rules/events.rules": "\n".join(
        f'rule after_{kind} when thing is {kind} then log "{kind}"\n'
        f'rule before_{kind} before thing is {kind} then set trail = coalesce(trail, "") & "{kind} "'
        for kind in KINDS
    ),
    "rules/pokes.rules": """
        rule poke_created when poke is created if what = "created" then create thing { name: "by rule" }
        rule poke_updated when poke is created if what = "updated" then update thing { note: "new" }
        rule poke_deleted when poke is created if what = "deleted" then delete thing
        rule poke_restored when thing is deleted if note = "come back" then restore this
        rule poke_merged when poke is created if what = "merged" then merge twin into thing
        rule poke_converted when poke is created if what = "converted" then run rule grow on thing
        rule grow when thing.note changes to "never" then convert using grow
        """,
    "roles/rep.yaml": f"role: rep\nobjects: {{thing: {ROLE}, other: {ROLE}, poke: {ROLE}, user: {{read: all}}}}\n",
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One event brought about one way. thing: the record it is about, "" for a new one; twin: one to be merged."""

    served: Served
    client: FlaskClient
    folder: Path
    thing: str = ""
    twin: str = ""

    def post(self, address: str, **data: Any) -> None:
        answer = self.client.post(address, data={"csrf_token": csrf_token(self.client, "/"), **data})
        assert answer.status_code == 303, answer.get_data(as_text=True)[-800:]

    def api(self, method: str, path: str, **body: Any) -> None:
        answer = self.served.call("boss", method, path, **({"json": body} if body else {}))
        assert answer.status_code < 300, answer.get_data(as_text=True)
        for row in (answer.get_json(silent=True) or {}).get("rows", ()):
            assert not row.get("errors"), row

    def bulk(self, **row: Any) -> None:
        self.api("POST", "/records/thing/bulk", rows=[row])

    def imported(self, values: Mapping[str, str]) -> None:
        file = self.folder / "things.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([list(values), list(values.values())])
        boss = self.served.platform.accounts.actor_of("boss@example.com")
        assert boss is not None
        assert not self.served.platform.imports.import_csv(boss, "thing", file).errors

    def poked(self, what: str) -> None:
        given = {"thing": self.thing or None, "twin": self.twin or None}
        self.served.make("boss", "poke", what=what, **{name: value for name, value in given.items() if value})


WAYS: Mapping[str, Mapping[str, Callable[[Act], None]]] = {
    "created": {
        "form": lambda act: act.post("/o/thing/new", name="T"),
        "api": lambda act: act.api("POST", "/records/thing", name="T"),
        "bulk": lambda act: act.bulk(do="create", values={"name": "T"}),
        "import": lambda act: act.imported({"name": "T"}),
        "rule": lambda act: act.poked("created"),
    },
    "updated": {
        "form": lambda act: act.post(f"/o/thing/{act.thing}/edit", name="T", note="new"),
        "api": lambda act: act.api("PATCH", f"/records/thing/{act.thing}", note="new"),
        "bulk": lambda act: act.bulk(do="update", id=act.thing, values={"note": "new"}),
        "import": lambda act: act.imported({"name": "T", "note": "new"}),
        "many": lambda act: act.post(
            "/o/thing/edit-many", **{"fs-field": "note", "fs-how": "set", "fs-record": act.thing, "note": "new"}
        ),
        "rule": lambda act: act.poked("updated"),
    },
    "deleted": {
        "page": lambda act: act.post(f"/o/thing/{act.thing}/delete"),
        "api": lambda act: act.api("DELETE", f"/records/thing/{act.thing}"),
        "bulk": lambda act: act.bulk(do="delete", id=act.thing),
        "rule": lambda act: act.poked("deleted"),
    },
    "restored": {"api": lambda act: act.api("POST", f"/records/thing/{act.thing}/restore")},
    "merged": {
        "page": lambda act: act.post(f"/o/thing/{act.thing}/merge", **{"with": act.twin}),
        "api": lambda act: act.api("POST", f"/records/thing/{act.thing}/merge", **{"from": [act.twin]}),
        "rule": lambda act: act.poked("merged"),
    },
    "converted": {
        "page": lambda act: act.post(f"/o/thing/{act.thing}/convert"),
        "api": lambda act: act.api("POST", f"/records/thing/{act.thing}/convert", conversion="grow"),
        "rule": lambda act: act.poked("converted"),
    },
}
# What before rules of a merge or conversion set is a save of the record that stays.
WITH_IT = {
    "created": ("saved",), "updated": ("saved",), "merged": ("updated", "saved"), "converted": ("updated", "saved")
}  # fmt: skip


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    with serve_deals(database_url, tmp_path, app_folder=small_app(tmp_path, FILES)) as opened:
        yield opened


@pytest.mark.promise("RUL-02")
def test_each_event_fires_once_for_itself_and_no_other_whichever_way(served: Served, tmp_path: Path) -> None:
    client = served.sign_in("boss")
    for kind, ways in WAYS.items():
        for way, do in ways.items():
            thing, twin = _prepared(served, kind)
            do(Act(served=served, client=client, folder=tmp_path, thing=thing, twin=twin))
            do_runs(served.platform)
            expected = Counter((kind, *WITH_IT.get(kind, ())))
            about = thing or _only_thing(served)
            found = Counter(
                run["rule"].removeprefix("after_")
                for run in runs_of(served.platform)
                if run["rule"].startswith("after_") and run["record_id"] == about
            )
            assert found == expected, f"after rules, {kind} by {way}"
            assert Counter(_trail(served, about)) == expected, f"before rules, {kind} by {way}"
            if twin:
                gone = [run["rule"] for run in runs_of(served.platform) if run["record_id"] == twin]
                assert gone == ["after_deleted"], way
                assert _trail(served, twin) == ["deleted"], way
    _restored_by_a_rule(served)


def _restored_by_a_rule(served: Served) -> None:
    thing, _twin = _prepared(served, "updated")
    served.platform.records.update(system_actor(), "thing", thing, {"note": "come back"})
    do_runs(served.platform)
    served.platform.records.delete(system_actor(), "thing", thing)
    do_runs(served.platform)
    found = Counter(run["rule"] for run in runs_of(served.platform))
    assert found == {"after_updated": 1, "after_saved": 1, "after_deleted": 1, "poke_restored": 1, "after_restored": 1}
    assert Counter(_trail(served, thing)) == {"updated": 1, "saved": 1, "deleted": 1, "restored": 1}


def _prepared(served: Served, kind: str) -> tuple[str, str]:
    """Make what an event needs, with nothing on record of how it came about."""
    platform, system = served.platform, system_actor()
    tables = platform.releases.current().tables
    with platform.database.write() as connection:
        for name in ("poke", "thing", "other"):
            connection.execute(delete(tables.of(name).table))
    thing = twin = ""
    if kind != "created":
        thing = platform.records.create(system, "thing", {"name": "T"}).record.id
    if kind == "merged":
        twin = platform.records.create(system, "thing", {"name": "Twin"}).record.id
    if kind == "restored":
        platform.records.delete(system, "thing", thing)
    with platform.database.write() as connection:
        connection.execute(tables.of("thing").table.update().values(trail=None))
        for table in (platform.system.run, platform.system.run_step, platform.system.conversion):
            connection.execute(delete(table))
    return thing, twin


def _only_thing(served: Served) -> str:
    (row,) = rows_of(served.platform, "thing")
    return str(row["id"])


def _trail(served: Served, record_id: str) -> list[str]:
    """Give what the before rules wrote into a record, also one in the bin."""
    table = served.platform.releases.current().tables.of("thing").table
    with served.platform.database.read() as connection:
        found = connection.execute(table.select().where(table.c["id"] == record_id)).mappings().one()
    return str(found["trail"] or "").split()
