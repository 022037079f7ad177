"""Failures in a row: counts them, switches off a rule that fails too often, and tells those who look after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update

from engine.access.actor import Origin
from engine.automation.notices import Notices
from engine.automation.run_state import Run
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.storage.system_tables import SystemTables

_REMEMBERED_S = 2.0


class RuleHealth:
    """Reads and writes fs_rule_state.

    caretakers: gives the roles whose holders are told (those with `retry_runs`).
    """

    def __init__(
        self,
        *,
        system: SystemTables,
        notices: Notices,
        clock: Clock,
        tuning: Tuning,
        caretakers: Callable[[], frozenset[str]],
    ) -> None:
        self._state = system.rule_state
        self._audit = system.audit
        self._notices = notices
        self._clock = clock
        self._tuning = tuning
        self._caretakers = caretakers
        self._lock = threading.Lock()
        self._off: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    def switched_off(self, connection: Connection) -> frozenset[str]:
        """Give the rules that are switched off, as known within the last seconds."""
        known = self.remembered()
        if known is not None:
            return known
        rows = connection.execute(select(self._state.c.rule).where(self._state.c.off_at.is_not(None)))
        off = frozenset(row[0] for row in rows)
        with self._lock:
            self._off, self._asked_at = off, time.monotonic()
        return off

    def remembered(self) -> frozenset[str] | None:
        """Give the rules that are switched off where that was asked within the last seconds, else None."""
        with self._lock:
            return self._off if time.monotonic() - self._asked_at < _REMEMBERED_S else None

    def note(self, connection: Connection, run: Run, *, failed: bool, error: str | None) -> None:
        """Count the end of a run; switch its rule off after too many failures in a row."""
        state, now = self._state, self._clock.now()
        if not failed:
            met = (state.c.rule == run.rule, state.c.failures > 0, state.c.off_at.is_(None))
            connection.execute(update(state).where(*met).values(failures=0, last_run_at=now))
            return
        row = connection.execute(
            select(state.c.failures, state.c.off_at).where(state.c.rule == run.rule).with_for_update()
        ).first()
        failures = 1 + (row[0] if row is not None else 0)
        values: dict[str, object] = {"failures": failures, "last_run_at": now}
        if failures >= self._tuning.failures_to_switch_off and (row is None or row[1] is None):
            values |= {"off_at": now, "reason": error}
            self._note(connection, run, error)
            self._tell(connection, run, failures, error)
        if row is None:
            connection.execute(insert(state).values(rule=run.rule, **values))
        else:
            connection.execute(update(state).where(state.c.rule == run.rule).values(**values))
        self.forget()

    def switch_on(self, connection: Connection, rule: str) -> bool:
        """Let a rule run again; False where it is not switched off. After the commit `forget` what was known."""
        state = self._state
        done = connection.execute(
            update(state)
            .where(state.c.rule == rule, state.c.off_at.is_not(None))
            .values(failures=0, off_at=None, reason=None)
        )
        return done.rowcount == 1

    def _note(self, connection: Connection, run: Run, error: str | None) -> None:
        connection.execute(
            insert(self._audit).values(
                object="fs_rule",
                at=self._clock.now(),
                actor_name="automation",
                origin=Origin.RULE.value,
                run_id=run.id,
                release=run.release,
                action="switched_off",
                changes={"rule": [None, run.rule], "reason": [None, error]},
            )
        )

    def _tell(self, connection: Connection, run: Run, failures: int, error: str | None) -> None:
        text = f"The rule '{run.rule}' failed {failures} times in a row and is switched off. Last error: {error}"
        for user_id in self._notices.holders(connection, self._caretakers(), at=self._clock.now()):
            key = f"off:{run.id}:{user_id}"
            self._notices.add(connection, user_id, text, key=key, at=self._clock.now(), run_id=run.id)

    def forget(self) -> None:
        """Ask the database anew which rules are switched off."""
        with self._lock:
            self._asked_at = float("-inf")
