"""Likely duplicates are found by every route, on both databases; nothing is told of records a user may not read."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.errors import ConfirmationNeeded, ValidationFailed
from engine.records.duplicates.likeness import normalised
from engine.records.types import SaveRow
from tests.support.automation import rows_of
from tests.support.platforms import applied_platform, open_platform, small_app
from tests.support.served import Served, post_form, serve_deals

FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          name: {type: text, required: true}
          phone: {type: phone}
          city: {type: text}
        duplicates:
          - match: [{field: phone}]
            action: block
          - match: [{field: name, how: normalised}]
          - match: [{field: name, how: fuzzy, threshold: 0.85}, {field: city, how: exact}]
            action: warn
        """,
    "objects/client.yaml": """
        object: client
        label: Client
        title: "{name}"
        fields:
          name: {type: text, required: true}
        duplicates:
          - {match: [{field: name, how: normalised}], action: block}
        reveal_duplicates: owner
        """,
    "roles/rep.yaml": """
        role: rep
        objects:
          firm: {read: own, create: yes, update: own}
          client: {read: own, create: yes}
        """,
    "roles/boss.yaml": """
        role: boss
        objects:
          firm: {read: all, create: yes, update: all}
          client: {read: all, create: yes}
        """,
}
SYSTEM = system_actor()


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("duplicates")
    app = small_app(folder, FILES, settings="country: CN\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def post(served: Served, who: str, object_key: str, **values: Any) -> TestResponse:
    return served.call(who, "POST", f"/records/{object_key}", json=values)


def told(answer: TestResponse) -> tuple[int, list[tuple[str, str, str]]]:
    errors = answer.get_json()["errors"]
    return answer.status_code, [(each["code"], each["field"], each["message"]) for each in errors]


def like(*titles: str) -> str:
    return f"This looks like {', '.join(titles)}, which is here already."


@pytest.mark.promise("OBJ-22")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Northwind Trading Ltd.", "NORTHWIND   trading"),
        ("Northlight Co., Ltd", "northlight corporation"),
        ("北京华阳阀门有限公司", "北京华阳阀门"),
        ("上海明远科技有限公司", "上海 明远科技 股份有限公司"),
        ("Ｗｉｄｅ Works GmbH", "wide works"),
        ("O'Brien & Sons Inc", "OBRIEN SONS"),
    ],
)
def test_width_case_spaces_and_company_suffixes_hide_no_match(served: Served, first: str, second: str) -> None:
    assert post(served, "boss", "firm", name=first).status_code == 201
    assert told(post(served, "boss", "firm", name=second)) == (409, [("duplicate", "name", like(first))])
    assert post(served, "boss", "firm", name=second, confirm=["other"]).status_code == 409
    assert post(served, "boss", "firm", name=second, confirm=["duplicate"]).status_code == 201


@pytest.mark.promise("OBJ-22")
def test_several_fields_match_together_one_exact_one_fuzzy_with_a_threshold(served: Served) -> None:
    assert post(served, "boss", "firm", name="Meridian Pumps", city="Ulm").status_code == 201
    assert told(post(served, "boss", "firm", name="Meridien Pumps", city="Ulm"))[1][0][2] == like("Meridian Pumps")
    assert post(served, "boss", "firm", name="Pumps Meridian", city="Ulm").status_code == 409
    assert post(served, "boss", "firm", name="Meridien Pumps", city="Bonn").status_code == 201
    assert post(served, "boss", "firm", name="Merlin Lamps", city="Ulm").status_code == 201


