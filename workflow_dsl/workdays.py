"""Business time: the days that count, without holidays, with the weekends worked instead of them (调休); its hours.

A calendar also has a written form, `weekdays|holidays|workdays|hours|zone`, in which a database gets it as one
parameter; hours are `1@09:00-12:00,13:00-18:00;2@…`.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

Hours = tuple[tuple[dt.time, dt.time], ...]
OFFICE_HOURS: Hours = ((dt.time(9), dt.time(18)),)


def _office_week() -> Mapping[int, Hours]:
    return MappingProxyType(dict.fromkeys(range(1, 6), OFFICE_HOURS))


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """A calendar. hours: by weekday, 1 is Monday … 7 Sunday; a weekday without any does not count.

    A day that is a holiday and a workday is a workday; a worked day of a weekday without hours has those of the first
    weekday that has some. zone: None = the app's.
    """

    hours: Mapping[int, Hours] = field(default_factory=_office_week)
    holidays: frozenset[dt.date] = frozenset()
    workdays: frozenset[dt.date] = frozenset()
    zone: str | None = None

    def is_workday(self, day: dt.date) -> bool:
        """Say whether a day counts."""
        return day in self.workdays or (day.isoweekday() in self.hours and day not in self.holidays)

    def spans(self, day: dt.date, zone: dt.tzinfo) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Give from when to when work counts on a day, as instants, in their order."""
        if self.is_workday(day):
            own = zone if self.zone is None else ZoneInfo(self.zone)
            for first, last in self.hours.get(day.isoweekday()) or self._common:
                yield tuple(dt.datetime.combine(day, at, own).astimezone(dt.UTC) for at in (first, last))  # type: ignore[misc]

    @property
    def _common(self) -> Hours:
        return self.hours[min(self.hours)] if self.hours else OFFICE_HOURS

    @property
    def written(self) -> str:
        """The calendar as one text.

        >>> BusinessCalendar(hours={1: OFFICE_HOURS}, holidays=frozenset({dt.date(2026, 10, 1)})).written
        '1|2026-10-01||1@09:00-18:00|'
        """
        hours = ";".join(
            f"{day}@" + ",".join(f"{_clock(first)}-{_clock(last)}" for first, last in spans)
            for day, spans in sorted(self.hours.items())
        )
        weekdays = "".join(map(str, sorted(self.hours)))
        return "|".join((weekdays, _days(self.holidays), _days(self.workdays), hours, self.zone or ""))


def _clock(time: dt.time) -> str:
    return time.isoformat(timespec="microseconds" if time.microsecond else "minutes")


def _days(days: frozenset[dt.date]) -> str:
    return " ".join(day.isoformat() for day in sorted(days))


@functools.lru_cache(maxsize=64)
def read_calendar(written: str) -> BusinessCalendar:
    """Give the calendar of a written form."""
    _weekdays, holidays, workdays, hours, zone = written.split("|")
    return BusinessCalendar(
        hours={int(part[0]): _hours(part[2:]) for part in hours.split(";") if part},
        holidays=frozenset(map(dt.date.fromisoformat, holidays.split())),
        workdays=frozenset(map(dt.date.fromisoformat, workdays.split())),
        zone=zone or None,
    )


def _hours(text: str) -> Hours:
    spans = (span.split("-") for span in text.split(","))
    return tuple((dt.time.fromisoformat(first), dt.time.fromisoformat(last)) for first, last in spans)
