"""Duties of a worker that is killed in the middle: the next worker goes on, and nothing is done twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.automation.duties import Duties, Duty
from engine.clock import FixedClock, SystemClock
from engine.errors import DatabaseUnavailable
from engine.platform import Platform
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Ref
from tests.support.platforms import applied_platform
from tests.support.worker_process import wait_until, worker

FILES = {
    "objects/lead.yaml": """
        object: lead
        label: Lead
        fields: {name: {type: text, required: true}}
        pool: {claim: [rep], fall_back: created_at < now}
    """,
    "objects/ticket.yaml": """
        object: ticket
        label: Ticket
        fields: {name: {type: text, required: true}}
    """,
    "sla/answer.yaml": """
        sla: answer
        object: ticket
        start: "true"
        stop: name = "done"
        target: 0 seconds
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects: {lead: {read: all}}
    """,
}


def count(platform: Platform, object_key: str, condition: str) -> int:
    return platform.records.count(system_actor(), ListQuery(object=object_key, filter=condition), exact=True).value


@pytest.mark.faults
@pytest.mark.promise("OBJ-27", "OBJ-33")
def test_a_killed_worker_leaves_no_pool_and_no_clock_half_kept(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        records, system = platform.records, system_actor()
        ann = records.create(system, "user", {"name": "Ann", "email": "ann@example.com"}).record.id
        owner = Ref("user", ann)
        platform.automation.prepare()
        records.save_many(system, "lead", [SaveRow(values={"name": f"l{n}", "owner": owner}) for n in range(450)])
        records.save_many(system, "ticket", [SaveRow(values={"name": f"t{n}"}) for n in range(250)])
        for point in ("clock.before_commit:2", "pool.before_commit:2"):
            with worker(database_url, tmp_path, crash_at=point) as doomed:
                assert doomed.wait_dead(60), point
        assert count(platform, "ticket", "answer_breached") == 250
        assert count(platform, "lead", "owner is empty") == 200
        with worker(database_url, tmp_path):
            wait_until(lambda: count(platform, "lead", "owner is empty") == 450)
        assert count(platform, "lead", "version = 2") == 450
        assert count(platform, "ticket", "version = 2") == 250


def test_a_duty_that_fails_does_not_keep_the_others_from_being_done() -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("tried")
        raise DatabaseUnavailable

    every = dt.timedelta(hours=1)
    failing = Duty(name="fails", every=every, do=fail)
    other = Duty(name="goes", every=every, do=lambda: done.append("done"))
    duties = Duties(duties=(failing, other), clock=SystemClock())
    duties.tick()
    duties.tick()
    assert done == ["tried", "done"]


def test_each_duty_is_done_at_its_own_pace_and_one_that_is_not_for_the_start_waits_for_its_time() -> None:
    done: list[str] = []
    clock, hour = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC)), dt.timedelta(hours=1)
    often = Duty(name="often", every=hour / 2, do=lambda: done.append("often"))
    late = Duty(name="late", every=hour, do=lambda: done.append("late"), at_start=False)
    duties = Duties(duties=(often, late), clock=clock)
    for minutes in (0, 29, 30, 59, 60, 119, 120):
        clock.move_to(dt.datetime(2026, 11, 21, minutes // 60, minutes % 60, tzinfo=dt.UTC))
        duties.tick()
        done.append(str(minutes))
    assert done == ["often", "0", "29", "often", "30", "59", "often", "late", "60", "often", "119", "late", "120"]
