"""Encrypted fields: nothing of a value is in the database in clear, and only a role that names the field reads it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import MetaData, Table, inspect, select, update

from engine.access.actor import system_actor
from engine.errors import QueryProblem
from engine.imports.job import Wanted
from engine.platform import installed_language
from engine.records.aggregates import AggregateQuery
from engine.records.types import ListQuery, SaveRow, SortKey
from engine.releases.candidate import check_folders
from engine.storage.sealing import BOUND, Cipher, SealBroken
from plugins.manager import PluginManager
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals

FILES = {
    "objects/patient.yaml": """
        object: patient
        label: Patient
        title: "{name}"
        search: [name]
        fields:
          name: {type: text, required: true, external_id: true}
          id_number: {type: text, encrypted: true, normalise: upper, pattern: "[A-Z0-9]{4,40}"}
          findings: {type: long_text, encrypted: true}
          contact: {type: email, encrypted: true, max_length: 60}
          mood: {type: text, sensitive: true}
          seen: {type: integer}
          doctor: {type: lookup, to: patient, inverse: patients}
        views:
          all: {columns: [name, id_number, doctor.id_number, seen]}
        """,
    "rules/patient.rules": """
        rule count_changes "Count changes"
          when patient.id_number changes
          then set seen = if(seen is empty, 1, seen + 1)
        end
        """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects: {patient: {read: all, create: yes, update: all, delete: all}, user: {read: all}}
        fields:
          patient.id_number: {read: yes, update: yes}
          patient.findings: {read: yes, update: yes}
          patient.contact: {read: yes, update: yes}
          patient.mood: {read: yes, update: yes}
        """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects: {patient: {read: all, create: yes, update: all, delete: all}, user: {read: all}}
        """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: patient}]}}\n",
}

NUMBER = "SECRET4711"


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("encrypted")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


def everything_stored(served: Served) -> str:
    """Give all that the database holds, as text."""
    database, found = served.platform.database, []
    with database.read() as connection:
        catalogue = inspect(connection)
        for schema in ("dbos", None) if "dbos" in catalogue.get_schema_names() else (None,):
            for name in catalogue.get_table_names(schema=schema):
                table = Table(name, MetaData(), autoload_with=connection, schema=schema)
                found += [repr(tuple(row)) for row in connection.execute(select(table))]
    return "\n".join(found)


def make(served: Served, **values: Any) -> str:
    return str(served.make("boss", "patient", name=uuid.uuid4().hex, **values)["id"])


def take_in_by_hand(served: Served) -> None:
    """Import a file as its page does, with a row that is refused; what is shown of it is clear to who imports it."""
    desk, data = served.platform.import_desk, b"name,id_number\nby hand,SECRET4716\n,SECRET4717\n"
    taken = desk.take(system_actor(), "patient", "patients.csv", data)
    assert "SECRET4716" in desk.content(desk.get(system_actor(), "patient", taken))
    assert "secret" not in everything_stored(served).replace("secret_hash", "").lower(), "before it is worked on"
    checking = desk.check(system_actor(), "patient", taken, Wanted(by_head=True))
    assert checking is not None
    checking.join()
    working = desk.start(system_actor(), "patient", taken)
    assert working is not None
    working.join()
    done = desk.get(system_actor(), "patient", taken)
    assert done.state == "done", done
    assert "SECRET4717" in desk.rejected(done)


@pytest.mark.promise("SEC-29")
def test_no_value_is_in_the_database_in_clear_by_any_route(
    served: Served, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    boss = served.sign_in("boss")
    record_id = make(served, id_number=NUMBER.lower(), findings="SECRETfindings\none", contact="SECRET@example.com")
    answers = [
        served.call("boss", "PATCH", f"/records/patient/{record_id}", json={"id_number": "SECRET4712"},
                    headers={"Idempotency-Key": "once"}).get_json()
        for _ in range(2)
    ]  # fmt: skip
    assert answers[0] == answers[1]
    assert answers[0]["id_number"] == "SECRET4712"
    form = {"name": "form", "id_number": "SECRET4713", "csrf_token": csrf_token(boss, "/o/patient/new")}
    assert boss.post("/o/patient/new", data=form).status_code == 303
    rows = [SaveRow(values={"name": f"bulk {n}", "id_number": f"SECRET99{n}"}) for n in range(30)]
    assert not served.platform.records.save_many(system_actor(), "patient", rows, all_or_nothing=True).refused
    file = tmp_path / "patients.csv"
    file.write_text("name,id_number\ncsv,secret4714\n", encoding="utf-8")
    assert served.platform.imports.import_csv(system_actor(), "patient", file).refused == 0
    served.call("boss", "DELETE", f"/records/patient/{make(served, id_number='SECRET4715')}")
    take_in_by_hand(served)
    stored = everything_stored(served)
    assert "secret" not in stored.replace("secret_hash", "").lower()
    assert "bulk 29" in stored
    assert "count_changes" in stored, "runs were made of it"
    assert "secret47" not in caplog.text.lower()
    for path in tmp_path.parent.rglob("*.sqlite*"):
        assert b"SECRET47" not in path.read_bytes()


def test_who_may_reads_it_everywhere(served: Served) -> None:
    doctor = make(served, id_number="DOC1")
    record_id = make(served, id_number=NUMBER, findings="two\nlines", doctor=doctor)
    found = served.get("boss", f"/records/patient/{record_id}").get_json()
    assert (found["id_number"], found["findings"]) == (NUMBER, "two\nlines")
    client = served.sign_in("boss")
    assert NUMBER in client.get(f"/o/patient/{record_id}").get_data(as_text=True)
    assert NUMBER in client.get(f"/o/patient/{record_id}/edit").get_data(as_text=True)
    page = client.get("/o/patient?view=all").get_data(as_text=True)
    assert NUMBER in page
    assert "DOC1" in page
    assert served.platform.records.get(system_actor(), "patient", record_id).values["id_number"] == NUMBER
    # The same value again is no change; another one is.
    same = served.call("boss", "PATCH", f"/records/patient/{record_id}", json={"id_number": NUMBER.lower()})
    assert same.get_json()["version"] == found["version"]


@pytest.mark.parametrize("name", ["id_number", "findings", "mood"])
def test_whose_role_does_not_name_it_reads_it_nowhere(served: Served, name: str) -> None:
    value = "HIDDEN55"
    record_id = make(served, **{name: value})
    served.call("boss", "PATCH", f"/records/patient/{record_id}", json={name: "HIDDEN56"})
    assert name not in served.get("ann", f"/records/patient/{record_id}").get_json()
    client = served.sign_in("ann")
    for address in (f"/o/patient/{record_id}", f"/o/patient/{record_id}/edit", "/o/patient?view=all"):
        assert "HIDDEN5" not in client.get(address).get_data(as_text=True)
    history = served.get("ann", f"/records/patient/{record_id}/history").get_data(as_text=True)
    assert "HIDDEN5" not in history
    assert name not in served.get("ann", "/openapi.json").get_json()["components"]["schemas"]["patient"]["properties"]
    for query in (f"filter={quote(f'{name} = {chr(34)}HIDDEN56{chr(34)}')}", f"sort={name}", f"fields={name}"):
        assert served.get("ann", f"/records/patient?{query}").status_code == 400
    refused = served.call("ann", "PATCH", f"/records/patient/{record_id}", json={name: "OTHER77"})
    assert refused.status_code in (403, 422)


def test_its_history_tells_that_it_changed_and_not_what(served: Served) -> None:
    record_id = make(served, id_number="HIST0001")
    served.call("boss", "PATCH", f"/records/patient/{record_id}", json={"id_number": "HIST0002"})
    newest = served.platform.records.history(system_actor(), "patient", record_id)[0]
    change = next(each for each in newest.changes if each.field == "id_number")
    assert (change.masked, change.old, change.new) == (True, None, None)
    page = served.sign_in("boss").get(f"/o/patient/{record_id}").get_data(as_text=True)
    assert "HIST0001" not in page
    assert page.count("HIST0002") >= 1


@pytest.mark.parametrize("text", ["id_number = 'x'", "id_number is empty", "doctor.id_number contains 'x'",
                                  "count(patients where id_number = 'x') > 0"])  # fmt: skip
def test_no_filter_sort_or_group_reads_it_even_for_who_may(served: Served, text: str) -> None:
    records, text = served.platform.records, text.replace("'", '"')
    for ask in (
        lambda: records.list(system_actor(), ListQuery(object="patient", filter=text)),
        lambda: records.list(system_actor(), ListQuery(object="patient", sort=(SortKey(path="id_number"),))),
        lambda: records.aggregate(system_actor(), AggregateQuery(object="patient", groups=("id_number",))),
    ):
        with pytest.raises(QueryProblem, match="encrypted"):
            ask()


def test_a_value_that_was_changed_in_the_database_is_not_given_out(served: Served) -> None:
    record_id = make(served, id_number="TAMPER01")
    table = served.platform.releases.current().tables.of("patient").table
    other = Cipher(b"another key").seal_in("FORGED01", "patient.id_number", record_id)
    with served.platform.database.write() as connection:
        plain = Table(table.name, MetaData(), autoload_with=connection)
        connection.execute(update(plain).where(plain.c.id == record_id).values(id_number=other))
    with pytest.raises(SealBroken, match="secret key"):
        served.platform.records.get(system_actor(), "patient", record_id)


def test_equal_values_are_different_at_rest_and_a_cipher_opens_only_its_own() -> None:
    one, two = Cipher(b"k" * 32), Cipher(b"l" * 32)
    assert one.seal("阀门", "here") != one.seal("阀门", "here")
    assert one.open(one.seal("阀门", "here"), "there", "here") == "阀门"
    moved = one.seal("x", "there")
    unbound = moved.replace(BOUND, "", 1)
    for broken in (two.seal("x", "here"), "fs1.", "fs1.r.", "no base64 é", moved[:-4] + "AAA=", moved, unbound):
        with pytest.raises(SealBroken):
            one.open(broken, "here")


BAD = """
object: patient
label: Patient
title: "{secret}"
search: [secret]
fields:
  name: {type: text}
  secret: {type: text, encrypted: true}
  doctor: {type: lookup, to: patient, inverse: patients, where: secret = this.secret}
  copied: {type: text, copy_from: doctor.secret}
  shout: {type: text, formula: upper(secret)}
  newest: {type: rollup, of: patients.secret, function: last, sorted_by: created_at}
  needed: {type: text, required_if: secret is empty}
validations:
  - {name: long, check: len(secret) > 3, message: Too short.}
views:
  all: {columns: [name, secret, doctor.secret], where: secret is not empty}
"""
RULE = """
rule tell "Tell"
  when patient.secret changes
  if secret is not empty
  then set name = secret
end
"""


def test_whatever_would_read_it_is_told_by_the_check(tmp_path: Path) -> None:
    app = small_app(tmp_path, {"objects/patient.yaml": BAD, "rules/patient.rules": RULE})
    problems = check_folders([app], installed_language(PluginManager.load({}))).problems
    found = {(Path(p.at.file).name, p.at.line) for p in problems if p.code == "EXP409"}
    wanted = {("patient.yaml", line) for line in (3, 4, 8, 9, 10, 11, 12, 14, 16)}
    assert found == wanted | {("patient.rules", line) for line in (3, 4)}
