"""Sends webhook calls again that somebody asked for: what was decided then, with the same event id and key.

A duty of the housekeeping, one call at a time; a call that fails is tried again after growing pauses, five times in
all. The run that once made the call is left as it is.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from engine.automation.outside import Outgoing
from engine.automation.run_rows import run_of_row
from engine.automation.run_state import StepFailed
from engine.automation.stored_values import from_stored, to_stored
from engine.automation.surroundings import RunSurroundings
from engine.automation.webhook_calls.tries import CALL
from engine.storage.system_tables import SystemTables
from plugins.contexts import NoParts
from plugins.contributions import ActionDone, ActionFailed

AGAIN = "again"
"""The state of a message that somebody asked to be sent again."""
FAILED = "failed"
_TRIES = 5
_FIRST_PAUSE = dt.timedelta(seconds=20)
_LEASE = dt.timedelta(minutes=5)
"""After so long another worker takes up what one began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAgain:
    """Works on messages that are to be sent again."""

    surrounds: RunSurroundings
    system: SystemTables

    def send(self) -> bool:
        """Send the call that is due for longest, if any is; say whether one was."""
        taken = self._take()
        if taken is None:
            return False
        key, tries = taken
        try:
            values = self._sent(self._deliver(key))
        except (ActionFailed, StepFailed) as failed:
            values = self._put_off(tries, failed)
        message = self.system.message
        with self.surrounds.database.write() as connection:
            mine = (message.c.key == key, message.c.state == AGAIN)
            connection.execute(update(message).where(*mine).values(**values))
        return True

    def _take(self) -> tuple[str, int] | None:
        """Take one message for a while; give its key and how often it was tried since somebody asked."""
        message, now = self.system.message, self.surrounds.clock.now()
        due = (message.c.state == AGAIN, message.c.kind == CALL, message.c.next_at <= now)
        with self.surrounds.database.read() as connection:
            if connection.execute(select(message.c.id).where(*due).limit(1)).first() is None:
                return None
        with self.surrounds.database.write() as connection:
            asked = select(message).where(*due).order_by(message.c.next_at).limit(1)
            row = connection.execute(asked.with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                return None
            tries = int((row["answer"] or {}).get("tries", 0)) + 1
            values = {"next_at": now + _LEASE, "answer": {"tries": tries}, "attempts": message.c.attempts + 1}
            connection.execute(update(message).where(message.c.key == row["key"]).values(**values))
        return str(row["key"]), tries

    def _deliver(self, key: str) -> ActionDone:
        message, run_table = self.system.message, self.system.run
        with self.surrounds.database.read() as connection:
            sent = connection.execute(select(message).where(message.c.key == key)).mappings().one()
            row = connection.execute(select(run_table).where(run_table.c.id == sent["run_id"])).mappings().first()
        run = run_of_row(row) if row is not None else None
        program = self.surrounds.program(run) if run is not None else None
        if run is None or program is None:
            raise StepFailed("The rule of this call is gone.", permanent=True)
        outgoing = Outgoing(action=sent["kind"], target=sent["target"] or "", inputs=from_stored(sent["payload"] or {}))
        courier = self.surrounds.courier(run, program)
        return courier.deliver(outgoing, path=sent["step"], attempt=sent["attempts"], parts=NoParts())

    def _sent(self, done: ActionDone) -> dict[str, Any]:
        now = self.surrounds.clock.now()
        return {
            "state": "sent" if done.delivered else "not sent",
            "answer": to_stored({"summary": done.summary, **done.value}),
            "sent_at": now if done.delivered else None,
            "next_at": None,
            "error": None,
        }

    def _put_off(self, tries: int, failed: ActionFailed | StepFailed) -> dict[str, Any]:
        if failed.permanent or tries >= _TRIES:
            return {"state": FAILED, "error": failed.reason, "next_at": None}
        pause = dt.timedelta(seconds=failed.retry_after_s or 0)
        pause = max(pause, _FIRST_PAUSE * 3 ** (tries - 1))
        return {"error": failed.reason, "next_at": self.surrounds.clock.now() + pause}
