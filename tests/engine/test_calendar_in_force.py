"""Business days count by the calendar that app.yaml names, in memory and in SQL, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from engine.trying import try_expression
from tests.support.platforms import applied_platform

NOW = dt.datetime(2026, 9, 25, 2, 0, tzinfo=dt.UTC)
FILES = {
    "app.yaml": """
        app: shop
        version: 1.0.0
        timezone: Asia/Shanghai
        currency: CNY
        languages: [en]
        calendar: business_cn
        """,
    "calendars/business_cn.yaml": """
        calendar: business_cn
        timezone: Asia/Shanghai
        hours: {monday: "09:00-12:00", tuesday: "09:00-18:00", wednesday: "09:00-18:00", thursday: "09:00-18:00",
                friday: ["09:00-12:00", "13:00-17:00"]}
        holidays: [2026-10-01, 2026-10-02, 2026-10-05, 2026-10-06, 2026-10-07]
        workdays: [2026-09-27, 2026-10-10]
        """,
    "objects/job.yaml": """
        object: job
        label: Job
        title: "{name}"
        fields:
          name: {type: text, required: true}
          due: {type: date}
          seen_at: {type: datetime}
        """,
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with applied_platform(database_url, tmp_path, FILES, clock=FixedClock(NOW)) as opened:
        yield opened


@pytest.mark.promise("EXP-14")
@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        # Friday 25 September: the Sunday after it is worked, 1 to 7 October are holidays, Saturday the 10th is worked.
        ("due + 1 business day", "2026-09-27"),
        ("due + 2 business days", "2026-09-28"),
        ("due + 5 business days", "2026-10-08"),
        ("due + 7 business days", "2026-10-10"),
        ("due - 1 business day", "2026-09-24"),
        ("today + 2 business days", "2026-09-28"),
        ("business_days_between(due, 2026-10-10)", "7"),
        ("business_days_between(2026-10-01, 2026-10-07)", "0"),
        ("business_days_between(2026-10-10, due)", "-7"),
        ("due in last 1 business day", "true"),
        ("due in next business day", "false"),
        ("seen_at + 2 business days", "2026-09-28T16:00:00+08:00"),
        # Friday 16:00, an hour is left of it; the worked Sunday has the hours of Monday, three of them.
        ("seen_at + 2 business hours", "2026-09-27T10:00:00+08:00"),
        ("seen_at + 6 business hours", "2026-09-28T11:00:00+08:00"),
        ("seen_at - 4 business hours", "2026-09-25T11:00:00+08:00"),
    ],
)
def test_business_time_follows_the_calendar(platform: Platform, expression: str, wanted: str) -> None:
    values = {"name": "a", "due": "2026-09-25", "seen_at": "2026-09-25T16:00+08:00"}
    made = platform.records.create(system_actor(), "job", values).record.id
    found = try_expression(platform.records, system_actor(), "job", expression, made)
    assert (found.parts[0].value, found.in_sql, found.not_in_sql) == (wanted, wanted, "")
