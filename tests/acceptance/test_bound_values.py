"""Encrypted values are bound to object, record and field: what copies one seals it anew, what was moved opens not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Text, cast, column, delete, select, table, update

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.merging.merging import MergeRequest, merge_records
from engine.records.types import ListQuery, SaveRow
from engine.storage.sealing import BOUND, SealBroken
from tests.support.platforms import applied_platform, small_app, write_files

PATIENT = """
    object: patient
    label: Patient
    title: "{name}"
    fields:
      name: {type: text, required: true, external_id: true}
      number: {type: text, encrypted: true}
      findings: {type: long_text, encrypted: true}
      doctor: {type: lookup, to: doctor, inverse: patients}
    """
FILES = {
    "objects/patient.yaml": PATIENT,
    "objects/doctor.yaml": """
        object: doctor
        label: Doctor
        title: "{name}"
        fields:
          name: {type: text, required: true}
          number: {type: text, encrypted: true}
        """,
    "objects/visit.yaml": """
        object: visit
        label: Visit
        fields:
          at: {type: lookup, to: [patient, doctor], inverse: visits}
        """,
    "roles/desk.yaml": """
        role: desk
        objects: {patient: {read: all}, doctor: {read: all}, visit: {read: all}}
        fields: {patient.number: {read: masked}, doctor.number: {read: masked}}
        """,
}
BOSS = system_actor()


def make(platform: Platform, object_key: str = "patient", **values: Any) -> str:
    return platform.records.create(BOSS, object_key, values).record.id


def raw(platform: Platform, record_id: str, field: str = "number", object_key: str = "patient") -> str:
    """Give a value as the database has it."""
    owner = platform.releases.current().tables.of(object_key).table
    with platform.database.read() as connection:
        return str(connection.execute(select(cast(owner.c[field], Text())).where(owner.c.id == record_id)).scalar_one())


def put(
    platform: Platform, record_id: str, text: str | None, field: str = "number", object_key: str = "patient"
) -> None:
    """Write a value past the product."""
    owner = platform.releases.current().tables.of(object_key).table
    bare = table(owner.name, column("id", owner.c.id.type), column(field, Text()))
    with platform.database.write() as connection:
        connection.execute(update(bare).where(bare.c.id == record_id).values({field: text}))


def read(platform: Platform, record_id: str, field: str = "number", object_key: str = "patient") -> Any:
    return platform.records.get(BOSS, object_key, record_id).values[field]


def unbound(platform: Platform, text: str) -> str:
    """Seal as the versions did that bound nothing."""
    key, nonce = platform.resealer.ring.known()[0], b"0" * 12
    return key.mark + urlsafe_b64encode(nonce + key.box.encrypt(nonce, text.encode(), None)).decode()


def rotate(platform: Platform) -> None:
    platform.resealer.ring.add()
    assert sum(platform.resealer.reseal()) > 0


@pytest.mark.promise("SEC-29")
def test_a_sealed_value_opens_where_it_was_sealed_and_nowhere_else(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        first = make(platform, name="a", number="A1", findings="F1")
        second, doctor = make(platform, name="b", number="B2"), make(platform, "doctor", name="d", number="D3")
        taken = raw(platform, first)
        assert taken.startswith(f"fs1.{BOUND}")
        for at, field in ((second, "number"), (first, "findings"), (second, "findings")):
            put(platform, at, taken, field)
            with pytest.raises(SealBroken, match="moved"):
                read(platform, at, field)
            with pytest.raises(SealBroken):
                platform.records.list(BOSS, ListQuery(object="patient", fields=(field,))).json_bytes()
            put(platform, at, None, field)
        put(platform, doctor, taken, object_key="doctor")
        with pytest.raises(SealBroken):
            read(platform, doctor, object_key="doctor")
        put(platform, first, taken)
        assert read(platform, first) == "A1"


@pytest.mark.promise("SEC-29")
def test_what_older_versions_sealed_is_read_and_bound_by_a_new_key(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        record_id, other = make(platform, name="a", number="new"), make(platform, name="b")
        put(platform, record_id, unbound(platform, "OLD1"))
        assert read(platform, record_id) == "OLD1"
        rotate(platform)
        sealed = raw(platform, record_id)
        assert sealed.startswith(platform.resealer.ring.known()[0].mark + BOUND)
        assert read(platform, record_id) == "OLD1"
        for forged in (sealed, unbound(platform, "FORGED")):
            put(platform, other, forged)
            with pytest.raises(SealBroken):
                read(platform, other)


def _shown(platform: Platform, actor: Any, object_key: str, *fields: str) -> dict[str, Any]:
    page = platform.records.list(actor, ListQuery(object=object_key, fields=fields))
    return {row["id"]: row for row in json.loads(page.json_bytes())}


def test_whatever_copies_a_value_binds_it_to_where_it_goes(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        records = platform.records
        doctor = make(platform, "doctor", name="d", number="D0")
        rows = [SaveRow(values={"name": f"p{n}", "number": f"N{n}", "doctor": doctor}) for n in range(30)]
        made = [str(each.id) for each in records.save_many(BOSS, "patient", rows, all_or_nothing=True).rows]
        changes = [SaveRow(id=each, values={"number": f"C{n}"}) for n, each in enumerate(made)]
        assert not records.save_many(BOSS, "patient", changes, all_or_nothing=True).refused
        file = tmp_path / "more.csv"
        file.write_text("name,number\np0,I0\nnew,I1\n", encoding="utf-8")
        assert platform.imports.import_csv(BOSS, "patient", file, match=("name",)).refused == 0
        found = _shown(platform, BOSS, "patient", "name", "number", "doctor.number")
        assert {row["name"]: row["number"] for row in found.values()} == {
            "p0": "I0", "new": "I1", **{f"p{n}": f"C{n}" for n in range(1, 30)}
        }  # fmt: skip
        assert {row["doctor.number"] for row in found.values()} == {"D0", None}
        with records.transaction(BOSS) as transaction:
            asked = MergeRequest(gone=(made[2],), take={"number": made[2]})
            merge_records(transaction, transaction.object_def("patient"), made[1], asked)
        assert read(platform, made[1]) == "C2"
        records.delete(BOSS, "patient", made[3])
        assert records.restore(BOSS, "patient", made[3]).record["number"] == "C3"
        for target, at in (("patient", made[4]), ("doctor", doctor)):
            make(platform, "visit", at={"object": target, "id": at})
        found = _shown(platform, BOSS, "visit", "at.number")
        assert {row["at.number"] for row in found.values()} == {"C4", "D0"}


CALLED_OTHERWISE = PATIENT.replace("object: patient", "object: client\n    was: patient").replace(
    "      number: {type: text, encrypted: true}",
    "      code: {type: text, encrypted: true, was: number}\n"
    "      card: {type: text, encrypted: true, required: true, default: none yet}",
).replace("inverse: patients", "inverse: clients")  # fmt: skip


def test_values_of_what_was_renamed_are_read_and_bound_anew(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with applied_platform(database_url, tmp_path, FILES) as platform:
        ids = [make(platform, name=name, number=f"N-{name}", findings="F") for name in "ab"]
        sealed = raw(platform, ids[0])
        (app / "objects" / "patient.yaml").unlink()
        for name in ("objects/visit.yaml", "roles/desk.yaml"):
            text = (app / name).read_text("utf-8").replace("patient.number", "client.code")
            (app / name).write_text(text.replace("patient", "client"), encoding="utf-8")
        write_files(app, {"objects/client.yaml": CALLED_OTHERWISE})
        platform.apply_release([app], author="test")
        for at, name in zip(ids, "ab", strict=True):
            values = platform.records.get(BOSS, "client", at).values
            assert (values["code"], values["findings"], values["card"]) == (f"N-{name}", "F", "none yet")
        assert raw(platform, ids[0], "card", "client") != raw(platform, ids[1], "card", "client")
        assert raw(platform, ids[0], "code", "client") == sealed
        put(platform, ids[1], sealed, "code", "client")
        with pytest.raises(SealBroken):
            read(platform, ids[1], "code", "client")
        put(platform, ids[1], None, "code", "client")
        rotate(platform)
        assert read(platform, ids[0], "code", "client") == "N-a"
        with platform.database.write() as connection:
            connection.execute(delete(platform.releases.system.renamed))
        assert read(platform, ids[0], "code", "client") == "N-a", "it is bound to the names of today"