@pytest.mark.promise("OBJ-22")
def test_on_a_page_a_warning_asks_without_scripts_and_a_block_refuses(served: Served) -> None:
    client = served.sign_in("boss")
    values = {"name": "Paged Works", "phone": "13800138000"}
    assert post_form(client, "/o/firm/new", values, page="/").status_code == 303
    asked = post_form(client, "/o/firm/new", {"name": "paged works ltd"}, page="/")
    assert asked.status_code == 422
    assert like("Paged Works") in asked.get_data(as_text=True)
    assert '"fs-confirm" value="duplicate"' in asked.get_data(as_text=True)
    again = {"name": "paged works ltd", "fs-confirm": "duplicate"}
    assert post_form(client, "/o/firm/new", again, page="/").status_code == 303
    blocked = {"name": "Other", "phone": "+86 138 0013 8000", "fs-confirm": "duplicate"}
    refused = post_form(client, "/o/firm/new", blocked, page="/")
    assert refused.status_code == 422
    assert "Save anyway" not in refused.get_data(as_text=True)
    assert "Other" not in {row["name"] for row in rows_of(served.platform, "firm")}


@pytest.mark.promise("OBJ-22")
def test_bulk_and_import_report_warnings_and_refuse_blocks_also_among_their_own_rows(
    served: Served, tmp_path: Path
) -> None:
    rows = [
        {"name": "Bulk One Ltd", "phone": "13900139001"},
        {"name": "bulk one"},
        {"name": "Bulk Two", "phone": "13900139001"},
        {"name": "Bulk Three"},
    ]
    bulk = served.platform.records.save_many(SYSTEM, "firm", [SaveRow(values=row) for row in rows])
    assert [row.outcome for row in bulk.rows] == ["created", "created", "refused", "created"]
    assert [[notice.code for notice in row.notices] for row in bulk.rows] == [[], ["duplicate"], [], []]
    assert [error.message for error in bulk.rows[2].errors] == [like("Bulk One Ltd")]
    path = tmp_path / "firms.csv"
    path.write_text("name,phone\nBULK THREE,\nFile One,13900139002\nFile Two,13900139002\n", encoding="utf-8")
    result = served.platform.imports.import_csv(SYSTEM, "firm", path)
    assert [(each.line, each.reason) for each in result.notices] == [(2, like("Bulk Three"))]
    assert [(each.line, each.reason) for each in result.errors] == [(4, like("File One"))]


def test_a_change_is_asked_about_only_where_it_changes_what_is_compared(served: Served) -> None:
    records = served.platform.records
    records.create(SYSTEM, "firm", {"name": "Changing"})
    other = records.create(SYSTEM, "firm", {"name": "Unlike"}).record.id
    with pytest.raises(ConfirmationNeeded):
        records.update(SYSTEM, "firm", other, {"name": "changing"})
    records.update(SYSTEM, "firm", other, {"name": "changing"}, confirm=["duplicate"])
    assert records.update(SYSTEM, "firm", other, {"city": "Ulm"}).changed
    records.update(SYSTEM, "firm", other, {"name": "Quite another"})
    gone = records.create(SYSTEM, "firm", {"name": "Binned"}).record.id
    records.delete(SYSTEM, "firm", gone)
    assert records.create(SYSTEM, "firm", {"name": "Binned Ltd"}).created
    assert records.create(SYSTEM, "firm", {"name": "!!!"}).created
    assert records.create(SYSTEM, "firm", {"name": "???"}).created


@pytest.mark.promise("SEC-10")
def test_nothing_is_told_of_records_that_the_user_may_not_read(served: Served) -> None:
    assert post(served, "boss", "firm", name="Hidden Harbour").status_code == 201
    answer = post(served, "ann", "firm", name="hidden harbour ltd")
    assert told(answer) == (409, [("duplicate", "name", "This value can't be used here.")])
    assert "Hidden" not in answer.get_data(as_text=True)
    assert post(served, "ann", "firm", name="Ann's own").status_code == 201
    assert told(post(served, "ann", "firm", name="anns own"))[1][0][2] == like("Ann's own")


@pytest.mark.promise("SEC-10")
def test_reveal_duplicates_tells_whose_it_is_and_since_when(served: Served) -> None:
    made = post(served, "boss", "client", name="Contested").get_json()
    day = dt.datetime.fromisoformat(made["created_at"]).astimezone(ZoneInfo("Asia/Shanghai")).date()
    status, found = told(post(served, "ann", "client", name="CONTESTED"))
    assert status == 422
    assert found[0][2] == f"A record like this belongs to boss since {day.isoformat()}; ask them."


