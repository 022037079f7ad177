"""Exports by page, API and command line: what a list shows, for who may have it, and it comes back unchanged."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.errors import AccessDenied, QueryProblem, TooManyAtOnce
from engine.exports.service import ExportRequest
from engine.imports.result import ImportResult
from engine.records.types import ListQuery, SaveRow
from tests.support.exported_deals import FILES, save, table
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals
from ui.cli import main


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("exports")
    app = small_app(folder, FILES, settings="languages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def exported(served: Served, who: str, **given: str) -> list[list[str]]:
    answer = served.get(who, f"/exports/deal?{urlencode(given)}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return table(answer.get_data())


def taken_back(served: Served, rows: list[list[str]], folder: Path) -> ImportResult:
    file = folder / "deals.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return served.platform.imports.import_csv(system_actor(), "deal", file)


def test_an_export_is_the_list_in_the_reader_s_language(served: Served) -> None:
    (firm,) = save(served, "firm", {"name": "ACME", "region": "华东"})
    save(served, "deal", {"name": "L2", "firm": firm, "amount": "12.50", "stage": "won", "remark": "list"},
         {"name": "L1", "stage": "open", "remark": "list"})  # fmt: skip
    client = served.sign_in("admin")
    client.set_cookie("fieldstone_language", "zh")
    page = client.get("/o/deal?view=all&filter=remark+%3D+%22list%22").get_data(as_text=True)
    address, *_others = [part.split('"')[0] for part in page.split('href="') if part.startswith("/o/deal/export")]
    answer = client.get(address.replace("&amp;", "&"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="deal.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = table(answer.get_data())
    assert head == ["id", "名称", "公司", "公司 · 地区", "金额", "金额 · 货币", "阶段", "加倍", "加倍 · 货币"]
    assert [row[1:] for row in rows] == [
        ["L1", "", "", "", "", "进行中", "", ""],
        ["L2", "ACME", "华东", "12.50", "CNY", "赢单", "25.00", "CNY"],
    ]


@pytest.mark.promise("SEC-37")
def test_no_cell_starts_a_formula_whatever_the_language(served: Served) -> None:
    save(served, "deal", {"name": '=HYPERLINK("http://x","y")', "stage": "open", "remark": "formula"})
    head, row = exported(served, "admin", filter='remark = "formula"', fields="name,stage")
    assert row[1:] == ['\'=HYPERLINK("http://x","y")', "'=Open"]
    assert not [cell for cell in (*head, *row) if cell[:1] in "=+-@" and cell]


def test_only_what_may_be_exported_and_read_is_in_it(served: Served) -> None:
    ann, bob = served.user_ids["ann"], served.user_ids["bob"]
    save(served, "deal", *({"name": f"{owner[-4:]} {stage}", "remark": "rights", "stage": stage, "margin": 1,
                            "owner": {"object": "user", "id": owner}}
                           for owner in (ann, bob) for stage in ("open", "won")))  # fmt: skip
    head, *rows = exported(served, "ann", filter='remark = "rights"')
    assert [row[head.index("Name")] for row in rows] == [f"{ann[-4:]} won"]
    assert "Margin" not in head
    assert served.get("ann", "/exports/deal?fields=margin").status_code == 400
    assert served.get("ann", "/exports/deal?filter=margin+%3D+1").status_code == 400
    assert len(exported(served, "admin", filter='remark = "rights"')) == 5


@pytest.mark.promise("UIX-07")
def test_without_the_right_there_is_no_button_and_no_route(served: Served) -> None:
    save(served, "deal", {"name": "Some"})
    assert served.get("boss", "/exports/deal").status_code == 403
    client = served.sign_in("boss")
    assert "/o/deal/export" not in client.get("/o/deal").get_data(as_text=True)
    assert client.get("/o/deal/export").status_code == 403
    assert "/exports/deal" not in served.get("none", "/openapi.json").get_data(as_text=True)
    assert served.get("none", "/exports/deal").status_code == 404
    assert served.get(None, "/exports/deal").status_code == 401
    actor = served.platform.accounts.actor_of("boss@example.com")
    assert actor is not None
    with pytest.raises(AccessDenied):
        served.platform.exports.start(actor, ExportRequest(query=ListQuery(object="deal")))


@pytest.mark.promise("UIX-07")
def test_an_export_is_in_the_audit_log_with_filter_and_rows(served: Served) -> None:
    save(served, "deal", {"name": "Audited", "remark": "audit"})
    exported(served, "ann", filter='remark = "audit"')
    audit = served.platform.system.audit
    with served.platform.database.read() as connection:
        *_, entry = connection.execute(select(audit).where(audit.c.action == "exported").order_by(audit.c.id)).all()
    assert (entry.object, entry.actor, entry.record_id) == ("deal", served.user_ids["ann"], None)
    assert entry.changes["rows"] == [None, 0]
    assert entry.changes["filter"] == [None, 'remark = "audit"']


@pytest.mark.parametrize(
    "given",
    [{"format": "exe"}, {"heads": "both"}, {"fields": "nothing"}, {"sort": "x;drop"}, {"filter": "name ="},
     {"view": "none"}, {"limit": "3"}, {"fields": "name,,x"}],
)  # fmt: skip
def test_what_cannot_be_exported_is_a_400_and_no_file(served: Served, given: dict[str, str]) -> None:
    answer = served.get("admin", f"/exports/deal?{urlencode(given)}")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_a_file_of_labels_comes_back_where_names_are_shared_and_records_unseen(served: Served, tmp_path: Path) -> None:
    firms = ({"name": "Twin"}, {"name": "Twin"}, {"name": "Secret", "region": "hidden"})
    one, two, hidden = save(served, "firm", *firms)
    owner = {"object": "user", "id": served.user_ids["ann"]}
    first, second, third = save(
        served, "deal",
        {"name": "T1", "firm": one, "remark": "twins", "kinds": ["a", "b"], "done": True, "owner": owner,
         "at": "2026-10-25T02:30:00+01:00", "stage": "won", "about": {"object": "firm", "id": two}},
        {"name": " '=T2 ", "firm": two, "remark": "twins", "stage": "won", "owner": owner, "remark_2": "-"},
        {"name": "'T3", "firm": hidden, "remark": "twins", "stage": "won", "owner": owner, "amount": "-3.50"},
    )  # fmt: skip
    for who in ("ann", "admin"):
        for heads in ("labels", "names"):
            rows = exported(served, who, filter='remark = "twins"', heads=heads)
            assert len(rows) == 4
            result = taken_back(served, rows, tmp_path)
            assert (result.unchanged, result.refused) == (3, 0), (who, heads, result.errors)
            assert {"Doubled", "Doubled · Currency", "doubled", "doubled.currency"} & set(result.passed_over)
    assert exported(served, "ann", filter=f'id = "{third}"', fields="firm")[1][1] == hidden
    # A name that two firms share is wrong for a record that points at neither, and says so.
    rows = exported(served, "admin", filter=f'id = "{third}"', fields="firm")
    refused = taken_back(served, [rows[0], [third, "Twin"]], tmp_path)
    assert "2 records are called 'Twin'" in refused.errors[0].reason
    assert served.platform.records.get(system_actor(), "deal", first).values["firm"] == one
    assert served.platform.records.get(system_actor(), "deal", second).values["name"] == " '=T2 "


def test_a_file_with_ids_changes_adds_and_refuses_rows(served: Served, tmp_path: Path) -> None:
    (known,) = save(served, "deal", {"name": "Known", "amount": "5"})
    nobody = "01999999-9999-7999-8999-999999999999"
    rows = [["id", "Amount · Currency", "Name", "金额"], [known, "CNY", "Known", ""], ["", "CNY", "Added", "7"],
            [nobody, "", "Nobody", ""], ["not an id", "", "Odd", ""]]  # fmt: skip
    result = taken_back(served, rows, tmp_path)
    assert (result.updated, result.created, result.refused) == (1, 1, 2), result.errors
    assert {error.line for error in result.errors} == {4, 5}
    assert served.platform.records.get(system_actor(), "deal", known).values["amount"] is None


@pytest.mark.promise("SEC-37")
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.tuples(st.text(min_size=1, max_size=30), st.text(max_size=30)), min_size=1, max_size=20))
def test_any_text_comes_back_as_it_was(served: Served, tmp_path: Path, texts: list[tuple[str, str]]) -> None:
    rows = [SaveRow(values={"name": name, "remark": remark}) for name, remark in texts]
    ids = [row.id for row in served.platform.records.save_many(system_actor(), "deal", rows).rows if row.id]
    assume(ids)
    found = exported(served, "admin", filter=f"id in {json.dumps(ids)}", fields="name,remark")
    result = taken_back(served, found, tmp_path)
    assert (result.unchanged, result.refused) == (len(ids), 0), (found, result.errors)


def test_a_long_list_is_read_page_by_page_from_one_state_of_the_data(served: Served) -> None:
    save(served, "deal", *({"name": f"P{number:04}", "remark": "pages"} for number in range(1_203)))
    query = ListQuery(object="deal", filter='remark = "pages"', fields=("name",), limit=3)
    with served.platform.database.statements.recording() as statements:
        export = served.platform.exports.start(system_actor(), ExportRequest(query=query))
        chunks = iter(export)
        parts = [next(chunks), next(chunks)]
        save(served, "deal", {"name": "P9999", "remark": "pages"})
        parts += chunks
    assert export.total == 1_203
    assert len(parts) == 4, "the head and three pages"
    assert len(b"".join(parts).splitlines()) == 1_204
    reads = [text for text in statements if text.startswith("SELECT") and "remark" in text]
    assert len(reads) <= 6, reads


def test_only_so_many_exports_are_on_their_way_at_once(served: Served) -> None:
    request = ExportRequest(query=ListQuery(object="deal"))
    exports = served.platform.exports
    begun = [exports.start(system_actor(), request) for _ in range(6)]
    with pytest.raises(TooManyAtOnce):
        exports.start(system_actor(), request)
    assert served.get("admin", "/exports/deal").status_code == 429
    for export in begun:
        export.close()
    with pytest.raises(QueryProblem):
        exports.start(system_actor(), ExportRequest(query=ListQuery(object="deal", filter="?")))
    for _ in range(8):
        exports.start(system_actor(), request).close()


def test_an_empty_list_is_a_file_with_its_head(served: Served) -> None:
    found = exported(served, "admin", filter='name = "nobody"', fields="name,firm.region")
    assert found == [["id", "Name", "Firm · Region"]]


def test_json_lines_are_what_the_api_answers(served: Served) -> None:
    (made,) = save(served, "deal", {"name": "Lines", "amount": "1.50"})
    this_one = urlencode({"filter": f'id = "{made}"'})
    answer = served.get("admin", f"/exports/deal?format=jsonl&{this_one}")
    expected = served.get("admin", f"/records/deal?{this_one}").get_json()
    assert [json.loads(line) for line in answer.get_data(as_text=True).splitlines()] == expected["items"]


def test_the_command_writes_the_same_file(served: Served, tmp_path: Path) -> None:
    save(served, "deal", {"name": "Command", "remark": "cli", "stage": "won"})
    output = tmp_path / "out.csv"
    database = served.platform.settings.database_url
    given = ["export", "deal", "--db", database, "--where", 'remark = "cli"', "--fields",
             "name,stage", "--language", "zh"]  # fmt: skip
    result = CliRunner().invoke(main, [*given, "--output", str(output)], env={"FIELDSTONE_SECRET_KEY": "k" * 40})
    assert result.exit_code == 0, result.output
    assert table(output.read_bytes())[0] == ["id", "名称", "阶段"]
    assert table(output.read_bytes())[1][1:] == ["Command", "赢单"]
    as_ann = CliRunner().invoke(main, [*given, "--as", "boss@example.com"], env={"FIELDSTONE_SECRET_KEY": "k" * 40})
    assert as_ann.exit_code == 1
    wrong = CliRunner().invoke(main, ["export", "dael", "--db", database])
    assert wrong.exit_code == 1
