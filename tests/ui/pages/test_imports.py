"""Imports by pages: a file, its columns, a trial that says faults and rules, the import, its result, the list."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access.actor import Actor
from engine.imports.desk import ImportDesk, _Grip
from engine.imports.errors import ImportRefused
from engine.imports.job import Wanted
from engine.imports.uploads import MOST_BYTES, first_rows, read_upload
from tests.support.automation import do_runs
from tests.support.metadata_corpus import demo_sources
from tests.support.served import Served, csrf_token, post_form, serve_deals

FILES = {
    "roles/rep.yaml": "role: rep\nobjects:\n  lead: {read: all, create: yes, update: all}\n  made: {read: all}\n",
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


def test_who_comes_late_to_an_import_that_somebody_took_over_changes_nothing_of_it(served: Served) -> None:
    here = served.platform
    desk = ImportDesk(
        imports=here.imports,
        records=here.records,
        release=here.releases.current,
        database=here.database,
        system=here.system,
        clock=here.clock,
        ids=here.ids,
    )
    boss = Actor(user_id=served.user_ids["boss"], login="boss", name="boss", roles=frozenset(("boss",)))
    job_id = desk.take(boss, "lead", "a.csv", b"Full name\nAnn\n")
    late = _Grip(job=desk.get(boss, "lead", job_id), beat=here.clock.now() - dt.timedelta(minutes=5))
    wanted = Wanted(columns={"Full name": "name"})
    checking = desk.check(boss, "lead", job_id, wanted)
    assert checking is not None
    checking.join()
    started = desk.start(boss, "lead", job_id)
    assert started is not None
    started.join()
    # A trial that was slow ends when the import is done already: it may not make it one that can be started again.
    desk._work(boss, replace(late, job=replace(late.job, wanted=wanted)), "checking")
    assert desk.get(boss, "lead", job_id).state == "done"
    assert desk.start(boss, "lead", job_id) is None
    assert [each["name"] for each in served.get("admin", "/records/lead").get_json()["items"]] == ["Ann"]


def test_a_file_may_be_as_large_as_the_page_says_and_not_larger(served: Served) -> None:
    boss, row = served.sign_in("boss"), b"x" * 1_000 + b"\n"
    fits, too_large = b"Full name\n" + row * (MOST_BYTES // 1_001 - 1), b"Full name\n" + row * (MOST_BYTES // 1_000)
    assert _upload(boss, "a.csv", fits).status_code == 303
    refused = _upload(boss, "a.csv", too_large)
    assert refused.status_code == 422
    assert "larger than 20 MB" in refused.get_data(as_text=True)


def _workbook(rows: str, *, texts: str = "", types: str = "", sheets: str = '<sheet r:id="r1"/>') -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{related}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relations><Relation Id="r1" Target="worksheets/s.xml"/></Relations>',
        "xl/styles.xml": f'<styleSheet {main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst {main}>{texts}</sst>",
        "xl/worksheets/s.xml": f"{types}<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_workbooks_are_read_as_their_first_sheet_shows_them() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Day</t></is></c>'
        '<c r="D1" t="str"><v>N</v></c></row>'
        '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>45658</v></c>'
        '<c r="D3"><v>0.30000000000000004</v></c></row>'
        '<row r="4"><c r="B4" s="1"><v>45658.5</v></c><c r="C4" t="b"><v>1</v></c>'
        '<c r="D4" t="e"><v>#REF!</v></c></row>'
    )
    texts = "<si><t>名, 称</t></si><si><r><t>Li</t></r><r><t>n</t></r></si>"
    text = read_upload("a.xlsx", _workbook(rows, texts=texts))
    assert text == '"名, 称",Day,,N\n,\nLin,2025-01-01,,0.3\n,2025-01-01 12:00:00,true,\n'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "twice"),
        (b"a\n\x00\n", "no text"),
        (b"\xff\xff\xffa,b\n\x80", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04 nothing", "cannot be read as a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1", "old workbook"),
        (_workbook('<row><c t="str"><v>&a;</v></c></row>', types='<!DOCTYPE x [<!ENTITY a "b">]>'), "as a workbook"),
        (_workbook('<row><c t="s"><v>7</v></c></row><row><c><v>1</v></c></row>'), "as a workbook"),
        (b"a\n" + b"1\n" * 100_001, "100,001 rows"),
    ],
    ids=["empty", "no rows", "twice", "binary", "encoding", "no zip", "old", "entities", "text missing", "too many"],
)
def test_files_that_cannot_be_imported_are_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        read_upload("a.csv", data)


def test_workbooks_that_would_fill_the_memory_are_refused_while_they_are_read() -> None:
    apart = "".join(f'<row r="{number}"><c><v>1</v></c></row>' for number in range(1, 3_000_000, 20_000))
    long = "".join(f'<row><c r="ALL{number}" t="s"><v>0</v></c></row>' for number in range(1, 200))
    bombs = {
        "rows far apart": (_workbook(apart), "as a workbook"),
        "one long text in many cells": (_workbook(long, texts=f"<si><t>{'x' * 1_000_000}</t></si>"), "unpacks to more"),
        "elements of no row": (_workbook("<a/>" * 1_000_002), "as a workbook"),
        "a large list of sheets": (_workbook("", sheets=" " * (17 * 1024**2)), "as a workbook"),
    }
    for what, (data, said) in bombs.items():
        with pytest.raises(ImportRefused) as refused:
            read_upload("a.xlsx", data)
        assert said in str(refused.value), what


def test_the_first_rows_are_cut_between_rows() -> None:
    text = 'a;b\n1;"x\ny"\n\n2;z\n3;z\n'
    assert first_rows(text, 1) == 'a;b\n1;"x\ny"\n'
    assert first_rows(text, 9) == text
