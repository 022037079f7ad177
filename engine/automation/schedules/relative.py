"""When `7 days after quote.sent_at at 09:00` comes due for a value of the field."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.automation.schedules.moments import local_moment
from workflow_dsl.durations import Duration, add_months, duration_of_literal
from workflow_dsl.evaluation_errors import NotComputable
from workflow_dsl.periods import move_business_days, shift_moment
from workflow_dsl.syntax import Moment
from workflow_dsl.workdays import BusinessCalendar

_MIDNIGHT = dt.time(0, 0)


def due_moment(
    moment: Moment, value: dt.date | dt.datetime | None, zone: ZoneInfo, calendar: BusinessCalendar
) -> dt.datetime | None:
    """Give the instant (aware UTC) at which a moment comes due; None where the field is empty or out of the calendar.

    A date comes due at 00:00 of the zone or at the time given. A datetime keeps its time of day through days and
    months, unless a time is given. Business days and hours are those of the calendar.
    """
    if value is None:
        return None
    duration = duration_of_literal(moment.offset) if moment.offset is not None else Duration()
    if moment.before:
        duration = duration.times(-1)
    time = moment.time.value if moment.time is not None else None
    offset = _Offset(duration, time, zone, calendar)
    try:
        if isinstance(value, dt.datetime):
            return offset.from_instant(value)
        return offset.from_day(value, _MIDNIGHT)
    except (OverflowError, NotComputable):
        return None


def counts_business_time(moment: Moment) -> bool:
    """Say whether a moment depends on the calendar of business days and hours."""
    duration = duration_of_literal(moment.offset) if moment.offset is not None else Duration()
    return bool(duration.business_days or duration.business_seconds)


@dataclass(frozen=True, slots=True)
class _Offset:
    """How far from a value a moment lies. time: of the day it comes due at, where one is given."""

    duration: Duration
    time: dt.time | None
    zone: ZoneInfo
    calendar: BusinessCalendar

    def from_instant(self, value: dt.datetime) -> dt.datetime:
        duration = self.duration
        if self.time is None and not (duration.months or duration.days or duration.business_days):
            return self._clock_moved(value).astimezone(dt.UTC)
        local = value.astimezone(self.zone)
        return self.from_day(local.date(), local.time())

    def from_day(self, day: dt.date, own_time: dt.time) -> dt.datetime:
        duration = self.duration
        moved = add_months(day, int(duration.months)) + dt.timedelta(days=float(duration.days))
        moved = move_business_days(moved, int(duration.business_days), self.calendar.is_workday)
        shifted = self._clock_moved(local_moment(moved, own_time, self.zone))
        if self.time is None:
            return shifted
        return local_moment(shifted.astimezone(self.zone).date(), self.time, self.zone)

    def _clock_moved(self, moment: dt.datetime) -> dt.datetime:
        by = Duration(seconds=self.duration.seconds, business_seconds=self.duration.business_seconds)
        return shift_moment(moment, by, self.zone, self.calendar)
