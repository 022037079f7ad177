"""The rows of fs_access_request, and what is told of one. Plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.access.explaining.answers import Asked

NOTICE_OBJECT = "fs_access_request"
"""The name that notices about requests stand under."""


class AskState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One request. granted, until: what was given; answer: what who decided wrote."""

    id: str
    user_id: str
    asked: Asked
    reason: str
    state: AskState
    at: dt.datetime
    decided_at: dt.datetime | None
    decided_by: str | None
    granted: str | None
    until: dt.datetime | None
    answer: str


def request_of(row: Any) -> AccessRequest:
    """Read a row."""
    asked = Asked(action=row.action, object=row.object, record_id=row.record_id, field=row.field)
    return AccessRequest(
        id=row.id,
        user_id=row.user_id,
        asked=asked,
        reason=row.reason,
        state=AskState(row.state),
        at=row.at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        granted=row.granted,
        until=row.until,
        answer=row.answer or "",
    )
