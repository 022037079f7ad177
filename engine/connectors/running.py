"""Runs connectors: first theirs are taken, then ours are sent, then both sides are compared.

Where a run is stands in the database after each step: after a killed worker the next one goes on there. A call that
fails puts the run off, each time for twice as long; when its retries are used up the run has failed until its next
time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from engine.automation.schedules.next_times import next_times
from engine.automation.veil import veil_of
from engine.clock import Clock
from engine.connectors.comparing import Comparing
from engine.connectors.plan import Plan, plan_of
from engine.connectors.remote import ANSWER_BYTES, Remote, RemoteFailed
from engine.connectors.rows import COMPARE, DONE, FAILED, RETRYING, RUNNING, ConnectorRows, HoldLost
from engine.connectors.sending import Sending
from engine.connectors.taking import COUNTED, Taking
from engine.errors import EngineError
from engine.ids import IdMaker
from engine.releases.release import Release
from plugins.egress import EgressLimits, EgressPolicy, SafeEgress
from workflow_dsl.schedule_texts import schedule_of

_LOG = logging.getLogger("fieldstone.connectors")
_LIMITS = EgressLimits(total_s=20.0, answer_bytes=ANSWER_BYTES)
_TAKE, _SEND, _COMPARE = "take", "send", "compare"
_UNITS = {"second": "seconds", "minute": "minutes", "hour": "hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRuns:
    """Runs the connectors of one installation. secrets: name → value. allowed_hosts: hosts of the own network."""

    rows: ConnectorRows
    taking: Taking
    sending: Sending
    comparing: Comparing
    current: Callable[[], Release]
    clock: Clock
    ids: IdMaker
    secrets: Callable[[str], str | None]
    allowed_hosts: tuple[str, ...]
    secret: bytes
    limits: EgressLimits = _LIMITS
    is_stopping: Callable[[], bool] = lambda: False

    def run_due(self) -> int:
        """Run what is due; give how many runs were worked on."""
        names = self.current().metamodel.connectors
        return sum(self.work(name) for name in names if not self.is_stopping())

    def work(self, name: str) -> bool:
        """Work on the run of a connector, if one is due and nobody else does; say whether one was."""
        plan = plan_of(self.current(), name, self.secret)
        state = self.rows.state(name)
        if state is None:
            self.rows.make(name)
            state = self.rows.state(name)
            assert state is not None
        started = self._started(plan, state)
        if started is None:
            return False
        holder = self.ids.new()
        if not self.rows.hold(name, holder, started):
            return False
        run = {**state, **started}
        try:
            self._steps(plan, holder, run)
        except HoldLost:
            _LOG.warning("the run of connector '%s' took long; another worker has it by now", name)
        except RemoteFailed as failed:
            self._put_off(plan, holder, run, failed)
        except (EngineError, SQLAlchemyError) as error:
            self._fail(plan, holder, str(error) if isinstance(error, EngineError) else type(error).__name__)
        except Exception as error:  # whatever is wrong with one connector keeps none of the others from running
            _LOG.exception("the run of connector '%s' failed", name)
            self._fail(plan, holder, f"{type(error).__name__}; the log of the worker says more")
        return True

    def _started(self, plan: Plan, state: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give what a run begins or goes on with; None where none is due. A changed schedule counts at once."""
        now, schedule = self.clock.now(), plan.connector.schedule.text
        if state["state"] == RUNNING:
            return {"state": RUNNING}  # whoever had it is gone, else it is held
        due = state["next_at"] is not None and state["next_at"] <= now
        if state["state"] == RETRYING and (due or state["asked"]):
            return {"state": RUNNING, "asked": None}
        asked = state["asked"]
        if asked is None and state["schedule"] != schedule:
            with self.rows.database.write() as connection:
                self.rows.reschedule(connection, plan.connector.name, schedule, self._next(plan))
            return None
        if asked is None and not due:
            return None
        first = _COMPARE if asked == COMPARE else _TAKE if plan.connector.comes_in else _SEND
        return {
            "state": RUNNING, "asked": None, "phase": first, "cursor": None, "attempt": 0, "error": None,
            "started_at": now, "ended_at": None, "counts": dict.fromkeys(COUNTED, 0), "schedule": schedule,
            "next_at": self._next(plan),
        }  # fmt: skip

    def _steps(self, plan: Plan, holder: str, run: Mapping[str, Any]) -> None:
        remote, counts = self._remote(plan), dict(run["counts"] or dict.fromkeys(COUNTED, 0))
        name, phase, cursor = plan.connector.name, run["phase"], run["cursor"]
        while phase == _TAKE:
            page = remote.page(cursor)
            phase = _TAKE if page.next is not None else _SEND if plan.connector.goes_out else _COMPARE
            cursor = page.next
            self.taking.take(plan, holder, page.records, counts, {"phase": phase, "cursor": cursor, "attempt": 0})
        if phase == _SEND:
            self.sending.send(plan, holder, remote, counts, {"attempt": 0})
            with self.rows.database.write() as connection:
                self.rows.move(connection, name, holder, {"phase": _COMPARE, "attempt": 0})
        found = self.comparing.compare(plan, holder, remote)
        now = self.clock.now()
        ended = {"compared_at": now, "differences": len(found), "error": None, "phase": None, "cursor": None}
        with self.rows.database.write() as connection:
            self.rows.move(connection, name, holder, {**ended, **self._ended(plan, DONE)})
            self.rows.put_report(connection, name, found)

    def _put_off(self, plan: Plan, holder: str, run: Mapping[str, Any], failed: RemoteFailed) -> None:
        state = self.rows.state(plan.connector.name)
        attempt = (state["attempt"] if state is not None else 0) + 1
        if not failed.passing or attempt > plan.connector.retries:
            self._fail(plan, holder, failed.reason)
            return
        pause = _pause(plan.connector.pause) * 2 ** (attempt - 1)
        self._let_go(
            plan,
            holder,
            {"state": RETRYING, "attempt": attempt, "error": failed.reason, "next_at": self.clock.now() + pause},
        )

    def _fail(self, plan: Plan, holder: str, reason: str) -> None:
        self._let_go(plan, holder, {**self._ended(plan, FAILED), "error": reason})

    def _let_go(self, plan: Plan, holder: str, values: Mapping[str, Any]) -> None:
        given = {"holder": None, "held_until": None, **values}
        try:
            with self.rows.database.write() as connection:
                self.rows.move(connection, plan.connector.name, holder, given)
        except HoldLost:
            _LOG.warning("the run of connector '%s' is another worker's by now", plan.connector.name)

    def _ended(self, plan: Plan, state: str) -> dict[str, Any]:
        following = self._next(plan)
        return {
            "state": state, "ended_at": self.clock.now(), "next_at": following, "holder": None, "held_until": None,
        }  # fmt: skip

    def _next(self, plan: Plan) -> dt.datetime | None:
        schedule = schedule_of(plan.connector.schedule.text)
        zone = ZoneInfo(plan.release.metamodel.main.timezone)
        found = next_times(schedule, self.clock.now(), zone) if schedule is not None else ()
        return found[0] if found else None

    def _remote(self, plan: Plan) -> Remote:
        connection = plan.release.metamodel.connections.get(plan.connector.connection)
        if connection is None:
            raise RemoteFailed(f"The connection '{plan.connector.connection}' is gone.", passing=False)
        options, headers = connection.options, {"Accept": "application/json"}
        name = options.get("secret")
        if name is not None:
            value = self.secrets(str(name))
            if not value:
                raise RemoteFailed(f"The secret '{name}' of connection '{connection.name}' is not set.", passing=True)
            headers["Authorization"] = f"Bearer {value}"
        given = options.get("headers")
        headers |= {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
        return Remote(
            name=plan.connector.name,
            url=str(options.get("url") or "").rstrip("/") + plan.connector.path,
            headers=headers,
            client=SafeEgress(EgressPolicy(private_hosts=self.allowed_hosts), self.limits),
            veil=veil_of(plan.release.metamodel.connections.values(), self.secrets),
        )


def _pause(text: str) -> dt.timedelta:
    amount, unit = text.split()
    return dt.timedelta(**{_UNITS[unit.removesuffix("s")]: int(amount)})
