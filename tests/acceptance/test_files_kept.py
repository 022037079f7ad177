"""Files of records: what forms, imports and attachments keep, what the bin gives back, what goes, how much fits."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from engine.files import store as store_module
from engine.files.collecting import FileCollector
from engine.files.store import FileRoom, FileStore
from tests.support.files import Upload, drawing
from tests.support.papers import PDF, deal, file_of, patched, serve_papers, upload
from tests.support.served import Served, csrf_token
from tests.support.sources import REPOSITORY


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_papers(module_database_url, tmp_path_factory.mktemp("files")) as found:
        yield found


def test_a_refused_form_keeps_the_files_that_came_with_it(served: Served) -> None:
    client = served.sign_in("ann")
    papers = [Upload("one.txt", b"1").part, Upload("two.txt", b"2").part]
    token = csrf_token(client, "/o/deal/new")
    form = {"name": "", "csrf_token": token, "contract__upload": Upload("a.pdf", PDF).part, "papers__upload": papers}
    page = client.post("/o/deal/new", data=form)
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    kept = {field: _ticked(text, field) for field in ("contract", "papers")}
    assert [len(ids) for ids in kept.values()] == [1, 2]
    assert "a.pdf" in text
    # The second time nothing is chosen, one paper is unticked.
    form = {"name": "Kept", "csrf_token": token, "contract": ["", *kept["contract"]], "papers": ["", kept["papers"][1]]}
    answer = client.post("/o/deal/new", data=form)
    record_id = answer.headers["Location"].rsplit("/", 1)[1]
    assert file_of(served, record_id, "contract")["name"] == "a.pdf"
    assert [each["name"] for each in file_of(served, record_id, "papers")] == ["two.txt"]
    # On the record's form the file stands ticked; as it came it changes nothing, unticked it goes.
    edit = client.get(f"/o/deal/{record_id}/edit").get_data(as_text=True)
    contract = kept["contract"][0]
    assert _ticked(edit, "contract") == [contract]
    same = {"csrf_token": token, "contract": ["", contract], "was-contract": contract, "version": "1"}
    client.post(f"/o/deal/{record_id}/edit", data=same)
    assert served.get("ann", f"/records/deal/{record_id}").get_json()["version"] == 1
    client.post(f"/o/deal/{record_id}/edit", data={**same, "contract": ""})
    assert file_of(served, record_id, "contract") is None


def _ticked(page: str, field: str) -> list[str]:
    return re.findall(rf'name="{field}" value="([0-9a-f-]{{36}})" checked', page)


def _later(served: Served, *, days: int) -> FileCollector:
    platform = served.platform
    clock = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))
    found = platform.file_collector
    return FileCollector(
        database=found.database, system=found.system, folder=found.folder, clock=clock, current=found.current
    )


def test_what_nobody_can_reach_goes_and_what_history_tells_of_stays(served: Served) -> None:
    def content(file_id: str) -> Path:
        with platform.database.read() as connection:
            query = select(platform.system.file.c.sha256).where(platform.system.file.c.id == file_id)
            return platform.file_collector.folder.path_of(connection.execute(query).scalar_one())

    platform = served.platform
    unused = upload(served, "papers", Upload("unused.txt", b"never named by a record"))
    old, gone = (upload(served, field, Upload(f"{field}.txt", field.encode())) for field in ("papers", "fleeting"))
    shared = upload(served, "papers", Upload("shared.txt", b"never named by a record, but by this one"))
    record_id = deal(served, papers=[old, shared], fleeting=gone)
    patched(served, record_id, papers=[shared], fleeting=None)
    paths = {name: content(each) for name, each in (("unused", unused), ("old", old), ("gone", gone))}
    assert all(path.exists() for path in paths.values())
    stray = platform.file_collector.folder.path_of("ab" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"placed by a process that died before its commit")
    (platform.file_collector.folder.root / "incoming" / "half").write_bytes(b"half")
    # Within a day nothing goes.
    assert platform.file_collector.collect().files == 0
    assert all(path.exists() for path in paths.values())
    done = _later(served, days=2).collect()
    assert done.files >= 2
    assert done.leftovers >= 1
    assert not paths["unused"].exists()
    assert not paths["gone"].exists(), "its field has no history"
    assert not stray.exists()
    assert served.get("ann", f"/files/{old}").get_data() == b"papers", "the history tells of it"
    assert served.get("ann", f"/files/{shared}").status_code == 200
    assert served.get("ann", f"/files/{gone}").status_code == 404
    # A second time finds nothing more.
    assert _later(served, days=2).collect().files == 0


def test_the_same_bytes_lie_once_and_two_at_once_do_no_harm(served: Served) -> None:
    found: list[str] = []
    start = threading.Barrier(6)

    def send() -> None:
        start.wait()
        made = served.platform.files.upload(system_actor(), "deal", "papers", io.BytesIO(b"the same bytes"), "a.txt")
        found.append(made.id)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 6
    platform = served.platform
    with platform.database.read() as connection:
        table = platform.system.file
        hashes = set(connection.execute(select(table.c.sha256).where(table.c.id.in_(found))).scalars())
    assert len(hashes) == 1
    for file_id in found:
        assert platform.files.open(system_actor(), file_id).path.read_bytes() == b"the same bytes"


def test_there_is_a_limit_to_one_file_to_all_of_them_and_to_those_nobody_uses(served: Served) -> None:
    platform = served.platform

    def store(**room: int) -> FileStore:
        folder = platform.file_collector.folder
        return FileStore(
            platform.database, platform.system, platform.records, folder, platform.clock, FileRoom(**room)
        )  # fmt: skip

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream: Any = Endless()
    with pytest.raises(ValidationFailed, match="at most 1 MB"):
        store(file_mb=1).upload(system_actor(), "deal", "papers", stream, "a.txt")
    assert stream.given < 2 * 1024 * 1024, "it is cut where the limit is"
    with pytest.raises(ValidationFailed, match="no more room"):
        store(total_mb=1).upload(system_actor(), "deal", "papers", io.BytesIO(b"y" * 1024**2), "a.txt")
    assert list((platform.settings.data_folder / "files" / "incoming").glob("*")) == []
    # The body of a request that says it is longer is not read at all.
    answer = served.call("ann", "POST", "/files/deal/papers", data=b"x", content_type="application/octet-stream",
                         environ_overrides={"CONTENT_LENGTH": str(1024**3)})  # fmt: skip
    assert answer.status_code == 413
    before, store_module.MOST_UNUSED = store_module.MOST_UNUSED, 1
    try:
        upload(served, "papers", Upload("a.txt", b"1"), "boss")
        refused = served.call("boss", "POST", "/files/deal/papers", data={"file": Upload("b.txt", b"2").part})
        assert refused.get_json()["errors"][0]["code"] == "too_many_uploads"
    finally:
        store_module.MOST_UNUSED = before


def test_files_come_from_the_folder_of_an_import_and_from_nowhere_else(served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "import"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "合同.pdf").write_bytes(PDF)
    (tmp_path / "outside.pdf").write_bytes(PDF + b"outside")
    (folder / "link.pdf").symlink_to(tmp_path / "outside.pdf")
    outside = ("../outside.pdf", "link.pdf", str(tmp_path / "outside.pdf"), "docs", "absent.pdf", "~/x")
    for cell, created in (("docs/合同.pdf", 1), *((each, 0) for each in outside)):
        (folder / "deals.csv").write_text(f'name,contract\nI,"{cell}"\n', encoding="utf-8")
        result = served.platform.imports.import_csv(system_actor(), "deal", folder / "deals.csv")
        assert (result.created, result.refused) == (created, 1 - created), cell
    (folder / "deals.csv").write_text('name,papers\nTwo,"docs/合同.pdf; deals.csv"\n', encoding="utf-8")
    assert served.platform.imports.import_csv(system_actor(), "deal", folder / "deals.csv").created == 1


def test_an_attachment_is_called_like_its_file_and_stands_on_the_record_s_page(served: Served) -> None:
    client = served.sign_in("ann")
    token = csrf_token(client, "/o/attachment/new")
    form = {"name": "", "csrf_token": token, "file__upload": Upload("报价.pdf", PDF).part}
    answer = client.post("/o/attachment/new", data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "报价.pdf" in page
    made = served.make("ann", "attachment", file=upload(served, "file", Upload("b.pdf", PDF), object_name="attachment"))
    assert (made["name"], made["content_type"], made["size_bytes"]) == ("b.pdf", "application/pdf", len(PDF))
    refused = client.post("/o/attachment/new", data={"name": "", "csrf_token": token})
    assert refused.status_code == 422


SENDER = """
import io, sys
from pathlib import Path
from engine.access.actor import system_actor
from engine.platform import Platform
from plugins.manager import PluginManager
from tests.support.platforms import settings_for

