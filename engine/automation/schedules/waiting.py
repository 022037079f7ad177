"""When a wait ends: days and months by the calendar of the zone, hours and less by the clock."""

from __future__ import annotations

import datetime as dt

from workflow_dsl.context import Context
from workflow_dsl.durations import Duration
from workflow_dsl.periods import shift_moment


def end_of_wait(begun: dt.datetime, duration: object, context: Context) -> dt.datetime:
    """Give the instant a wait ends; an empty duration ends at once."""
    if not isinstance(duration, Duration):
        return begun
    return max(shift_moment(begun, duration, context.zone, context.calendar), begun)
