"""Says which rows of fs_role hold at a moment: a role held until a moment ends by itself, nothing has to end it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Table, or_


def is_held(role: Table, now: dt.datetime) -> ColumnElement[bool]:
    """Give the condition that a row of fs_role holds."""
    return or_(role.c.until.is_(None), role.c.until > now)
