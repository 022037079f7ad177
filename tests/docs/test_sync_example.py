"""The sync script of the documentation, run as it is: both sides are the same afterwards, whichever changed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from tests.support.served import Served, serve_deals

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sync.py"


@contextmanager
def listening(served: Served) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, served.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def sync(served: Served, address: str, file: Path) -> None:
    command = [sys.executable, str(SCRIPT), address, "deal", "code", "name,size", str(file)]
    environment = {**os.environ, "FIELDSTONE_TOKEN": served.tokens["boss"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def theirs(file: Path) -> dict[str, tuple[str, int | None]]:
    with sqlite3.connect(file) as connection:
        rows = connection.execute("select key, fields from copy where state is null").fetchall()
        assert not connection.execute("select 1 from copy where state is not null").fetchall()
    return {key: (json.loads(fields)["name"], json.loads(fields)["size"]) for key, fields in rows}


def ours(served: Served) -> dict[str, tuple[str, int | None]]:
    found: dict[str, tuple[str, int | None]] = {}
    address = "/records/deal?fields=code,name,size&limit=200"
    while address:
        page = served.get("boss", address).get_json()
        found |= {item["code"]: (item["name"], item["size"]) for item in page["items"] if item["code"]}
        address = page["next"]
    return found


def both_ways(served: Served, file: Path, count: int) -> None:
    records = served.platform.records
    values = [{"name": f"Deal {n}", "code": f"C{n}", "size": n} for n in range(count)]
    made = [str(r.id) for r in records.save_many(system_actor(), "deal", [SaveRow(values=v) for v in values]).rows]
    with listening(served) as address:
        sync(served, address, file)
        assert theirs(file) == ours(served)
        assert len(theirs(file)) == count
        # Changes on both sides: made, changed and deleted.
        records.update(system_actor(), "deal", made[3], {"name": "Changed here"})
        records.delete(system_actor(), "deal", made[4])
        served.make("boss", "deal", name="Made here", code="H1")
        with sqlite3.connect(file) as connection:
            connection.execute("update copy set fields = ?, state = 'changed' where key = 'C5'", ['{"name": "There"}'])
            connection.execute("update copy set state = 'deleted' where key = 'C6'")
            more = [(f"T{n}", json.dumps({"name": f"There {n}", "size": n})) for n in range(count)]
            connection.executemany("insert into copy values (?, null, ?, 'changed')", more)
        sync(served, address, file)
        sync(served, address, file)
    assert theirs(file) == ours(served)
    found = ours(served)
    assert len(found) == 2 * count - 1
    assert (found["C3"][0], found["C5"][0], found["H1"][0], found["T1"][0]) == (
        "Changed here",
        "There",
        "Made here",
        "There 1",
    )
    assert not {"C4", "C6"} & found.keys()


def test_the_sync_script_of_a_hundred_lines_keeps_both_sides_the_same(sqlite_url: str, tmp_path: Path) -> None:
    code = SCRIPT.read_text("utf-8").split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 100
    with serve_deals(sqlite_url, tmp_path) as served:
        both_ways(served, tmp_path / "copy.sqlite", 450)


@pytest.mark.soak
def test_the_sync_script_keeps_a_hundred_thousand_records_the_same(database_url: str, tmp_path: Path) -> None:
    with serve_deals(database_url, tmp_path) as served:
        both_ways(served, tmp_path / "copy.sqlite", 50_000)
