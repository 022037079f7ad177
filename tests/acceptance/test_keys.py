"""Keys of encrypted fields: a new one seals all values anew, in batches, also when it is killed on its way."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Text, cast, select

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.types import ListQuery, SaveRow
from engine.storage.key_ring import KeyRing
from engine.storage.sealing import Cipher, SealBroken
from tests.support.platforms import applied_platform

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = {
    "objects/patient.yaml": """
        object: patient
        label: Patient
        title: "{name}"
        fields:
          name: {type: text, required: true}
          number: {type: text, encrypted: true}
          findings: {type: long_text, encrypted: true}
        """,
}
COUNT = 620


def run(url: str, folder: Path, *arguments: str, crash_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FIELDSTONE_DATA_FOLDER": str(folder),
        "FIELDSTONE_SECRET_KEY": "a secret of the tests only, long enough",
        "FIELDSTONE_TESTING": "1",
        "FIELDSTONE_CRASH_AT": crash_at,
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", "from ui.cli import main; main()", "keys", *arguments, "--db", url]
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False)


def sealed(platform: Platform) -> list[str]:
    """Give all sealed values as the database has them."""
    table = platform.releases.current().tables.of("patient").table
    with platform.database.read() as connection:
        rows = connection.execute(select(cast(table.c.number, Text()), cast(table.c.findings, Text())))
        return [value for row in rows for value in row if value is not None]


def values(platform: Platform) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cursor = None
    while True:
        query = ListQuery(object="patient", limit=200, cursor=cursor, fields=("name", "number", "findings", "version"))
        page = platform.records.list(system_actor(), query)
        found |= {str(row["name"]): (row["number"], row["findings"], row.version) for row in page.rows}
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.promise("SEC-29")
@pytest.mark.faults
def test_a_rotation_killed_on_its_way_goes_on_and_every_value_is_readable(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        folder = platform.settings.data_folder
        rows = [SaveRow(values={"name": f"p{n}", "number": f"N{n}", "findings": "two\nlines"}) for n in range(COUNT)]
        assert not platform.records.save_many(system_actor(), "patient", rows, all_or_nothing=True).refused
        binned = platform.records.create(system_actor(), "patient", {"name": "binned", "number": "GONE1"}).record
        platform.records.delete(system_actor(), "patient", binned.id)
        before = values(platform)
        assert {text[:4] for text in sealed(platform)} == {"fs1."}

        killed = run(database_url, folder, "rotate", crash_at="keys.batch:2")
        assert killed.returncode == -9, killed.stderr
        marks = {text.rpartition(".")[0] for text in sealed(platform)}
        assert len(marks) == 2, "some values are sealed anew, others are not yet"
        assert values(platform) == before
        platform.records.create(system_actor(), "patient", {"name": "meanwhile", "number": "NEW1"})
        assert sum(text.startswith("fs2.") for text in sealed(platform)) > 500

        done = run(database_url, folder, "rotate", "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["new"], told["values"] > 0) == (False, True)
        assert {text.rpartition(".")[0] for text in sealed(platform)} == {told["key"] + ".r"}
        assert {name: each for name, each in values(platform).items() if name != "meanwhile"} == before
        assert platform.records.restore(system_actor(), "patient", binned.id).record["number"] == "GONE1"

        listed = json.loads(run(database_url, folder, "list", "--json").stdout)
        assert [each["values"] for each in listed] == [2 * COUNT + 2, 0]
        again = json.loads(run(database_url, folder, "rotate", "--json").stdout)
        assert (again["new"], again["values"]) == (True, 2 * COUNT + 2)
        assert again["key"] != told["key"]
        assert values(platform)["p7"][:2] == ("N7", "two\nlines")
        path = platform.settings.value_keys
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        keys = path.read_text("ascii").split()
        assert len(keys) == 2
        assert not any(key.removeprefix("bound:") in text for key in keys for text in sealed(platform))


def test_keys_open_what_they_have_sealed_and_no_other_does(tmp_path: Path) -> None:
    ring = KeyRing(b"secret", tmp_path / "values.keys")
    cipher, other = Cipher(b"secret", ring), Cipher(b"secret", KeyRing(b"secret", tmp_path / "values.keys"))
    first = cipher.seal("一", "here")
    ring.add()
    second = cipher.seal("二", "here")
    assert first.startswith("fs1.")
    assert second.startswith("fs2.")
    assert [other.open(text, "here") for text in (first, second)] == ["一", "二"], (
        "another process has seen the new key"
    )
    (tmp_path / "values.keys").unlink()
    with pytest.raises(SealBroken):
        cipher.open(second, "here")
    assert cipher.open(first, "here") == "一"
    with pytest.raises(ValueError, match="without a file"):
        KeyRing(b"secret").add()


def test_keys_that_several_add_at_once_are_all_kept(tmp_path: Path) -> None:
    path, together = tmp_path / "values.keys", Barrier(8)
    rings = [KeyRing(b"secret", path) for _ in range(8)]

    def add(ring: KeyRing) -> None:
        together.wait()
        for _ in range(5):
            ring.add()

    threads = [Thread(target=add, args=(ring,)) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Those added, and the one that the secret makes.
    assert [len({key.mark for key in ring.known()}) for ring in rings] == [41] * 8
