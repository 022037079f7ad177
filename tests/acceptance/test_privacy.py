"""A person is exported and erased over all objects and tables, also out of an older backup that comes back."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import insert

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.privacy.people import PersonUnclear
from engine.records.types import SaveRow
from tests.support.automation import do_runs, person
from tests.support.filled_tables import fill_tables
from tests.support.platforms import applied_platform, open_platform
from tests.support.postgres import create_database, database_name, drop_database
from tests.support.table_dumps import dump_tables

FILES = {
    "objects/guest.yaml": """
        object: guest
        label: Guest
        title: "{name}"
        purpose: {en: To host them, zh: 接待}
        consent: agreed
        fields:
          name: {type: text, required: true, personal: true}
          other_name: {type: person_name, personal: true}
          email: {type: email, personal: true}
          phone: {type: phone, personal: true}
          notes: {type: long_text, personal: true}
          passport: {type: file, personal: true}
          agreed: {type: boolean}
        search: [name, email]
        duplicates: [{match: [{field: email}], action: warn}]
        """,
    "objects/stay.yaml": """
        object: stay
        label: Stay
        fields:
          guest: {type: child_of, to: guest, inverse: stays}
          wish: {type: text, personal: true}
        """,
    "objects/call.yaml": """
        object: call
        label: Call
        title: "{subject}"
        fields:
          subject: {type: text, required: true, personal: true}
          guest: {type: lookup, to: guest, required: true}
          letter: {type: file}
        """,
    "objects/enquiry.yaml": """
        object: enquiry
        label: Enquiry
        fields:
          subject: {type: text}
          email: {type: email, personal: true}
        """,
    "rules/guests.rules": """
        rule greet when guest is updated
          then create call { subject: "Welcome, {name}", guest: this }
               notify owner "{name} <{email}> has changed"
        """,
}
VALUES = ("zoe.quill@example.org", "Zoë Quillfeather", "+8613800138000", "likes quiet rooms", "泽薇", "an extra pillow")
SYSTEM = system_actor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to a guest. before, after: where the values stood. restored: where they stand in an older copy."""

    platform: Platform
    folder: Path
    url: str
    ids: Mapping[str, str]
    archive: Path
    before: Mapping[str, set[str]]


