"""Reads since when something is asked: a length of time back (`30d`), or a day."""

from __future__ import annotations

import datetime as dt
import re

_LENGTH = re.compile(r"(\d{1,4})\s*(h|d|w)", re.ASCII)
_UNITS = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}


def since_moment(text: str, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Give the moment that a text means; a day begins in the app's zone.

    Raises: ValueError.
    """
    found = _LENGTH.fullmatch(text.strip().lower())
    try:
        if found is not None:
            return now - int(found[1]) * _UNITS[found[2]]
        moment = dt.datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{text[:40]}' is no time back; write hours, days or weeks (12h, 30d, 4w) or a day") from None
