"""Layouts that fit, stages with what they require, and when records entered and left them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.access.actor import Actor
from engine.records.types import SaveRow
from metamodel.layouts import Device
from tests.support.kinds import FILES, SYSTEM, faults, make, person, read
from tests.support.platforms import small_app, write_files
from tests.support.served import Served, post_form, serve_deals

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("kinds")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


def layout_of(served: Served, actor: Actor, record_id: str | None, values: Mapping[str, Any], device: Device) -> str:
    with served.platform.records.reading(actor) as transaction:
        return transaction.form_state("deal", record_id, values, device=device).layout.layout.name


@pytest.mark.promise("OBJ-25")
def test_the_first_layout_that_fits_is_used_on_page_and_form_alike_and_named_with_its_reason(served: Served) -> None:
    ann, boss = person(served, "ann", "rep"), person(served, "boss", "boss")
    desk, phone = Device.DESKTOP, Device.PHONE
    large = {"amount": "2000000"}
    assert layout_of(served, ann, None, {}, desk) == ""
    assert layout_of(served, ann, None, {}, phone) == "pocket"
    assert layout_of(served, ann, None, large, phone) == "large"
    assert layout_of(served, boss, None, {}, desk) == "chief"
    assert layout_of(served, boss, None, large, desk) == "large"
    assert layout_of(served, boss, None, {"record_type": "wholesale", **large}, phone) == "bulk"
    plain, big = make(served), make(served, amount="2000000")
    for who, record_id, headers, note in (
        ("ann", plain, {}, "Standard layout: no other fits."),
        ("ann", plain, PHONE, "Layout “Pocket”: the device is phone."),
        ("ann", big, PHONE, "Layout “Large deal”: amount &gt;= 1000000 holds."),
        ("boss", plain, {}, "Layout “Chief”: your role is Boss."),
    ):
        client = served.sign_in(who)
        for path in (f"/o/deal/{record_id}", f"/o/deal/{record_id}/edit", f"/o/deal/{record_id}/edit"):
            assert note in client.get(path, headers=headers).get_data(as_text=True), path
    client = served.sign_in("ann")
    typed = {"name": "x", "amount": "3000000", "record_type": "retail"}
    assert "Large deal" in post_form(client, "/o/deal/new/state", typed, "/o/deal/new").get_data(as_text=True)
    chinese = client.get(f"/o/deal/{plain}", headers={**PHONE, "Cookie": "fieldstone_language=zh"})
    assert chinese.status_code == 200


def test_a_conflict_is_seen_also_where_the_record_has_another_layout_by_now(served: Served) -> None:
    deal = make(served, credit=1)
    served.platform.records.update(SYSTEM, "deal", deal, {"credit": 2, "amount": "2000000"})
    mine = {"name": "Pumps", "was-name": "Pumps", "credit": "3", "was-credit": "1", "version": "1"}
    answer = post_form(served.sign_in("ann"), f"/o/deal/{deal}/edit", mine, "/o/deal/new")
    assert answer.status_code == 409
    assert 'name="keep-credit"' in answer.get_data(as_text=True)
    assert read(served, deal)["credit"] == 2


@pytest.mark.promise("OBJ-26")
def test_stages_have_tips_and_required_fields_and_their_times_are_kept(served: Served) -> None:
    deal = make(served)
    assert "Find who decides." in served.sign_in("ann").get(f"/o/deal/{deal}").get_data(as_text=True)
    test_moving_on_without_what_a_stage_requires_is_refused_with_the_missing_fields(served)
    test_entering_and_leaving_times_follow_each_other_without_a_gap(served)
    test_a_batch_keeps_the_times_of_all_its_records(served)
    test_times_of_stages_stand_on_the_page_and_in_the_api(served)


def test_moving_on_without_what_a_stage_requires_is_refused_with_the_missing_fields(served: Served) -> None:
    missing = [
        ("amount", "option_requires", "This must be filled in for 'Offer'."),
        ("close", "option_requires", "This must be filled in for 'Offer'."),
    ]
    deal = make(served)
    assert faults(served, deal, {"stage": "offer"}) == missing
    answer = served.call("ann", "PATCH", f"/records/deal/{deal}", json={"stage": "offer"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.get_json()["errors"]} == {"amount", "close"}
    client = served.sign_in("ann")
    for path in (f"/o/deal/{deal}/move", f"/o/deal/{deal}/move?fs-board=pipeline", f"/o/deal/{deal}/edit"):
        values = {"stage": "offer", "name": "Pumps", "was-stage": "new"}
        page = post_form(client, path, values, "/o/deal/new")
        assert page.status_code == 422, path
        text = page.get_data(as_text=True)
        assert text.count("This must be filled in for &#39;Offer&#39;.") >= 2
        assert 'name="amount"' in text
    moved = post_form(
        client, f"/o/deal/{deal}/move", {"stage": "offer", "amount": "5", "close": "2027-01-01"}, "/o/deal/new"
    )
    assert moved.status_code == 303
    assert read(served, deal)["stage"] == "offer"
    post_form(client, f"/o/deal/{deal}/move", {"stage": "lost"}, "/o/deal/new")
    steps = re.findall(r'<li class="(done|ahead|current)', client.get(f"/o/deal/{deal}").get_data(as_text=True))
    # New and offer lie behind it; won is another end, which it did not take.
    assert steps[-4:] == ["done", "done", "ahead", "current"]


def test_entering_and_leaving_times_follow_each_other_without_a_gap(served: Served) -> None:
    records = served.platform.records
    deal = make(served)
    before = records.stays(SYSTEM, "deal", deal)
    assert [(stay.option, stay.left_at) for stay in before] == [("new", None)]
    assert before[0].entered_at == read(served, deal)["created_at"]
    records.update(SYSTEM, "deal", deal, {"name": "Valves"})
    assert len(records.stays(SYSTEM, "deal", deal)) == 1
    ann = person(served, "ann", "rep")
    with served.platform.database.statements.recording() as sent:
        records.update(ann, "deal", deal, {"stage": "offer", "amount": 5, "close": "2027-01-01"})
    writes = [text for text in sent if "fs_stage" in text]
    assert len(writes) == 1
    if served.platform.database.dialect.value == "postgresql":
        assert "fs_audit" in writes[0]
    records.update(SYSTEM, "deal", deal, {"stage": "sample", "record_type": "project"})
    records.update(SYSTEM, "deal", deal, {"stage": None})
    stays = records.stays(SYSTEM, "deal", deal)
    assert [stay.option for stay in stays] == ["new", "offer", "sample", None]
    assert [earlier.left_at == later.entered_at for earlier, later in pairwise(stays)] == [True] * 3
    assert [stay.left_by for stay in stays] == [ann.user_id, None, None, None]
    table = served.platform.system.stage
    asked = select(func.count()).where(table.c["record_id"] == deal, table.c["left_at"] >= table.c["entered_at"])
    with served.platform.database.read() as connection:
        assert connection.execute(asked).scalar() == 3


def test_a_batch_keeps_the_times_of_all_its_records(served: Served) -> None:
    records = served.platform.records
    deals = [make(served) for _ in range(7)]
    records.update(SYSTEM, "deal", deals[0], {"stage": "lost"})
    records.save_many(SYSTEM, "deal", [SaveRow(id=each, values={"stage": "won"}) for each in deals[1:]])
    for each in deals[1:]:
        ended, current = records.stays(SYSTEM, "deal", each)
        assert (ended.option, ended.entered_at, current.option) == ("new", read(served, each)["created_at"], "won")
        assert ended.left_at == current.entered_at


def test_times_of_stages_stand_on_the_page_and_in_the_api(served: Served) -> None:
    deal = make(served)
    served.platform.records.update(SYSTEM, "deal", deal, {"stage": "won"})
    found = served.get("ann", f"/records/deal/{deal}/stages").get_json()["items"]
    assert [(each["field"], each["stage"], each["left_at"] is None) for each in found] == [
        ("stage", "new", False), ("stage", "won", True),
    ]  # fmt: skip
    assert dt.datetime.fromisoformat(found[0]["entered_at"]) <= dt.datetime.fromisoformat(found[1]["entered_at"])
    page = served.sign_in("ann").get(f"/o/deal/{deal}").get_data(as_text=True)
    times = re.search(r'<details class="stage-times">.*?</details>', page, re.S)
    assert times is not None
    assert re.findall(r"<strong>([^<]+)</strong>", times[0]) == ["Won", "New"]
    assert served.get("none", f"/records/deal/{deal}/stages").status_code == 404


def test_records_of_before_get_the_first_type_and_a_renamed_stage_keeps_its_times(
    database_url: str, tmp_path: Path
) -> None:
    text = FILES["objects/deal.yaml"]
    start, end = text.index("        validations:"), text.index("        layout:\n")
    without = text[:start] + text[end:].replace("record_type, ", "")
    without = re.sub(r"        layouts:.*?(?=        views:)", "", without, flags=re.S)
    app = small_app(tmp_path, {**FILES, "objects/deal.yaml": without})
    with serve_deals(database_url, tmp_path, app_folder=app) as served:
        deal = make(served)
        served.platform.records.update(SYSTEM, "deal", deal, {"stage": "won"})
        write_files(app, {"objects/deal.yaml": text})
        served.platform.apply_release([app], author="test")
        assert read(served, deal)["record_type"] == "retail"
        assert [stay.option for stay in served.platform.records.stays(SYSTEM, "deal", deal)] == ["new", "won"]
        other = make(served)
        served.platform.records.update(SYSTEM, "deal", other, {"stage": "won"})
        renamed = text.replace("new: {label", "fresh: {was: new, label").replace("default: new", "default: fresh")
        renamed = renamed.replace("[new, offer, won, lost]", "[fresh, offer, won, lost]").replace(
            "{new: [", "{fresh: ["
        )
        write_files(app, {"objects/deal.yaml": renamed})
        served.platform.apply_release([app], author="test")
        assert [stay.option for stay in served.platform.records.stays(SYSTEM, "deal", other)] == ["fresh", "won"]