def test_a_check_is_one_statement_however_many_records_there_are(served: Served) -> None:
    records, database = served.platform.records, served.platform.database

    def questions() -> int:
        with database.statements.recording() as found:
            records.create(SYSTEM, "firm", {"name": "Counted", "city": "Ulm"}, confirm=["duplicate"])
        return sum("fs_match" in text and "JOIN" in text for text in found)

    questions()
    records.save_many(SYSTEM, "firm", [SaveRow(values={"name": f"Many {n}", "city": "Ulm"}) for n in range(300)])
    assert questions() == 1


def test_records_that_were_there_before_the_rule_are_found(database_url: str, tmp_path: Path) -> None:
    rule = "    duplicates: [{match: [{field: name, how: normalised}], action: block}]\n"
    text = "object: thing\nlabel: Thing\nfields: {name: {type: text}}\n"
    app = small_app(tmp_path, {"objects/thing.yaml": text})
    with open_platform(database_url, tmp_path) as platform:
        platform.apply_release([app], author="test")
        platform.records.create(SYSTEM, "thing", {"name": "Old Ltd"})
        (app / "objects" / "thing.yaml").write_text(text + rule.strip() + "\n", encoding="utf-8")
        platform.apply_release([app], author="test")
        with pytest.raises(ValidationFailed):
            platform.records.create(SYSTEM, "thing", {"name": "OLD"})


PERSONS = {
    "objects/person.yaml": """
        object: person
        label: Person
        title: "{rec_id}"
        fields:
          rec_id: {type: text}
          name: {type: text}
          date_of_birth: {type: text}
          soc_sec_id: {type: text}
        duplicates:
          - match: [{field: soc_sec_id, how: exact}]
          - match: [{field: name, how: fuzzy, threshold: 0.8}, {field: date_of_birth, how: exact}]
        """,
}


@pytest.mark.promise("OBJ-23")
def test_rules_in_yaml_find_the_true_pairs_of_febrl_dataset1(
    database_url: str, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    with (shared_data("febrl-persons") / "dataset1.csv").open(encoding="utf-8") as file:
        persons = [{name.strip(): cell.strip() for name, cell in row.items()} for row in csv.DictReader(file)]
    assert len(persons) == 1_000
    rows = [
        {
            **{name: person[name] for name in ("rec_id", "date_of_birth", "soc_sec_id")},
            "name": f"{person['given_name']} {person['surname']}",
        }
        for person in persons
    ]
    with applied_platform(database_url, tmp_path, PERSONS) as platform:
        half = len(rows) // 2
        results = [
            result
            for part in (rows[:half], rows[half:])
            for result in platform.records.save_many(SYSTEM, "person", [SaveRow(values=row) for row in part]).rows
        ]
    pairs = [
        (_entity(row["rec_id"]), _entity(title))
        for row, result in zip(rows, results, strict=True)
        for notice in result.notices
        for title in notice.message.removeprefix("This looks like ").split(", which is")[0].split(", ")
    ]
    true = sum(1 for one, other in pairs if one == other)
    assert true / 500 >= 0.9
    assert true / len(pairs) >= 0.95


def _entity(rec_id: str) -> str:
    return rec_id.split("-")[1]


def test_the_suffixes_of_chinese_companies_are_no_part_of_their_names(shared_data: Callable[[str], Path]) -> None:
    with (shared_data("cn-company-names") / "company_short_names_sample.csv").open(encoding="utf-8-sig") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert len(names) > 100
    for name in names:
        for whole in (f"{name}有限公司", f"{name}股份有限公司", f"{name} Co., Ltd.", f"{name}集团有限责任公司"):
            assert normalised(whole) == normalised(name)
    # Names that differ stay apart, but for those that are a suffix more.
    assert len({normalised(name) for name in names}) > 0.99 * len(set(names))