@pytest.fixture(scope="module")
def story(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("privacy")
    with applied_platform(module_database_url, folder, FILES) as platform:
        ids = _enter(platform)
    backup = _copied(module_database_url, folder / "backup.sqlite")
    with open_platform(module_database_url, folder) as platform:
        before = _found(module_database_url, folder)
        archive = folder / "zoe.zip"
        platform.privacy.export(SYSTEM, [f"guest:{ids['zoe']}"], archive)
        yield Story(
            platform=platform,
            folder=folder,
            url=module_database_url,
            ids={**ids, "backup": backup},
            archive=archive,
            before=before,
        )
    if not backup.startswith("sqlite"):
        drop_database(module_database_url, backup)


def _enter(platform: Platform) -> dict[str, str]:
    records = platform.records
    ann = person(platform, "ann")
    passport = platform.files.upload(SYSTEM, "guest", "passport", io.BytesIO(_pdf("Zoë Quillfeather")), "zoe.pdf")
    values = {
        "name": VALUES[1], "email": VALUES[0], "phone": VALUES[2], "notes": VALUES[3], "passport": passport.id,
        "other_name": {"last": "泽", "first": "薇"}, "owner": {"object": "user", "id": ann.user_id},
    }  # fmt: skip
    zoe = records.create(SYSTEM, "guest", values).record.id
    max_id = records.create(SYSTEM, "guest", {"name": "Max Muster", "email": "max@example.org"}).record.id
    records.save_many(SYSTEM, "guest", [SaveRow(values={"name": f"Guest {each}"}) for each in range(12)])
    records.create(SYSTEM, "stay", {"guest": zoe, "wish": VALUES[5]})
    letter = platform.files.upload(SYSTEM, "call", "letter", io.BytesIO(b"Dear Zo\xc3\xab Quillfeather,"), "letter.txt")
    call = records.create(SYSTEM, "call", {"subject": f"Call {VALUES[1]}", "guest": max_id, "letter": letter.id})
    own = records.create(SYSTEM, "call", {"subject": "A call", "guest": zoe})
    records.update(SYSTEM, "call", own.record.id, {"subject": f"Ask {VALUES[0]} again"})
    records.update(SYSTEM, "call", own.record.id, {"subject": "Nothing said"})
    enquiry = records.create(SYSTEM, "enquiry", {"subject": "Rooms?", "email": VALUES[0].upper()}).record.id
    records.update(SYSTEM, "guest", zoe, {"notes": f"{VALUES[3]}, {VALUES[4]}"})
    do_runs(platform)
    records.update(SYSTEM, "guest", zoe, {"agreed": True})
    platform.audit.sealer.seal()
    return {"zoe": zoe, "max": max_id, "call": call.record.id, "own": own.record.id, "enquiry": enquiry}


def _pdf(text: str) -> bytes:
    return f"%PDF-1.4\n% {text}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode()


def _found(url: str, folder: Path) -> dict[str, set[str]]:
    """Give where each value stands: tables, files of the data folder, on SQLite the bytes of the database too."""
    found: dict[str, set[str]] = {value: set() for value in VALUES}
    places = {name: "\n".join(rows) for name, rows in dump_tables(url).items()}
    files = [path for path in (folder / "data").rglob("*") if path.is_file()]
    if url.startswith("sqlite"):
        base = Path(url.removeprefix("sqlite:///"))
        files += [path for path in base.parent.glob(base.name + "*") if path.is_file()]
    places |= {path.name: path.read_bytes().decode("utf-8", "replace") for path in files}
    for place, text in places.items():
        for value in VALUES:
            escaped = json.dumps(value)[1:-1]
            if any(form.lower() in text.lower() for form in (value, escaped)):
                found[value].add(place)
    return found


def _copied(url: str, file: Path) -> str:
    if not url.startswith("sqlite"):
        return create_database(url, label="backup", template=database_name(url))
    shutil.copyfile(url.removeprefix("sqlite:///"), file)
    return f"sqlite:///{file}"


def test_an_export_has_all_that_is_kept_of_a_person(story: Story) -> None:
    with zipfile.ZipFile(story.archive) as archive:
        found = json.loads(archive.read("person.json"))
        names = archive.namelist()
    records = {(each["object"], each["id"]): each["is"] for each in found["records"]}
    ids = story.ids
    assert records["guest", ids["zoe"]] == records["enquiry", ids["enquiry"]] == "person"
    assert records["call", ids["own"]] == "points at the person"
    assert records["call", ids["call"]] == "mentions the person"
    assert ("guest", ids["max"]) not in records
    assert [each for key, each in records.items() if key[0] == "stay"] == ["person"]
    assert sorted(name.rsplit("/", 1)[1] for name in names if name.startswith("files/")) == ["letter.txt", "zoe.pdf"]
    assert any(VALUES[0] in str(each) for each in found["mails"])
    assert any(VALUES[1] in str(each) for each in found["runs"])
    history = [each["changes"].get("notes") for each in found["history"] if each["object"] == "guest"]
    assert [None, VALUES[3]] in history
    # What an entry held once and no record does any more.
    assert any(VALUES[0] in str(each["changes"].get("subject")) for each in found["audit"])
    assert found["purposes"]["guest"]["purpose"] == "To host them"


def test_before_it_is_erased_a_person_stands_in_many_places_but_not_in_the_log(story: Story) -> None:
    places = set().union(*story.before.values())
    assert len([place for place in places if "fs_" in place or "." in place]) > 5
    assert not [place for place in places if place.endswith("fs_audit")]
    entries = story.platform.records.history(SYSTEM, "guest", story.ids["zoe"])
    assert [VALUES[3]] == [change.new for each in entries for change in each.changes if change.field == "notes"][-1:]


def test_a_hold_keeps_a_person_from_being_erased(story: Story) -> None:
    privacy, key = story.platform.privacy, f"guest:{story.ids['zoe']}"
    privacy.hold(SYSTEM, key, "a court asks")
    with pytest.raises(Exception, match="Under legal hold"):
        privacy.erase(SYSTEM, [key])
    assert story.platform.records.get(SYSTEM, "guest", story.ids["zoe"]).values["name"] == VALUES[1]
    assert privacy.release(SYSTEM, key)
    with pytest.raises(PersonUnclear, match="no record"):
        privacy.erase(SYSTEM, ["guest:" + "0" * 8 + "-0000-7000-8000-" + "0" * 12])


@pytest.mark.promise("SEC-30")
def test_an_erased_person_is_nowhere_and_an_older_backup_is_erased_again(story: Story) -> None:
    platform = story.platform
    everywhere, survey = _fill(story)
    done = platform.privacy.erase(SYSTEM, [f"guest:{story.ids['zoe']}"], reason=f"{VALUES[1]} has asked")
    assert done.entries == ()
    assert everywhere - done.tables.keys() == set()
    assert not [name for name, rows in dump_tables(story.url).items() if "quillfeather" in str(rows).lower()]
    assert _stands(story.url, survey) == []
    assert platform.privacy.disposals()[0].reason == "[erased] has asked"
    assert _found(story.url, story.folder) == {value: set() for value in VALUES}
    platform.audit.sealer.seal()
    assert platform.audit.verifier.verify().is_sound
    # Others are as they were.
    call = platform.records.get(SYSTEM, "call", story.ids["call"])
    assert (call.values["subject"], call.values["letter"]) == ("Call [erased]", None)
    assert platform.records.get(SYSTEM, "guest", story.ids["max"]).values["email"] == "max@example.org"
    backup = story.ids["backup"]
    assert _stands(backup, VALUES[0])
    with open_platform(backup, story.folder) as restored:
        restored.start()
        assert not _stands(backup, VALUES[0])
        assert not _stands(backup, VALUES[1])
        assert restored.audit.verifier.verify().is_sound
        assert restored.privacy.erase_again() == 0


def _fill(story: Story) -> tuple[set[str], str]:
    """Put the person into every column of the system tables in many forms; give the tables, and a survey's hash."""
    name, mail = VALUES[1], VALUES[0]
    forms = [
        name,
        json.dumps({"text": f"Dear\n{name}", "mail": mail}),
        quote(f"to {name}"),
        quote_plus(f"{mail},{name}"),
    ]
    system, hash_ = story.platform.system, "hash of a survey"
    with story.platform.database.write() as connection:
        everywhere = fill_tables(connection, system, "guest", " ".join(forms))
        now = dt.datetime.now(dt.UTC)
        row = {
            "id": str(uuid.uuid4()),
            "hash": hash_,
            "form": "f",
            "asked_object": "guest",
            "asked_id": story.ids["zoe"],
        }
        connection.execute(insert(system.survey).values(**row, created_at=now, expires_at=now))
    return set(everywhere), hash_


def _stands(url: str, value: str) -> list[str]:
    tables: Mapping[str, Any] = dump_tables(url)
    return [name for name, rows in tables.items() if any(value.lower() in row.lower() for row in rows)]
