"""When a schedule comes due: pure functions over the calendar of a zone, without a clock and without a database."""

from __future__ import annotations

from engine.automation.schedules.moments import local_moment
from engine.automation.schedules.next_times import next_times
from engine.automation.schedules.relative import counts_business_time, due_moment

__all__ = ["counts_business_time", "due_moment", "local_moment", "next_times"]
