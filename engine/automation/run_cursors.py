"""Places in a list of runs, as texts that a page of them ends with and the next one begins after."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson


def write_cursor(row: Mapping[Any, Any]) -> str:
    """Give the place of a run."""
    return base64.urlsafe_b64encode(orjson.dumps([row["created_at"], row["id"]])).decode()


def read_cursor(cursor: str | None) -> tuple[dt.datetime, str] | None:
    """Give the moment and id that a place names; None for the beginning, and for what is no place."""
    if not cursor:
        return None
    try:
        at, last = orjson.loads(base64.urlsafe_b64decode(cursor))
        return dt.datetime.fromisoformat(at).astimezone(dt.UTC), str(UUID(last))
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error):
        return None
