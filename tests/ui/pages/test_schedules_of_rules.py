"""Schedules of every form, in zones and for records: they fire when they say, and a rule's page lists the next five."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from tests.support.automation import do_runs
from tests.support.served import DEALS, Served, serve_deals

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
START = dt.datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
# rule → its schedule, and when it runs next, as clocks of Shanghai show it
SCHEDULES = {
    "daily": ("day at 09:00", "11-22 09:00, 11-23 09:00, 11-24 09:00, 11-25 09:00, 11-26 09:00"),
    "often": ("6 hours", "11-21 14:00, 11-21 20:00, 11-22 02:00, 11-22 08:00, 11-22 14:00"),
    "weekly": ("monday, friday at 08:00, 17:30", "11-23 08:00, 11-23 17:30, 11-27 08:00, 11-27 17:30, 11-30 08:00"),
    "worked": ("business day at 09:00", "11-23 09:00, 11-24 09:00, 11-25 09:00, 11-26 09:00, 11-27 09:00"),
    "monthly": (
        "month on day 1, day 31, last day at 09:00",
        "11-30 09:00, 12-01 09:00, 12-31 09:00, 01-01 09:00, 01-31 09:00",
    ),
    "by_cron": ('cron "30 8 * * 1-2"', "11-23 08:30, 11-24 08:30, 11-30 08:30, 12-01 08:30, 12-07 08:30"),
    "in_zone": (
        'day at 09:00 in "America/New_York"',
        "11-21 22:00, 11-22 22:00, 11-23 22:00, 11-24 22:00, 11-25 22:00",
    ),
    "cron_in_zone": (
        'cron "0 9 * * *" in "Europe/Berlin" for each deal where name starts with "x"',
        "11-21 16:00, 11-22 16:00, 11-23 16:00, 11-24 16:00, 11-25 16:00",
    ),
    "for_each": (
        'day at 10:00 for each deal where name starts with "x"',
        "11-22 10:00, 11-23 10:00, 11-24 10:00, 11-25 10:00, 11-26 10:00",
    ),
}


@pytest.mark.promise("RUL-06")
def test_schedules_of_every_form_fire_when_the_page_of_their_rule_says(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START.astimezone(dt.UTC))
    app = tmp_path / "deals"
    shutil.copytree(DEALS, app)
    rules = "\n".join(f'rule {name} every {form} then log "x"' for name, (form, _) in SCHEDULES.items())
    (app / "rules" / "schedules.rules").write_text(rules, encoding="utf-8")
    with serve_deals(database_url, tmp_path, app_folder=app, clock=clock) as served:
        served.platform.records.create(system_actor(), "deal", {"name": "x one"})
        served.platform.records.create(system_actor(), "deal", {"name": "y two"})
        served.platform.automation.keeper().tick()
        shown = {name: next_runs(served, name) for name in SCHEDULES}
        assert shown == {name: listed.split(", ") for name, (_, listed) in SCHEDULES.items()}
        wanted = Counter[str]()
        for moment, due in moments(served).items():
            clock.move_to(moment - dt.timedelta(seconds=1))
            assert runs(served.platform) == wanted, moment
            clock.move_to(moment)
            # A schedule for records has a run of its own and one for the record it fits.
            wanted += Counter({name: 2 if "for each" in SCHEDULES[name][0] else 1 for name in due})
            assert runs(served.platform) == wanted, moment


def next_runs(served: Served, rule: str) -> list[str]:
    """Give what the page of a rule says of when it runs next."""
    page = served.sign_in("admin").get(f"/rules/{rule}").get_data(as_text=True)
    listed = re.search(r"<dt>Next runs</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert listed is not None
    times = re.findall(r"<div>(.*?)</div>", listed[1])
    found = (dt.datetime.strptime(f"{unescape(each)} +0800", "%b %d, %Y %H:%M %z") for each in times)
    return [f"{each:%m-%d %H:%M}" for each in found]


def moments(served: Served) -> dict[dt.datetime, list[str]]:
    """Give the first two days of moments, each with the rules that are due then."""
    found: dict[dt.datetime, list[str]] = {}
    for name in SCHEDULES:
        for moment in served.platform.automation.next_runs(name, 20):
            found.setdefault(moment, []).append(name)
    end = START + dt.timedelta(days=2, hours=12)
    return {moment: found[moment] for moment in sorted(found) if moment < end}


def runs(platform: Platform) -> Counter[str]:
    """Do what is due, and count the runs of the schedules."""
    platform.automation.keeper().tick()
    do_runs(platform)
    run = platform.system.run
    with platform.database.read() as connection:
        return Counter(connection.execute(select(run.c.rule).where(run.c.rule.in_(list(SCHEDULES)))).scalars())
