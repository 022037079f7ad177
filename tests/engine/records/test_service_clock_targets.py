"""By what a service clock without a calendar of its own counts: all time, or business time where a target says so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.records.clocks import breaching
from tests.support.platforms import applied_platform

SATURDAY = dt.datetime(2026, 11, 21, 1, 0, tzinfo=dt.UTC)
TICKET = """
    object: ticket
    fields: {name: {type: text}, kind: {type: choice, options: [business, home]}}
"""
CLOCK = "sla: answer\nobject: ticket\nstart: 'true'\nstop: name = \"done\"\n"


@pytest.mark.parametrize(
    ("target", "due"),
    [
        ("target: 2 hours", SATURDAY + dt.timedelta(hours=2)),
        # Monday at nine in Shanghai, where nobody works on Saturdays.
        ("target: 2 business hours", dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)),
        ("by: kind\ntargets: {business: 2 business hours}", dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)),
        ("target: 'if(kind = \"business\", 2 hours, 1 hour)'", SATURDAY + dt.timedelta(hours=2)),
    ],
)
def test_a_target_counts_as_it_is_written(tmp_path: Path, target: str, due: dt.datetime) -> None:
    files = {"objects/ticket.yaml": TICKET, "sla/answer.yaml": CLOCK + target + "\n"}
    url = f"sqlite:///{tmp_path / 'clocks.db'}"
    with applied_platform(url, tmp_path, files, clock=FixedClock(SATURDAY)) as platform:
        made = platform.records.create(system_actor(), "ticket", {"name": "n", "kind": "business"})
        assert made.record["answer_due"] == due


def test_a_breach_that_can_not_be_noted_keeps_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pause = 'pause: kind = "home" and now > created_at + 1 hour and power(10, 1000000) > 1\ntarget: 1 hour\n'
    files = {"objects/ticket.yaml": TICKET, "sla/answer.yaml": CLOCK + pause}
    clock, url = FixedClock(SATURDAY), f"sqlite:///{tmp_path / 'clocks.db'}"
    monkeypatch.setattr(breaching, "_BATCH", 1)
    with applied_platform(url, tmp_path, files, clock=clock) as platform:
        records, system = platform.records, system_actor()
        made = [records.create(system, "ticket", {"name": "n", "kind": kind}) for kind in ("home", "business", None)]
        clock.move_to(SATURDAY + dt.timedelta(hours=2))
        keeper = breaching.ClockKeeper(records=records, current=platform.releases.current)
        assert keeper.note_breaches() == 2
        found = [records.get(system, "ticket", each.record.id)["answer_breached"] for each in made]
        assert found == [False, True, True]
