"""Exports as workbooks: the same list as the other forms give, which opens as such, computes nothing and comes back."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.exports.workbook import LONGEST_CELL, MOST_ROWS, TooLargeForWorkbook, workbook_chunks
from engine.imports.uploads import read_upload
from engine.imports.workbook import rows_of_workbook
from engine.records.types import SaveRow
from tests.support.exported_deals import FILES, save, table
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals
from ui.cli import main

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONG = 'name = "Long"'
TEXTS = st.text(min_size=1, max_size=30)


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("workbooks")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def workbook(served: Served, who: str = "admin", **given: str) -> bytes:
    answer = served.get(who, f"/exports/deal?{urlencode({'format': 'xlsx', **given})}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == XLSX
    return answer.get_data()


def rows_of(data: bytes) -> list[list[str]]:
    return [list(row) for row in rows_of_workbook("deal.xlsx", data)]


def sheet(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.promise("UIX-07")
def test_page_api_and_command_give_what_the_list_shows_in_each_form(served: Served, tmp_path: Path) -> None:
    (firm,) = save(served, "firm", {"name": "ACME", "region": "华东"})
    won = {"firm": firm, "stage": "won", "remark": "book"}
    save(served, "deal", *({"name": f"W{number}", "amount": f"{number}.50", **won} for number in (1, 3, 2)))
    client = served.sign_in("admin")
    client.set_cookie("fieldstone_language", "zh")
    asked = {"view": "all", "filter": 'remark = "book"', "sort": "-amount", "columns": "name~wide,firm.region,amount"}
    page = client.get(f"/o/deal?{urlencode(asked)}").get_data(as_text=True)
    addresses = [each.replace("&amp;", "&") for each in re.findall(r'href="(/o/deal/export[^"]*)"', page)]
    forms = {re.findall(r"format=(\w+)", each)[0]: client.get(each).get_data() for each in addresses}
    assert list(forms) == ["csv", "xlsx", "jsonl"]
    wanted = [["名称", "公司 · 地区", "金额", "金额 · 货币"],
              ["W3", "华东", "3.50", "CNY"], ["W2", "华东", "2.50", "CNY"], ["W1", "华东", "1.50", "CNY"]]  # fmt: skip
    assert [row[1:] for row in table(forms["csv"])] == wanted
    unknown = client.get(f"/o/deal/export?{urlencode(asked)}&format=ods")
    assert unknown.status_code == 400
    assert "`format` 须为 csv, xlsx, jsonl 之一" in unknown.get_data(as_text=True)
    numbers = [[*row[:2], row[2].removesuffix("0"), row[3]] for row in wanted]
    assert [row[1:] for row in rows_of(forms["xlsx"])] == numbers
    assert [json.loads(line)["name"] for line in forms["jsonl"].splitlines()] == ["W3", "W2", "W1"]
    given = {"filter": asked["filter"], "sort": "-amount", "fields": "name,firm.region,amount"}
    assert [row[1:2] for row in rows_of(workbook(served, **given))[1:]] == [["W3"], ["W2"], ["W1"]]
    output = tmp_path / "out.xlsx"
    command = ["export", "deal", "--db", served.platform.settings.database_url, "--where", given["filter"], "--sort",
               "-amount", "--fields", given["fields"], "--language", "zh", "--format", "xlsx",
               "--output", str(output)]  # fmt: skip
    done = CliRunner().invoke(main, command, env={"FIELDSTONE_SECRET_KEY": "k" * 40})
    assert done.exit_code == 0, done.output
    assert rows_of(output.read_bytes()) == rows_of(forms["xlsx"])
    assert f"<v>{3.5}</v>" in sheet(forms["xlsx"])
    audit = served.platform.system.audit
    with served.platform.database.read() as connection:
        entries = connection.execute(select(audit).where(audit.c.action == "exported").order_by(audit.c.id)).all()
    told = [{name: values[1] for name, values in each.changes.items()} for each in entries[-5:]]
    assert [each["format"] for each in told] == ["csv", "xlsx", "jsonl", "xlsx", "xlsx"]
    assert {(each["rows"], each["filter"], each["sort"]) for each in told} == {(3, asked["filter"], "-amount")}
    assert (told[0]["language"], told[3]["language"]) == ("zh", "en")


def test_a_grouped_list_is_exported_in_the_order_that_it_shows(served: Served) -> None:
    save(served, "deal", *({"name": name, "stage": stage, "remark": "grouped"}
                           for name, stage in (("A", "won"), ("B", "open"), ("C", "won"), ("D", "open"))))  # fmt: skip
    client = served.sign_in("admin")
    asked = urlencode(
        {"view": "all", "filter": 'remark = "grouped"', "group": "stage", "format": "xlsx", "columns": "name"}
    )
    assert [row[1] for row in rows_of(client.get(f"/o/deal/export?{asked}").get_data())] == ["Name", "B", "D", "A", "C"]


@pytest.mark.promise("UIX-07")
def test_without_the_permission_no_form_has_a_link_or_a_route(served: Served) -> None:
    client = served.sign_in("boss")
    page = client.get("/o/deal").get_data(as_text=True)
    assert "/o/deal/export" not in page
    for form in ("csv", "xlsx", "jsonl"):
        assert client.get(f"/o/deal/export?format={form}").status_code == 403
        assert served.get("boss", f"/exports/deal?format={form}").status_code == 403
        answer = client.post(
            "/api/v1/exports/deal", json={"format": form}, headers={"X-CSRFToken": csrf_token(client, "/")}
        )
        assert answer.status_code == 403


@pytest.mark.promise("SEC-37")
def test_no_cell_of_a_workbook_computes(served: Served) -> None:
    texts = ["=1+1", "+1", "-1+1", "@x", "\t=1", "＝1", '=HYPERLINK("http://x")', "'=1", "http://evil.example/"]
    save(served, "deal", *({"name": text, "remark": "evil", "stage": "open"} for text in texts))
    data = workbook(served, filter='remark = "evil"', fields="name,stage", sort="name")
    assert "<f>" not in sheet(data)
    assert "hyperlink" not in sheet(data).lower().replace("'=hyperlink", "")
    cells = [cell for row in rows_of(data) for cell in row if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@\t＝＋－＠"], cells
    assert {row[2] for row in rows_of(data)[1:]} == {"'=Open"}


@pytest.mark.promise("SEC-37")
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.tuples(TEXTS, st.text(max_size=30)), min_size=1, max_size=20))
@example(
    texts=[("_x000D_ a\rb\nc\x0bd", "_x0041_"), ("\ufffe\uffff\x1f=", "😀\u2028"), ("1e5", "00012"), ("TRUE", "#N/A")]
)
def test_any_text_comes_back_from_a_workbook_as_it_was(
    served: Served, tmp_path: Path, texts: list[tuple[str, str]]
) -> None:
    rows = [SaveRow(values={"name": name, "remark": remark}) for name, remark in texts]
    ids = [row.id for row in served.platform.records.save_many(system_actor(), "deal", rows).rows if row.id]
    assume(ids)
    data = workbook(served, filter=f"id in {json.dumps(ids)}", fields="name,remark")
    file = tmp_path / "deals.csv"
    # What the pages and the API of imports do with a workbook.
    file.write_bytes(read_upload("deals.xlsx", data).encode())
    result = served.platform.imports.import_csv(system_actor(), "deal", file)
    assert (result.unchanged, result.refused) == (len(ids), 0), (rows_of(data), result.errors)


def test_what_a_sheet_cannot_hold_is_refused_before_a_file_begins(served: Served) -> None:
    save(
        served,
        "deal",
        {"name": "Long", "remark": "x" * (LONGEST_CELL + 1)},
        {"name": "Fits", "remark": "y" * LONGEST_CELL},
    )
    answer = served.get("admin", f"/exports/deal?{urlencode({'format': 'xlsx', 'filter': LONG})}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too_large_for_workbook")
    assert "'Remark (remark)' of 'Long' has more" in answer.get_json()["detail"]
    assert len(rows_of(workbook(served, filter='name = "Fits"', fields="remark"))[1][1]) == LONGEST_CELL
    with pytest.raises(TooLargeForWorkbook, match="1,048,575 records, and the list has 1,048,576"):
        next(workbook_chunks((), iter(()), MOST_ROWS))
    # Nothing is left open: as many exports as the process takes may begin.
    for _ in range(8):
        workbook(served, filter='name = "Fits"', fields="name")
