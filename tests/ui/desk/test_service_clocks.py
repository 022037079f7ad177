"""Service clocks of tickets: due by priority and calendar, paused time left out, breaches noted when they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import faults
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from engine.records.aggregates import AggregateQuery, Measure
from engine.records.clocks import breaching
from engine.records.clocks.breaching import ClockKeeper
from engine.records.reports import read_report
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Duration
from tests.support.desk import DESK, Desk
from tests.support.served import serve_deals

pytestmark = pytest.mark.promise("OBJ-33")

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, time: str) -> dt.datetime:
    """Give a moment of March 2026, which begins on a Sunday, as people in Shanghai write it."""
    return dt.datetime.combine(dt.date(2026, 3, day), dt.time.fromisoformat(time), SHANGHAI).astimezone(dt.UTC)


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(at(2, "09:00"))


@pytest.fixture(scope="module")
def shared(module_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("clocks")
    with serve_deals(module_database_url, folder, app_folder=DESK, clock=clock) as served:
        yield Desk(served)


@pytest.fixture
def desk(shared: Desk, clock: FixedClock) -> Iterator[Desk]:
    """The desk on Monday at nine, without tickets of other tests."""
    clock.move_to(at(2, "09:00"))
    yield shared
    clock.move_to(at(2, "09:00"))
    records, system = shared.served.platform.records, shared.served.system()
    for row in records.list(system, ListQuery(object="ticket", limit=200)).rows:
        records.delete(system, "ticket", row.id)


def set_(desk: Desk, ticket: str, **values: Any) -> dict[str, Any]:
    desk.served.platform.records.update(desk.served.system(), "ticket", ticket, values)
    return desk.read("ticket", ticket)


def keeper(desk: Desk) -> ClockKeeper:
    platform = desk.served.platform
    return ClockKeeper(records=platform.records, current=platform.releases.current)


# priority, opened, due: the office works 9–12 and 13–18, not on Thursday the 5th, but on Saturday the 7th.
DUE = [
    ("high", at(2, "09:00"), at(2, "11:00")),
    ("high", at(2, "11:00"), at(2, "14:00")),
    ("normal", at(2, "16:00"), at(3, "11:00")),
    ("low", at(2, "09:00"), at(2, "18:00")),
    ("low", at(4, "17:00"), at(6, "17:00")),
    ("high", at(6, "17:00"), at(7, "10:00")),
    ("high", at(1, "12:00"), at(2, "11:00")),
    ("high", at(2, "22:00"), at(3, "11:00")),
    ("none", at(2, "09:00"), at(2, "14:00")),
    (None, at(2, "09:00"), at(2, "14:00")),
]


@pytest.mark.parametrize(("priority", "opened", "due"), DUE)
def test_the_due_time_follows_from_priority_and_calendar(
    desk: Desk, clock: FixedClock, priority: str | None, opened: dt.datetime, due: dt.datetime
) -> None:
    clock.move_to(opened)
    values = desk.read("ticket", desk.make("ticket", name="新工单", priority=priority))
    assert values["answer_due"] == due
    assert (values["answer_state"], values["answer_breached"]) == ("running", False)
    assert values["solve_due"] == opened + dt.timedelta(days=2)


def test_paused_time_does_not_count(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="pauses", priority="high")
    clock.move_to(at(2, "09:30"))
    paused = set_(desk, ticket, status="waiting")
    assert (paused["answer_state"], paused["answer_due"]) == ("paused", None)
    assert paused["answer_used"] == Duration(seconds=Decimal(30 * 60))
    clock.move_to(at(4, "10:00"))
    assert keeper(desk).note_breaches() == 1, "the other clock of the ticket, which nothing pauses"
    again = set_(desk, ticket, status="working")
    assert again["answer_due"] == at(4, "11:30")
    assert again["answer_breached"] is False
    clock.move_to(at(4, "10:15"))
    set_(desk, ticket, status="waiting")
    clock.move_to(at(6, "09:00"))
    assert set_(desk, ticket, status="working")["answer_due"] == at(6, "10:15")
    clock.move_to(at(6, "10:00"))
    stopped = set_(desk, ticket, status="answered")
    assert (stopped["answer_state"], stopped["answer_breached"]) == ("stopped", False)
    assert stopped["answer_used"] == Duration(seconds=Decimal(105 * 60))
    assert stopped["answer_due"] == at(6, "10:15")


def test_stopping_late_is_a_breach_and_a_stopped_clock_stays(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="late", priority="high")
    clock.move_to(at(2, "11:01"))
    assert set_(desk, ticket, status="answered")["answer_breached"] is True
    before = desk.read("ticket", ticket)
    clock.move_to(at(20, "11:01"))
    after = set_(desk, ticket, name="renamed", status="working")
    names = ("answer_due", "answer_used", "answer_state", "answer_breached")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_a_ticket_opened_again_starts_anew(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="again", priority="high")
    clock.move_to(at(2, "17:00"))
    assert set_(desk, ticket, status="answered")["answer_breached"] is True
    clock.move_to(at(3, "09:00"))
    anew = set_(desk, ticket, status="new")
    assert (anew["answer_due"], anew["answer_breached"]) == (at(3, "11:00"), False)


def test_another_priority_has_another_target_over_the_same_time(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="raised", priority="low")
    clock.move_to(at(2, "10:00"))
    assert set_(desk, ticket, priority="high")["answer_due"] == at(2, "11:00")
    clock.move_to(at(2, "11:30"))
    assert set_(desk, ticket, name="still high")["answer_breached"] is True
    assert set_(desk, ticket, priority="low")["answer_breached"] is False


def test_time_alone_makes_a_breach_once_with_history_and_rules(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="forgotten", priority="high")
    assert keeper(desk).note_breaches() == 0
    clock.move_to(at(2, "11:00") + dt.timedelta(seconds=1))
    assert keeper(desk).note_breaches() == 1
    assert keeper(desk).note_breaches() == 0
    values = desk.read("ticket", ticket)
    assert (values["answer_breached"], values["answer_state"], values["version"]) == (True, "running", 2)
    entry = desk.served.get("boss", f"/records/ticket/{ticket}/history").get_json()["items"][0]
    assert [(each["field"], each["new"]) for each in entry["changes"]] == [("answer_breached", True)]
    assert entry["origin"] == "system"
    runs = desk.served.get("admin", f"/records/ticket/{ticket}/runs").get_json()["items"]
    assert [run["rule"] for run in runs] == ["late_answer"]


def test_the_housekeeping_notes_breaches(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="for the worker", priority="high")
    platform = desk.served.platform
    platform.automation.prepare()
    house = platform.automation.keeper()
    house.tick()
    assert desk.read("ticket", ticket)["answer_breached"] is False
    clock.move_to(at(2, "11:05"))
    house.tick()
    assert desk.read("ticket", ticket)["answer_breached"] is True


def test_breaches_that_were_cut_off_are_noted_by_the_next(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [desk.make("ticket", name=f"cut {n}", priority="high") for n in range(5)]
    clock.move_to(at(2, "12:00"))
    monkeypatch.setattr(breaching, "_BATCH", 2)
    reached = iter(range(10))

    def cut(point: str) -> None:
        if point == "clock.before_commit" and next(reached) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(faults, "reach", cut)
    with pytest.raises(KeyboardInterrupt):
        keeper(desk).note_breaches()
    assert sum(desk.read("ticket", each)["answer_breached"] for each in tickets) == 2
    assert keeper(desk).note_breaches() == 3
    assert {desk.read("ticket", each)["version"] for each in tickets} == {2}


def test_two_workers_note_each_breach_once(desk: Desk, clock: FixedClock) -> None:
    tickets = [desk.make("ticket", name=f"both {n}", priority="high") for n in range(4)]
    clock.move_to(at(2, "12:00"))
    with ThreadPoolExecutor(3) as threads:
        counts = list(threads.map(lambda _: keeper(desk).note_breaches(), range(3)))
    assert sum(counts) == 4
    assert {desk.read("ticket", each)["version"] for each in tickets} == {2}


def test_filters_sorts_and_figures_read_the_fields(desk: Desk, clock: FixedClock) -> None:
    records, boss = desk.served.platform.records, desk.actor("boss")
    for name, priority in (("a", "high"), ("b", "normal"), ("c", "low"), ("d", "high")):
        desk.make("ticket", name=name, priority=priority)
    clock.move_to(at(2, "12:30"))
    keeper(desk).note_breaches()
    late = ListQuery(object="ticket", view="late")
    assert sorted(str(row["name"]) for row in records.list(boss, late).rows) == ["a", "d"]
    soon = ListQuery(object="ticket", filter='answer_due < now + 2 hours and answer_state = "running"')
    assert records.count(boss, soon).value == 3
    asked = AggregateQuery(object="ticket", groups=("answer_breached",), measures=(Measure(function="count"),))
    assert {row.groups[0]: row.measures[0] for row in records.aggregate(boss, asked)} == {False: 2, True: 2}
    with records.reading(boss) as transaction:
        report = read_report(transaction, "breaches")
    assert {row.groups[0]: row.measures[0] for row in report.groups} == {False: 2, True: 2}
    assert report.page is not None
    assert [row["answer_due"] for row in report.page.rows] == [
        desk.read("ticket", row.id)["answer_due"] for row in report.page.rows
    ]
    path = "/records/ticket?filter=answer_breached&fields=name,answer_due&sort=name"
    rows = desk.served.get("boss", path).get_json()["items"]
    assert [(row["name"], row["answer_due"]) for row in rows] == [
        ("a", "2026-03-02T03:00:00Z"),
        ("d", "2026-03-02T03:00:00Z"),
    ]


def test_a_batch_has_its_clocks(desk: Desk) -> None:
    records, system = desk.served.platform.records, desk.served.system()
    rows = [SaveRow(values={"name": f"批量 {n}", "priority": "high"}) for n in range(30)]
    done = records.save_many(system, "ticket", rows)
    assert {desk.read("ticket", str(row.id))["answer_due"] for row in done.rows} == {at(2, "11:00")}
    records.save_many(system, "ticket", [SaveRow(values={"status": "waiting"}, id=row.id) for row in done.rows])
    assert {desk.read("ticket", str(row.id))["answer_state"] for row in done.rows} == {"paused"}


@pytest.mark.parametrize("field", ["answer_due", "answer_breached", "answer_state", "answer_used", "answer_since"])
def test_nobody_sets_a_clock(desk: Desk, field: str) -> None:
    written: dict[str, Any] = {"answer_breached": True, "answer_state": "stopped", "answer_used": "PT1H"}
    value = written.get(field, "2026-01-01T00:00:00Z")
    with pytest.raises(ValidationFailed):
        desk.make("ticket", name="forged", **{field: value})


def test_a_ticket_in_the_bin_is_let_alone(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="binned", priority="high")
    desk.served.platform.records.delete(desk.served.system(), "ticket", ticket)
    clock.move_to(at(2, "12:00"))
    assert keeper(desk).note_breaches() == 0


def test_the_page_shows_the_clocks(desk: Desk, clock: FixedClock) -> None:
    ticket = desk.make("ticket", name="shown", priority="high")
    text = desk.visible_text(desk.page("ann", f"/o/ticket/{ticket}"))
    assert "Service clocks Answer Due Mar 2, 2026 11:00 (in 2 hours) Running" in text
    clock.move_to(at(2, "12:00"))
    keeper(desk).note_breaches()
    assert "Breached" in desk.visible_text(desk.page("ann", f"/o/ticket/{ticket}"))
    assert "shown" in desk.page("ann", "/o/ticket?view=late")
