"""Imports by pages: a file, its columns, a trial that says faults and rules, the import, its result, the list."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from engine.access.actor import Actor
from engine.imports.job import Wanted
from engine.imports.uploads import MOST_BYTES
from engine.imports.working import Grip
from tests.support.automation import do_runs
from tests.support.metadata_corpus import demo_sources
from tests.support.served import Served, csrf_token, post_form, serve_deals

FILES = {
    "roles/rep.yaml": """
        role: rep
        objects:
          lead: {read: all, create: yes, update: score is empty or score < 999}
          made: {read: all}
        """,
    "roles/boss.yaml": "role: boss\nincludes: [rep]\nsystem: [import, view_runs]\n",
    "objects/lead.yaml": """
object: lead
label: {en: Lead, zh: 线索}
title: "{name}"
fields:
  name: {type: text, required: true, label: {en: Full name, zh: 姓名}}
  code: {type: text, unique: true, label: {en: Code, zh: 编号}}
  score: {type: integer, label: {en: Score, zh: 评分}}
""",
    "objects/made.yaml": 'object: made\ntitle: "{by}"\nfields:\n  by: {type: text}\n  records: {type: integer}\n',
    "rules/a.rules": """
rule clean before lead is saved then set name = trim(name)
rule for_each when lead.score changes if score > 5 then create made { by: "each", records: 1 } as system bulk each
rule for_all when lead is saved then create made { by: "once", records: count(records) } as system bulk once
rule for_none when lead is saved then create made { by: "skip", records: 1 } as system bulk skip
""",
}
CSV = "姓名,编号,Score,Remark\nAnn,a1,10,x\nBob,b1,3,x\n陈晨,c1,many,x\nDan,d1,7,x\n,e1,1,x\n"


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    for path, text in demo_sources(FILES).items():
        if not path.startswith("core/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
    with serve_deals(database_url, tmp_path, app_folder=tmp_path / "demo") as opened:
        yield opened


def _upload(client: FlaskClient, name: str, data: bytes) -> TestResponse:
    given = {"csrf_token": csrf_token(client, "/import/lead"), "file": (io.BytesIO(data), name)}
    return client.post("/import/lead", data=given, content_type="multipart/form-data")


def _text(client: FlaskClient, path: str) -> str:
    found = client.get(path).get_data(as_text=True)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)))


def _chosen(client: FlaskClient, url: str) -> dict[str, str]:
    """Give what the page of the columns would send as it stands."""
    page = client.get(url).get_data(as_text=True)
    found = {}
    for name, inside in re.findall(r'<select[^>]*name="(fs-[^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        picked = re.search(r'<option value="([^"]*)" selected>', inside)
        found[name] = picked[1] if picked else ""
    return found


def _settle(client: FlaskClient, url: str) -> str:
    text = ""
    for _ in range(1_200):
        text = _text(client, url)
        if "You may leave this page" not in text:
            return text
        time.sleep(0.05)
    raise AssertionError(text)


def _made(served: Served) -> dict[str, list[int]]:
    do_runs(served.platform)
    found: dict[str, list[int]] = {}
    for each in served.get("admin", "/records/made?limit=200").get_json()["items"]:
        found.setdefault(each["by"], []).append(each["records"])
    return found


@pytest.mark.promise("RUL-19")
def test_imports_and_changes_of_many_run_rules_as_they_say_and_pages_tell_it_before(served: Served) -> None:
    client = served.sign_in("boss")
    url = _upload(client, "线索.csv", CSV.encode("gb18030")).headers["Location"]
    chosen = _chosen(client, url)
    assert chosen == {
        "fs-column-0": "name", "fs-column-1": "code", "fs-column-2": "score", "fs-column-3": "", "fs-match": "code"
    }  # fmt: skip
    assert post_form(client, f"{url}/check", chosen, page=url).headers["Location"] == url
    told = _settle(client, url)
    for rule, often in (
        ("clean", "in each save"), ("for_each", "Runs: 2"), ("for_all", "once a batch · Runs: 1"),
        ("for_none", "not in imports"),
    ):  # fmt: skip
        assert re.search(rf"\b{rule} {re.escape(often)}", told), (rule, told)
    assert "Would be created 3" in told
    assert "Line 4, Score:" in told
    assert served.get("admin", "/records/lead").get_json()["items"] == []
    assert _made(served) == {}
    post_form(client, f"{url}/start", {}, page=url)
    done = _settle(client, url)
    assert "Created 3" in done
    assert "Refused 2" in done
    assert _made(served) == {"each": [1, 1], "once": [3]}
    # Again it is the same records; and the start of an import that is done begins nothing.
    post_form(client, f"{url}/start", {}, page=url)
    assert len(served.get("admin", "/records/lead").get_json()["items"]) == 3
    rejected = client.get(f"{url}/rejected").get_data(as_text=True)
    assert rejected.startswith("\ufeffline,column,value,reason,姓名")
    assert "陈晨,c1,many,x" in rejected
    listed = _text(client, "/import/lead")
    assert "线索.csv Done 5 2" in listed
    # A change of many tells the same, and does it.
    page = _text(client, "/o/lead/edit-many?fs-field=score")
    for rule, often in (
        ("clean", "in each save"), ("for_each", "at most once a record"), ("for_all", "once for all records"),
        ("for_none", "not when many records change"),
    ):  # fmt: skip
        assert f"{rule} {often}" in page
    values = {"fs-field": "score", "fs-how": "set", "fs-all": "1", "score": "20"}
    ids = [each["id"] for each in served.get("admin", "/records/lead").get_json()["items"]]
    data = {**values, "csrf_token": csrf_token(client, "/o/lead"), "fs-record": ids}
    assert client.post("/o/lead/edit-many", data=data).status_code == 303
    assert _made(served) == {"each": [1, 1, 1, 1, 1], "once": [3, 3]}


def test_imports_are_for_who_has_the_right_and_each_persons_own(served: Served) -> None:
    boss, ann, admin = (served.sign_in(who) for who in ("boss", "ann", "admin"))
    url = _upload(boss, "a.csv", CSV.encode()).headers["Location"]
    assert ann.get("/import/lead").status_code == 403
    assert ann.get(url).status_code == 403
    assert "/import/lead" not in ann.get("/o/lead").get_data(as_text=True)
    assert "/import/lead" in boss.get("/o/lead").get_data(as_text=True)
    for path in (url, f"{url}/rejected", f"{url}0"):
        assert admin.get(path).status_code == 404
    for way in ("check", "start", "drop"):
        assert post_form(admin, f"{url}/{way}", {"fs-column-0": "name"}, page="/import/lead").status_code == 404
    assert boss.get("/import/nothing").status_code == 404
    assert post_form(boss, f"{url}/start", {}, page=url).status_code == 303
    assert _chosen(boss, url), "what was not tried does not start"
    twice = {"fs-column-0": "name", "fs-column-1": "name"}
    for wrong in ({}, {"fs-column-0": "id_of_nothing"}, twice, {"fs-column-0": "name", "fs-match": "code"}):
        assert post_form(boss, f"{url}/check", wrong, page=url).status_code == 422, wrong
    assert post_form(boss, f"{url}/drop", {}, page=url).status_code == 303
    assert boss.get(url).status_code == 404


def test_rows_refused_for_lack_of_rights_are_one_entry_of_the_audit_log_and_none_of_a_trial(served: Served) -> None:
    served.platform.records.create(served.system(), "lead", {"name": "Kept", "code": "k1", "score": 999})
    boss, asked = served.sign_in("boss"), "/audit?object=lead&action=refused"
    url = _upload(boss, "a.csv", b"name,code\nTaken over,k1\nNew,n1\n").headers["Location"]
    chosen = {"fs-column-0": "name", "fs-column-1": "code", "fs-match": "code"}
    assert post_form(boss, f"{url}/check", chosen, page=url).status_code == 303
    assert "Refused 1" in _settle(boss, url) or "Would be refused 1" in _settle(boss, url)
    assert served.get("admin", asked).get_json()["items"] == []
    post_form(boss, f"{url}/start", {}, page=url)
    assert "Refused 1" in _settle(boss, url)
    (entry,) = served.get("admin", asked).get_json()["items"]
    facts = {each["field"]: each["new"] for each in entry["changes"]}
    assert (facts["code"], facts["rows"]) == ("access_denied", "1")


def test_who_comes_late_to_an_import_that_somebody_took_over_changes_nothing_of_it(served: Served) -> None:
    here, desk = served.platform, served.platform.import_desk
    boss = Actor(user_id=served.user_ids["boss"], login="boss", name="boss", roles=frozenset(("boss",)))
    job_id = desk.take(boss, "lead", "a.csv", b"Full name\nAnn\n")
    late = Grip(job=desk.get(boss, "lead", job_id), beat=here.clock.now() - dt.timedelta(minutes=5))
    wanted = Wanted(columns={"Full name": "name"})
    checking = desk.check(boss, "lead", job_id, wanted)
    assert checking is not None
    checking.join()
    started = desk.start(boss, "lead", job_id)
    assert started is not None
    started.join()
    # A trial that was slow ends when the import is done already: it may not make it one that can be started again.
    desk._work(boss, replace(late, job=replace(late.job, wanted=wanted, state="checking"))).join()
    assert desk.get(boss, "lead", job_id).state == "done"
    assert desk.start(boss, "lead", job_id) is None
    assert [each["name"] for each in served.get("admin", "/records/lead").get_json()["items"]] == ["Ann"]


def test_pages_show_how_far_an_import_is_and_cancel_it(served: Served) -> None:
    client, here = served.sign_in("boss"), served.platform
    url = _upload(client, "a.csv", b"Full name\nAnn\nBob\n").headers["Location"]
    post_form(client, f"{url}/check", {"fs-column-0": "name", "fs-match": ""}, page=url)
    _settle(client, url)
    made = here.system.imported
    held = {"state": "running", "beat_at": here.clock.now(), "counts": {"total": 2, "done": 1, "created": 1}}
    with here.database.write() as connection:
        connection.execute(update(made).values(held))
    text = _text(client, url)
    assert "1 of 2 rows" in text
    assert "Cancel the import" in text
    with here.database.write() as connection:
        connection.execute(update(made).values(beat_at=here.clock.now() - dt.timedelta(minutes=5)))
    standing = _text(client, url)
    assert "Nobody works on this any more" in standing
    assert "Go on now" in standing
    assert post_form(client, f"{url}/cancel", {}, page=url).status_code == 303
    assert "The import was cancelled" in _text(client, url)
    assert here.import_desk.go_on() == 0
    # What is kept of a file goes: of one that nobody imported after two days, of the others after thirty.
    unused = _upload(client, "b.csv", b"Full name\nAnn\n").headers["Location"]
    for days, left in ((1, (200, 200)), (3, (200, 404)), (31, (404, 404))):
        with here.database.write() as connection:
            connection.execute(update(made).values(created_at=here.clock.now() - dt.timedelta(days=days)))
        here.import_desk.purge()
        assert (client.get(url).status_code, client.get(unused).status_code) == left, days
    with here.database.read() as connection:
        assert connection.execute(select(made.c.file, made.c.state)).all() == [("a.csv", "cancelled")]


def test_a_page_of_an_import_does_not_read_its_file(served: Served) -> None:
    client, row = served.sign_in("boss"), b"x" * 1_000 + b"\n"
    url = _upload(client, "a.csv", b"Full name\n" + row * 1_000).headers["Location"]
    with served.platform.database.statements.recording() as sent:
        assert "x" * 80 in client.get(url).get_data(as_text=True)
    assert not [each for each in sent if "content" in each]


def test_a_file_may_be_as_large_as_the_page_says_and_not_larger(served: Served) -> None:
    boss, row = served.sign_in("boss"), b"x" * 1_000 + b"\n"
    fits, too_large = b"Full name\n" + row * (MOST_BYTES // 1_001 - 1), b"Full name\n" + row * (MOST_BYTES // 1_000)
    assert _upload(boss, "a.csv", fits).status_code == 303
    refused = _upload(boss, "a.csv", too_large)
    assert refused.status_code == 422
    assert "larger than 20 MB" in refused.get_data(as_text=True)
