"""When schedules and relative times come due, over changes of the clock, leap days and short months."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.automation.schedules import due_moment, local_moment, next_times
from metamodel.source import LocatedText
from workflow_dsl import parse_rules
from workflow_dsl.cron import CronWrong, parse_cron
from workflow_dsl.syntax import EventTrigger, Moment, Rule, Schedule, ScheduleTrigger
from workflow_dsl.workdays import BusinessCalendar

SHANGHAI, NEW_YORK, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")


def _trigger(text: str) -> EventTrigger | ScheduleTrigger:
    parsed = parse_rules(LocatedText.plain(f'rule r {text} then log "x"'))
    assert not list(parsed.problems)
    (rule,) = parsed.items
    assert isinstance(rule, Rule)
    return rule.triggers[0]


def _schedule(text: str) -> Schedule:
    trigger = _trigger(f"every {text}")
    assert isinstance(trigger, ScheduleTrigger)
    return trigger.schedule


def _moment(text: str) -> Moment:
    trigger = _trigger(f"when {text}")
    assert isinstance(trigger, EventTrigger)
    assert isinstance(trigger.event, Moment)
    return trigger.event


def _utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "expected"),
    [
        ("day at 09:00", SHANGHAI, "2026-11-21 00:59", ["2026-11-21 01:00", "2026-11-22 01:00"]),
        ("day at 09:00", SHANGHAI, "2026-11-21 01:00", ["2026-11-22 01:00"]),
        ('day at 09:00 in "Europe/Berlin"', SHANGHAI, "2026-07-01 00:00", ["2026-07-01 07:00"]),
        ("weekday at 09:00, 17:00", BERLIN, "2026-11-20 09:00", ["2026-11-20 16:00", "2026-11-23 08:00"]),
        ("monday, friday at 08:00", BERLIN, "2026-11-21 00:00", ["2026-11-23 07:00", "2026-11-27 07:00"]),
        ("week at 08:00", BERLIN, "2026-11-21 00:00", ["2026-11-23 07:00"]),
        ("month on day 31 at 12:00", BERLIN, "2026-02-01 00:00", ["2026-02-28 11:00", "2026-03-31 10:00"]),
        ("month on day 1, last day at 00:30", BERLIN, "2028-02-10 00:00", ["2028-02-28 23:30", "2028-02-29 23:30"]),
        ("quarter on last day at 18:00", BERLIN, "2026-11-21 00:00", ["2026-12-31 17:00", "2027-03-31 16:00"]),
        ("year at 06:00", BERLIN, "2026-11-21 00:00", ["2027-01-01 05:00"]),
        ("15 minutes", BERLIN, "2026-11-21 10:07", ["2026-11-21 10:15", "2026-11-21 10:30"]),
        ("2 days", SHANGHAI, "2026-11-21 00:00", ["2026-11-22 16:00", "2026-11-24 16:00"]),
        ("3 months", BERLIN, "2026-11-21 00:00", ["2026-12-31 23:00", "2027-03-31 22:00"]),
        ('cron "0 9 * * 1-5"', BERLIN, "2026-11-21 00:00", ["2026-11-23 08:00"]),
        ('cron "*/30 8-9 1,15 * *"', BERLIN, "2026-11-21 00:00", ["2026-12-01 07:00", "2026-12-01 07:30"]),
        ('cron "0 0 13 * fri"', BERLIN, "2026-11-21 00:00", ["2026-11-26 23:00", "2026-12-03 23:00"]),
        ('cron "0 12 29 feb *"', BERLIN, "2096-03-01 00:00", ["2104-02-29 11:00"]),
    ],
)
def test_a_schedule_comes_due_at_the_local_times_it_names(
    schedule: str, zone: ZoneInfo, after: str, expected: list[str]
) -> None:
    found = next_times(_schedule(schedule), _utc(after), zone, len(expected))
    assert [moment.strftime("%Y-%m-%d %H:%M") for moment in found] == expected


def test_in_a_gap_of_the_clock_a_schedule_fires_at_the_first_valid_instant() -> None:
    found = next_times(_schedule("day at 02:30"), _utc("2027-03-14 00:00"), NEW_YORK, 2)
    assert found == (_utc("2027-03-14 07:00"), _utc("2027-03-15 06:30"))


def test_several_times_in_one_gap_are_one_moment() -> None:
    found = next_times(_schedule("day at 02:10, 02:20, 02:50, 03:00"), _utc("2027-03-14 06:00"), NEW_YORK, 2)
    assert found == (_utc("2027-03-14 07:00"), _utc("2027-03-15 06:10"))


def test_in_an_overlap_of_the_clock_a_schedule_fires_once() -> None:
    found = next_times(_schedule("day at 01:30"), _utc("2026-11-01 00:00"), NEW_YORK, 2)
    assert found == (_utc("2026-11-01 05:30"), _utc("2026-11-02 06:30"))


def test_a_gap_at_midnight_starts_the_day_where_the_clock_does() -> None:
    assert local_moment(dt.date(2018, 11, 4), dt.time(0, 0), ZoneInfo("America/Sao_Paulo")) == _utc("2018-11-04 03:00")


def test_a_zone_that_skips_a_day_goes_on_with_the_next() -> None:
    found = next_times(_schedule("day at 09:00"), _utc("2011-12-29 20:00"), ZoneInfo("Pacific/Apia"), 2)
    assert found == (_utc("2011-12-30 10:00"), _utc("2011-12-30 19:00"))


@given(
    st.integers(1_577_836_800, 2_051_222_400),
    st.sampled_from(["day at 02:30", "7 minutes", "month on last day at 23:59", 'cron "5 */3 * * 1,3"', "2 weeks"]),
    st.sampled_from([SHANGHAI, NEW_YORK, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]),
)
def test_next_moments_ascend_and_do_not_depend_on_where_one_starts_to_look(
    after: int, schedule: str, zone: ZoneInfo
) -> None:
    start = dt.datetime.fromtimestamp(after, dt.UTC)
    first, second, third = next_times(_schedule(schedule), start, zone, 3)
    assert start < first < second < third
    assert next_times(_schedule(schedule), first, zone, 2) == (second, third)


@pytest.mark.parametrize(
    "text", ["* * * *", "60 * * * *", "* 24 * * *", "a * * * *", "5-1 * * * *", "* * 0 * *", "*/0 * * * *"]
)
def test_a_wrong_cron_expression_says_what_is_wrong(text: str) -> None:
    with pytest.raises(CronWrong, match=r"\w{4}"):
        parse_cron(text)


@pytest.mark.parametrize(
    ("moment", "value", "expected"),
    [
        ("7 days after quote.sent_on", dt.date(2026, 11, 21), "2026-11-27 16:00"),
        ("7 days after quote.sent_on at 09:00", dt.date(2026, 11, 21), "2026-11-28 01:00"),
        ("2 days before quote.sent_on", dt.date(2026, 11, 21), "2026-11-18 16:00"),
        ("1 month after quote.sent_on", dt.date(2027, 1, 31), "2027-02-27 16:00"),
        ("3 business days after quote.sent_on", dt.date(2026, 11, 20), "2026-11-24 16:00"),
        ("2 hours after quote.sent_at", dt.datetime(2026, 11, 21, 10, 30, tzinfo=dt.UTC), "2026-11-21 12:30"),
        ("3 days after quote.sent_at", dt.datetime(2026, 11, 21, 10, 30, tzinfo=dt.UTC), "2026-11-24 10:30"),
        ("3 days after quote.sent_at at 09:00", dt.datetime(2026, 11, 21, 20, 30, tzinfo=dt.UTC), "2026-11-25 01:00"),
        ("quote.sent_on is reached", dt.date(2026, 11, 21), "2026-11-20 16:00"),
        ("0 days after quote.sent_on at 08:00", dt.date(2026, 11, 21), "2026-11-21 00:00"),
    ],
)
def test_a_relative_time_comes_due_by_the_calendar_of_the_apps_zone(moment: str, value: dt.date, expected: str) -> None:
    assert due_moment(_moment(moment), value, SHANGHAI, BusinessCalendar()) == _utc(expected)


def test_a_relative_time_of_an_empty_field_never_comes() -> None:
    assert due_moment(_moment("7 days after quote.sent_on"), None, SHANGHAI, BusinessCalendar()) is None


def test_days_after_a_moment_keep_its_time_of_day_over_a_change_of_the_clock() -> None:
    value = dt.datetime(2026, 10, 24, 7, 0, tzinfo=dt.UTC)
    moment = _moment("2 days after quote.sent_at")
    assert due_moment(moment, value, BERLIN, BusinessCalendar()) == _utc("2026-10-26 08:00")


def test_business_days_and_hours_are_those_of_the_calendar() -> None:
    calendar = BusinessCalendar(
        holidays=frozenset({dt.date(2026, 11, 23)}), workdays=frozenset({dt.date(2026, 11, 21)})
    )
    days = _moment("2 business days after quote.sent_on")
    # Friday the 20th, then the worked Saturday, the holiday on Monday, and Tuesday.
    assert due_moment(days, dt.date(2026, 11, 20), SHANGHAI, calendar) == _utc("2026-11-23 16:00")
    hours = _moment("2 business hours after quote.sent_at")
    value = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
    # An hour is left of the Saturday, which is 17:00 in Shanghai; the next hour is Tuesday's first.
    assert due_moment(hours, value, SHANGHAI, calendar) == _utc("2026-11-24 02:00")
    nothing = BusinessCalendar(hours={})
    assert due_moment(days, dt.date(2026, 11, 20), SHANGHAI, nothing) is None
