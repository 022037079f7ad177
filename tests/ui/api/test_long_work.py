"""Imports and exports by the API: long work with counts, errors by line and cancel, that goes on after a restart."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.exports import service, working
from engine.imports import running
from tests.engine.imports.test_going_on import FILES, ROWS, SPENT, WANTED, file_of_people
from tests.support.import_process import BATCH, run_and_die
from tests.support.metadata_corpus import demo_sources
from tests.support.served import Served, serve_deals
from tests.support.worker_process import wait_until

MAPPING = dict(WANTED.columns)
ROLES = """
role: rep
objects:
  person: {read: all, create: yes, update: all}
"""


@pytest.fixture
def served(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(running, "BATCH", BATCH)
    for module in (service, working):
        monkeypatch.setattr(module, "PAGE_ROWS", BATCH)
    monkeypatch.setattr(working, "_BEAT_PAGES", 1)
    files = {path: dedent(text).lstrip() for path, text in FILES.items()}
    for path, text in demo_sources({**files, "roles/rep.yaml": ROLES}).items():
        if not path.startswith("core/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    with serve_deals(database_url, tmp_path, app_folder=tmp_path / "demo") as opened:
        yield opened


def post(served: Served, who: str, data: bytes | None = None, **given: Any) -> Any:
    headers = given.pop("headers", {})
    if data is None:
        return served.call(who, "POST", "/imports", json=given, headers=headers)
    form: dict[str, Any] = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    form["file"] = (io.BytesIO(data), "people.csv")
    return served.call(who, "POST", "/imports", data=form, headers=headers, content_type="multipart/form-data")


def settled(served: Served, who: str, address: str) -> dict[str, Any]:
    wait_until(lambda: served.get(who, address).get_json()["state"] not in ("running", "checking"))
    found: dict[str, Any] = served.get(who, address).get_json()
    return found


def age(served: Served) -> None:
    for table in (served.platform.system.imported, served.platform.system.exported):
        with served.platform.database.write() as connection:
            for each in connection.execute(select(table.c.id, table.c.beat_at)).all():
                if each.beat_at is not None:
                    moved = update(table).where(table.c.id == each.id)
                    connection.execute(moved.values(beat_at=each.beat_at - SPENT))


@pytest.mark.promise("API-10")
def test_imports_and_exports_are_long_work_with_counts_errors_by_line_and_cancel_that_survives_a_restart(
    served: Served, database_url: str, tmp_path: Path
) -> None:
    # What an import would do is told, and nothing of it stays.
    tried = post(served, "boss", file_of_people(), object="person", mapping=MAPPING, dry_run=True)
    assert tried.status_code == 202, tried.get_data(as_text=True)
    address = tried.headers["Location"]
    forecast = settled(served, "boss", address)
    assert (forecast["state"], forecast["dry_run"]) == ("checked", True)
    assert served.get("boss", "/records/person").get_json()["items"] == []
    # Errors by line, in pieces.
    first = served.get("boss", f"{address}?limit=4").get_json()
    rest = served.get("boss", f"{address}?limit=200&after={first['errors_after']}").get_json()
    errors = [*first["errors"], *rest["errors"]]
    assert len(first["errors"]) == 4
    assert rest["errors_after"] is None
    assert {each["line"] for each in errors} >= {5, 36, 67, 98}
    assert {(each["column"], each["value"]) for each in errors if each["line"] == 5} == {
        ("score", "many"),
        ("boss", "nobody"),
    }
    # It is started under the same id, its process dies, and whoever looks after what stands still goes on with it.
    import_id = forecast["id"]
    run_and_die("import", database_url, tmp_path, import_id, served.user_ids["boss"], crash_at="save.committed:3")
    half = served.get("boss", address).get_json()
    assert half["state"] == "running"
    assert 0 < half["done"] < half["total"] == ROWS
    age(served)
    served.platform.automation.keeper().tick()
    done = settled(served, "boss", address)
    counts = ("created", "updated", "unchanged", "refused", "total")
    assert {name: done[name] for name in counts} == {name: forecast[name] for name in counts}
    people = served.get("boss", "/records/person?limit=200").get_json()["items"]
    assert len(people) == len({each["name"] for each in people}) == done["created"] == done["total"] - done["refused"]
    rejected = served.get("boss", done["rejected"]).get_data(as_text=True)
    assert rejected.startswith("\ufeffline,column,value,reason,name,code,score,boss")
    # A started one starts no second time, and one that is over is cancelled no more.
    assert served.call("boss", "POST", f"{address}/start").get_json()["state"] == "done"
    assert served.call("boss", "POST", f"{address}/cancel").get_json()["state"] == "done"
    export_by_the_api(served, database_url, tmp_path, len(people))


def export_by_the_api(served: Served, database_url: str, tmp_path: Path, count: int) -> None:
    body = {"fields": "name,score", "sort": "name", "heads": "names", "filter": "score >= 0"}
    begun = served.call("boss", "POST", "/exports/person", json=body)
    assert begun.status_code == 202, begun.get_data(as_text=True)
    done = settled(served, "boss", begun.headers["Location"])
    assert (done["state"], done["total"], done["done"]) == ("done", count, count)
    file = served.get("boss", done["file"])
    query = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in body.items())
    assert file.get_data() == served.get("boss", f"/exports/person?{query}").get_data()
    assert file.headers["X-Total-Count"] == str(count)
    # Killed while it is written, it is made anew; nothing half is left.
    export_id = run_and_die(
        "export", database_url, tmp_path, "score >= 0", served.user_ids["boss"], crash_at="export.page:4"
    )
    address = f"/exports/person/{export_id}"
    half = served.get("boss", address).get_json()
    assert (half["state"], half["file"]) == ("running", None)
    assert served.get("boss", f"{address}/file").status_code == 404
    age(served)
    served.platform.automation.keeper().tick()
    again = settled(served, "boss", address)
    assert again["state"] == "done"
    assert len(served.get("boss", again["file"]).get_data(as_text=True).splitlines()) == count + 1
    # One whose process is dead is cancelled, and stays so.
    other = run_and_die("export", database_url, tmp_path, "", served.user_ids["boss"], crash_at="export.page:2")
    assert served.call("boss", "POST", f"/exports/person/{other}/cancel").get_json()["state"] == "cancelled"
    age(served)
    assert served.platform.export_desk.go_on() == 0
    served.platform.export_desk.purge()
    left = {path.name for path in (tmp_path / "exports").iterdir()}
    assert left == {f"{export_id}.csv", f"{done['id']}.csv"}


def test_a_cancelled_import_keeps_what_it_saved_saves_nothing_more_and_tells_what_it_refused(
    served: Served, database_url: str, tmp_path: Path
) -> None:
    tried = post(served, "boss", file_of_people(), object="person", mapping=MAPPING, dry_run=True)
    address, import_id = tried.headers["Location"], tried.get_json()["id"]
    settled(served, "boss", address)
    run_and_die("import", database_url, tmp_path, import_id, served.user_ids["boss"], crash_at="save.committed:3")
    cancelled = served.call("boss", "POST", f"{address}/cancel").get_json()
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 3 * BATCH)
    assert cancelled["created"] == 3 * BATCH - cancelled["refused"]
    age(served)
    assert served.platform.import_desk.go_on() == 0
    assert served.call("boss", "POST", f"{address}/start").status_code == 409
    assert len(served.get("boss", "/records/person?limit=200").get_json()["items"]) == cancelled["created"]
    assert "nobody" in served.get("boss", cancelled["rejected"]).get_data(as_text=True)


def test_a_cancelled_trial_tells_nothing_of_what_it_would_have_saved(served: Served) -> None:
    address = post(served, "boss", file_of_people(), object="person", mapping=MAPPING, dry_run=True).headers["Location"]
    assert settled(served, "boss", address)["created"] > 0
    served.call("boss", "POST", f"{address}/cancel")
    left = served.get("boss", address).get_json()
    assert (left["state"], left["total"], left["created"], left["refused"], left["errors"], left["rejected"]) == (
        "cancelled", ROWS, 0, 0, [], None
    )  # fmt: skip
    # Its file is let go, so another import can't have it either.
    assert post(served, "boss", **{"import": left["id"]}).status_code == 422


def test_an_import_is_asked_for_once_a_key_and_refused_with_what_is_wrong(served: Served) -> None:
    data = b"name,score\nAnn,1\n"
    key = {"Idempotency-Key": "once"}
    first = post(served, "boss", data, object="person", headers=key)
    again = post(served, "boss", data, object="person", headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json()["id"] == first.get_json()["id"]
    assert settled(served, "boss", first.headers["Location"])["created"] == 1
    assert len(served.get("boss", "/records/person").get_json()["items"]) == 1
    assert post(served, "boss", b"name\nBob\n", object="person", headers=key).status_code == 422
    # By name of an earlier one its file is tried once more, where it is kept.
    tried = post(served, "boss", b"Who\nCy\n", object="person", mapping={"Who": "name"}, dry_run=True).get_json()
    more = {"import": tried["id"], "mapping": {"columns": {"Who": {"field": "code"}}}, "dry_run": True}
    assert post(served, "boss", **more).status_code == 202
    refused: dict[str, tuple[dict[str, Any], int, str]] = {
        "unknown column": ({"object": "person", "mapping": {"Whom": "name"}}, 422, "'Whom'"),
        "unknown field": ({"object": "person", "mapping": {"name": "nam"}}, 422, "'nam'"),
        "unknown key": ({"object": "person", "mach": "name"}, 400, "'mach'"),
        "unknown object": ({"object": "nothing"}, 404, ""),
        "no object": ({}, 400, "object"),
        "no mapping": ({"object": "person", "mapping": "name"}, 400, ""),
        "no truth": ({"object": "person", "dry_run": 7}, 400, "dry_run"),
        "no match": ({"object": "person", "match": "code"}, 422, "'code'"),
    }
    for what, (given, status, said) in refused.items():
        answer = post(served, "boss", data, **given)
        assert (answer.status_code, said in answer.get_data(as_text=True)) == (status, True), what
    wrong: list[dict[str, Any]] = [{}, {"import": 7}, {"import": first.get_json()["id"]}]
    for given in wrong:
        assert post(served, "boss", **given).status_code in (400, 422), given
    assert post(served, "boss", b"", object="person").status_code == 422


def test_imports_and_exports_are_for_who_has_the_right_and_each_persons_own(served: Served) -> None:
    data = b"name,score\nAnn,1\nBob,2\n"
    done = settled(served, "boss", post(served, "boss", data, object="person").headers["Location"])
    export = served.call("boss", "POST", "/exports/person", json={}).headers["Location"]
    file = settled(served, "boss", export)["file"]
    assert post(served, "ann", data, object="person").status_code == 403
    assert served.call("ann", "POST", "/exports/person", json={}).status_code == 403
    for who in ("ann", "admin", None):
        for method, address in (
            ("GET", f"/imports/{done['id']}"),
            ("POST", f"/imports/{done['id']}/start"),
            ("POST", f"/imports/{done['id']}/cancel"),
            ("GET", f"/imports/{done['id']}/rejected"),
            ("GET", export),
            ("GET", file),
            ("POST", f"{export}/cancel"),
        ):
            assert served.call(who, method, address).status_code in (401, 403, 404), (who, address)
    # Who has other roles by now fetches nothing that the ones before allowed.
    admin = served.platform.accounts.administration
    admin.set_roles("boss@example.com", ["boss", "rep"], by="test")
    assert served.get("boss", file).status_code == 403
    admin.set_roles("boss@example.com", ["boss"], by="test")
    assert served.get("boss", file).status_code == 200
    # Who may not act any more has nothing done in their name.
    for table in (served.platform.system.imported, served.platform.system.exported):
        with served.platform.database.write() as connection:
            beat = served.platform.clock.now() - SPENT
            connection.execute(update(table).values(state="running", beat_at=beat))
    admin.disable("boss@example.com")
    served.platform.import_desk.go_on()
    served.platform.export_desk.go_on()
    with served.platform.database.read() as connection:
        for table in (served.platform.system.imported, served.platform.system.exported):
            assert set(connection.execute(select(table.c.state)).scalars()) == {"failed"}
