"""Which time zone a person has: the one of their record where it is one, else the app's."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(wanted: str | None, otherwise: str) -> str:
    """Give the zone that a person's record names, which may hold any text, or `otherwise`.

    >>> zone_of("Europe/Berlin", "UTC"), zone_of("../etc/passwd", "UTC"), zone_of(None, "UTC")
    ('Europe/Berlin', 'UTC', 'UTC')
    """
    if not wanted:
        return otherwise
    try:
        return ZoneInfo(wanted).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise
