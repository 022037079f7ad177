"""From a local time to the one instant it stands for: the first valid one in a gap, the first one in an overlap."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def local_moment(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Give the instant (aware UTC) of a local time.

    Where clocks go forward over it, it is the moment they do; where they go back over it, its first occurrence.
    """
    naive = dt.datetime.combine(day, time.replace(tzinfo=None))
    first = naive.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    if first.astimezone(zone).replace(tzinfo=None) == naive:
        return first
    second = naive.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    return _change_between(min(first, second), max(first, second), zone)


def _change_between(low: dt.datetime, high: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    # The gap's end lies between the two readings of the missing time; halve until it is known to the second.
    before = low.astimezone(zone).utcoffset()
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