platform = Platform.open(
    settings_for(sys.argv[1], Path(sys.argv[2])), plugins=PluginManager.load(candidates=(), environment={})
)
platform.files.upload(system_actor(), "deal", "papers", io.BytesIO(b"cut short " * 100_000), "cut.txt")
"""


@pytest.mark.parametrize("point", ["file.chunk:2", "file.before_commit"])
def test_a_process_killed_while_a_file_comes_in_leaves_nothing_that_is_seen(served: Served, point: str) -> None:
    platform = served.platform
    folder = platform.file_collector.folder
    data = platform.settings.data_folder
    before = _rows(served)
    environment = {**os.environ, "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": point}
    url = platform.settings.database_url
    done = subprocess.run(
        [sys.executable, "-c", SENDER, url, str(data.parent)], env=environment, cwd=REPOSITORY, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert _rows(served) == before
    # A file of its content that comes in afterwards is whole.
    content = b"cut short " * 100_000
    again = platform.files.upload(system_actor(), "deal", "papers", io.BytesIO(content), "cut.txt")
    assert platform.files.open(system_actor(), again.id).path.read_bytes() == content
    _later(served, days=2).collect()
    assert list((folder.root / "incoming").glob("*")) == []
    assert not folder.path_of(hashlib.sha256(content).hexdigest()).exists()


def _rows(served: Served) -> set[str]:
    with served.platform.database.read() as connection:
        return {str(row) for row in connection.execute(select(served.platform.system.file.c.id)).scalars()}


def test_a_conflict_calls_files_by_their_names(served: Served) -> None:
    first, second, third = (upload(served, "contract", Upload(f"{name}.pdf", PDF)) for name in ("one", "two", "three"))
    record_id = deal(served, contract=first)
    client = served.sign_in("ann")
    token = csrf_token(client, "/o/deal/new")
    patched(served, record_id, contract=second)
    mine = {"csrf_token": token, "version": "1", "was-contract": first, "contract": ["", third]}
    page = client.post(f"/o/deal/{record_id}/edit", data=mine)
    assert page.status_code == 409
    text = page.get_data(as_text=True)
    cells = re.findall(r"(?:<td[^>]*>|<span>)([a-z]+\.pdf)<", text)
    assert cells == ["three.pdf", "two.pdf", "one.pdf"]
    chosen = {"csrf_token": token, "keep-contract": "mine", **dict(_hidden(text)), "version": "2"}
    assert client.post(f"/o/deal/{record_id}/edit", data=chosen).status_code == 303
    assert file_of(served, record_id, "contract")["name"] == "three.pdf"


def _hidden(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="((?:was-)?contract)" value="([^"]*)"', page)


@pytest.mark.promise("OBJ-11")
def test_a_record_in_use_stays_and_what_went_comes_back_with_rows_files_and_links(served: Served) -> None:
    firm = served.make("ann", "firm", name="ACME")["id"]
    witness = served.make("ann", "firm", name="Witness")["id"]
    contract = upload(served, "contract", Upload("a.pdf", PDF + b"whole"))
    given = {"firm": firm, "contract": contract, "number": "D-1", "witnesses": [{"firm": witness}]}
    record_id = deal(served, **given)
    deal(served, "boss", firm=firm)
    plan = upload(served, "drawing", Upload("p.png", drawing("green")), object_name="part")
    part = served.make("ann", "part", name="P", deal=record_id, drawing=plan)["id"]
    # Two deals point at the firm; each is told of those that may be read.
    for who, count in (("ann", "1 record of"), ("boss", "2 records of")):
        refused = served.call(who, "DELETE", f"/records/firm/{firm}")
        assert refused.status_code == 409
        assert f"in use by {count} deal" in refused.get_json()["detail"]
    path = f"/records/deal/{record_id}"
    assert served.call("ann", "DELETE", path).status_code == 204
    links = "/records/deal_witnesses"
    for gone in (path, f"/records/part/{part}", f"/files/{contract}", f"/files/{plan}"):
        assert served.get("ann", gone).status_code == 404
    assert served.get("ann", links).get_json()["items"] == []
    # While it lies in the bin its number may be used; then it does not come back.
    other = deal(served, number="D-1")
    again = served.call("ann", "POST", f"{path}/restore")
    assert again.status_code == 422
    assert [(each["field"], each["code"]) for each in again.get_json()["errors"]] == [("number", "not_unique")]
    patched(served, other, number="D-2")
    _later(served, days=400).collect()
    assert served.call("ann", "POST", f"{path}/restore").status_code == 200
    assert served.get("ann", f"/files/{contract}").get_data() == PDF + b"whole"
    assert served.get("ann", f"/records/part/{part}").get_json()["drawing"]["id"] == plan
    assert served.get("ann", f"/files/{plan}").get_data() == drawing("green")
    (link,) = served.get("ann", links).get_json()["items"]
    assert (link["deal"]["id"], link["firm"]["id"]) == (record_id, witness)
