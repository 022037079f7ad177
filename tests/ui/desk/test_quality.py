"""Completeness of records: the filled share by weight, in lists, figures, rules, rights, and as a queue."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ValidationFailed
from engine.records.aggregates import AggregateQuery, Measure
from engine.records.reports import read_report
from engine.records.types import ListQuery, SaveRow, SortKey
from tests.support.desk import DESK, Desk
from tests.support.served import serve_deals

pytestmark = pytest.mark.promise("OBJ-34")

PHONE = "+8613800138000"
# Weights: phone 3, email 2, company, budget, topics, secret 1 each; 9 in all.
CASES: list[tuple[dict[str, Any], str]] = [
    ({}, "0"),
    ({"phone": PHONE}, "0.3333"),
    ({"company": "测试公司", "email": "a@b.cn"}, "0.3333"),
    ({"budget": "12 CNY", "topics": ["快", "VIP"], "secret": "x"}, "0.3333"),
    ({"company": "   ", "topics": []}, "0"),
    ({"company": "A", "email": "a@b.cn", "phone": PHONE, "budget": "1", "topics": ["a"], "secret": "s"}, "1"),
]


@pytest.mark.parametrize(("values", "share"), CASES)
def test_completeness_is_the_filled_share_by_weight(desk: Desk, values: dict[str, Any], share: str) -> None:
    made = desk.make("lead", name="one", **values)
    assert desk.read("lead", made)["quality"] == Decimal(share)


def test_completeness_follows_each_change_alone_and_in_batches(desk: Desk) -> None:
    records, system = desk.served.platform.records, desk.served.system()
    made = desk.make("lead", name="changing")
    saved = records.update(system, "lead", made, {"phone": PHONE})
    assert saved.record["quality"] == Decimal("0.3333")
    assert records.update(system, "lead", made, {"phone": None}).record["quality"] == 0
    rows = [SaveRow(values={"name": f"批量{n}", "email": "a@b.cn"}) for n in range(12)]
    done = records.save_many(system, "lead", [*rows, SaveRow(values={"email": "b@b.cn"}, id=made)])
    found = {desk.read("lead", str(row.id))["quality"] for row in done.rows}
    assert found == {Decimal("0.2222")}


def test_nobody_sets_completeness(desk: Desk) -> None:
    with pytest.raises(ValidationFailed):
        desk.make("lead", name="liar", quality="1")


def test_a_validation_reads_it_before_the_record_is_written(desk: Desk) -> None:
    with pytest.raises(ValidationFailed, match="Fill in more first"):
        desk.make("lead", name="too empty", status="qualified", company="A")
    assert desk.make("lead", name="enough", status="qualified", company="A", budget="1")


def test_lists_filter_sort_and_figures_read_it(desk: Desk) -> None:
    records, boss = desk.served.platform.records, desk.actor("boss")
    for number, values in enumerate(({}, {"phone": PHONE}, {"phone": PHONE, "email": "a@b.cn"})):
        desk.make("lead", name=f"sorted {number}", **values)
    mine = 'name starts with "sorted"'
    falling = ListQuery(object="lead", filter=mine, sort=(SortKey(path="quality", descending=True),))
    assert [row["name"] for row in records.list(boss, falling).rows] == ["sorted 2", "sorted 1", "sorted 0"]
    low = ListQuery(object="lead", filter=f"{mine} and quality < 40%", sort=(SortKey(path="name", descending=False),))
    assert [row["name"] for row in records.list(boss, low).rows] == ["sorted 0", "sorted 1"]
    asked = AggregateQuery(object="lead", filter=mine, measures=(Measure(function="avg", path="quality"),))
    assert records.aggregate(boss, asked)[0].measures[0] == pytest.approx(Decimal("0.2963"), abs=Decimal("0.0001"))
    grouped = AggregateQuery(object="lead", filter=mine, groups=("quality",))
    assert [row.measures[0] for row in records.aggregate(boss, grouped)] == [1, 1, 1]
    with records.reading(boss) as transaction:
        report = read_report(transaction, "completeness")
    assert report.page is not None
    shown = [(row["name"], row["quality"]) for row in report.page.rows]
    assert shown == [("sorted 0", Decimal(0)), ("sorted 1", Decimal("0.3333"))]
    assert report.groups[0].measures[0] == pytest.approx(Decimal("0.16665"), abs=Decimal("0.0001"))


def test_the_api_shows_sorts_and_describes_it(desk: Desk) -> None:
    desk.make("lead", name="api lead", phone=PHONE)
    path = '/records/lead?filter=name = "api lead"&fields=name,quality&sort=quality'
    (row,) = desk.served.get("boss", path).get_json()["items"]
    assert row["quality"] == "0.3333"
    fields = {each["name"]: each for each in desk.served.get("boss", "/objects/lead").get_json()["fields"]}
    assert (fields["quality"]["type"], fields["quality"]["computed"]) == ("percent", True)
    figures = desk.served.call("boss", "POST", "/query", json={"object": "lead", "measures": ["avg(quality)"]})
    assert figures.status_code == 200


def test_the_queue_shows_the_emptiest_first_with_what_is_missing(desk: Desk) -> None:
    desk.make("lead", name="空的线索")
    desk.make(
        "lead", name="nearly there", owner="bob", phone=PHONE, email="a@b.cn", company="A", budget="1", secret="s"
    )
    desk.make("lead", name="whole", phone=PHONE, email="a@b.cn", company="A", budget="1", secret="s", topics=["a"])
    page = desk.page("boss", "/quality/lead")
    assert page.index("空的线索") < page.index("nearly there")
    assert ">whole<" not in page
    text = desk.visible_text(page)
    assert "Still empty: Phone, E-mail" in text
    assert "Still empty: Topics" in text
    assert "nearly there" not in desk.page("boss", "/quality/lead?mine=1")


def test_the_queue_keeps_to_records_and_fields_that_may_be_read(desk: Desk) -> None:
    desk.make("lead", name="anns own")
    desk.make("lead", name="bobs own", owner="bob")
    page = desk.page("ann", "/quality/lead")
    assert "anns own" in page
    assert "bobs own" not in page
    assert "Secret" not in desk.visible_text(page)
    assert "Secret" in desk.visible_text(desk.page("boss", "/quality/lead"))


def test_who_reads_no_such_object_finds_no_queue(desk: Desk) -> None:
    desk.page("none", "/quality/lead", status=404)
    desk.page("boss", "/quality/deal", status=404)
    desk.page("boss", "/quality/nothing", status=404)
    assert "Nothing is measured" in desk.page("none", "/quality")


def test_the_overview_leads_to_the_queue_and_the_queue_to_the_form(desk: Desk) -> None:
    made = desk.make("lead", name="to fill in")
    assert 'href="/quality/lead"' in desk.page("boss", "/quality")
    assert 'href="/quality/lead"' in desk.page("boss", "/o/lead")
    assert f"/o/lead/{made}/edit" in desk.page("boss", "/quality/lead")
    shown = desk.visible_text(desk.page("boss", f"/o/lead/{made}"))
    assert "Completeness" in shown
    assert "Still empty: Phone, E-mail, Company, Budget, Topics, Secret" in shown


def test_the_queue_turns_pages_and_an_unknown_cursor_is_refused(desk: Desk) -> None:
    records, system = desk.served.platform.records, desk.served.system()
    records.save_many(system, "lead", [SaveRow(values={"name": f"many {n:03}"}) for n in range(120)])
    first = desk.page("boss", "/quality/lead")
    assert first.count('class="share"') == 50
    assert "cursor=" in first
    desk.page("boss", "/quality/lead?cursor=nonsense", status=400)


def test_pages_are_in_chinese(desk: Desk) -> None:
    desk.make("lead", name="中文")
    client = desk.client("boss")
    client.set_cookie("fieldstone_language", "zh")
    try:
        assert "完整度" in desk.page("boss", "/quality/lead")
    finally:
        client.delete_cookie("fieldstone_language")


def test_an_object_that_marks_nothing_has_an_empty_completeness(desk: Desk) -> None:
    records, boss = desk.served.platform.records, desk.actor("boss")
    made = desk.make("deal", name="unmeasured", account=desk.make("account", name="Acme"))
    assert desk.read("deal", made)["quality"] is None
    mine = 'name = "unmeasured"'
    for condition, found in (("quality < 50%", []), ("quality >= 0%", []), ("quality is empty", [made])):
        page = records.list(boss, ListQuery(object="deal", filter=f"{mine} and {condition}"))
        assert [row.id for row in page.rows] == found, condition
    falling = (SortKey(path="quality", descending=True),)
    (row,) = records.list(boss, ListQuery(object="deal", filter=mine, sort=falling, fields=("name", "quality"))).rows
    assert row["quality"] is None
    measures = (Measure(function="count"), Measure(function="avg", path="quality"))
    (figures,) = records.aggregate(
        boss, AggregateQuery(object="deal", filter=mine, groups=("quality",), measures=measures)
    )
    assert figures.measures == (1, None)
    assert "Completeness" not in desk.visible_text(desk.page("boss", f"/o/deal/{made}"))


def test_a_rule_reads_it(desk: Desk) -> None:
    with pytest.raises(ValidationFailed, match="Nobody can call ruled"):
        desk.make("lead", name="ruled", company="A")
    assert desk.make("lead", name="ruled", phone=PHONE)


def test_other_weights_count_for_the_records_that_are_there(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    shutil.copytree(DESK, folder / "desk")
    with serve_deals(database_url, tmp_path, app_folder=folder / "desk") as served:
        desk = Desk(served)
        made = desk.make("lead", name="there", phone=PHONE)
        file = folder / "desk" / "objects" / "lead.yaml"
        file.write_text(file.read_text("utf-8").replace("{phone: 3, email: 2}", "{phone: 12, email: 8}"), "utf-8")
        served.platform.apply_release([folder / "desk"], author="test")
        assert desk.read("lead", made)["quality"] == Decimal("0.5")
