"""Runs whose row cannot be read: put into the failed list with the reason, so that they are not taken for ever.

What cannot be read is taken out of the row, since lists and pages read it as well. Such a run can be put aside and not
retried.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from sqlalchemy import Table, select, update

from engine.automation.run_rows import run_of_row
from engine.automation.run_state import OPEN_STATES, RunState
from engine.storage.database import Database

_LOG = logging.getLogger("fieldstone.automation")
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
"""What reading a row raises that holds something else than this program writes."""
UNREADABLE_OUTCOME = "unreadable"
_STAND_INS = {"snapshot": {}, "position": {"segment": 0, "begun": 0}, "cause": []}


def park_unreadable(database: Database, run: Table, run_id: str, error: Exception, now: dt.datetime) -> str:
    """Park a run; give a word on how it went, as a piece does. An error that has another cause is raised again."""
    with database.write() as connection:
        stand_ins: dict[str, Any] = {}
        plain = [column for column in run.c if column.name not in _STAND_INS]
        row = dict(connection.execute(select(*plain).where(run.c.id == run_id)).mappings().one())
        for name, stand_in in _STAND_INS.items():
            try:
                value = connection.execute(select(run.c[name]).where(run.c.id == run_id)).scalar()
                run_of_row({**row, **_STAND_INS, name: value})
            except UNREADABLE:
                stand_ins[name] = stand_in
        if not stand_ins:
            raise error
        _LOG.error("run %s cannot be read (%s): %r", run_id, ", ".join(stand_ins), error)
        connection.execute(
            update(run)
            .where(run.c.id == run_id, run.c.state.in_([state.value for state in OPEN_STATES]))
            .values(
                state=RunState.FAILED.value,
                outcome=UNREADABLE_OUTCOME,
                error=f"The run cannot be read ({', '.join(stand_ins)}): {error}",
                finished_at=now,
                **stand_ins,
            )
        )
    return "parked"
