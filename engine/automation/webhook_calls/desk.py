"""What those who look after automation see of webhook calls, and press: send again, switch on.

Seen with the system right `view_runs`, pressed with `retry_runs`; every press is an entry of the audit log. What was
sent and answered may hold any value of any record, so only who reads all records and fields in clear sees it; the
others see which call it was, and what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from engine.access.actor import Actor
from engine.access.predicates import EVERYONE, ParentIs, Predicate
from engine.audit.entries import entry_values
from engine.automation.run_sight import RunSight
from engine.automation.run_state import OPEN_STATES
from engine.automation.webhook_calls.again import AGAIN, FAILED
from engine.automation.webhook_calls.tries import CALL, WEBHOOK, WebhookOff, WebhookTries
from engine.errors import AccessDenied, EngineError
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables

UNDER_WAY = "sending"
_OPEN = frozenset(state.value for state in OPEN_STATES)


class CallNotFound(EngineError):
    """There is no such webhook call."""

    def __init__(self, call: str) -> None:
        self.call = call
        super().__init__(f"There is no webhook call {call}.")


class CallUnderWay(EngineError):
    """A webhook call cannot be sent again since it is still being sent."""

    def __init__(self) -> None:
        super().__init__("The call is still under way: it is tried by itself.")


class WebhookNotOff(EngineError):
    """A webhook cannot be switched on since it is not switched off."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        super().__init__(f"The webhook '{connection}' is not switched off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTry:
    """One try. What was sent and answered is None where the reader may not see it; status: None without an answer."""

    at: dt.datetime
    status: int | None
    url: str | None = None
    headers: Mapping[str, str] | None = None
    body: str | None = None
    answer_headers: Mapping[str, str] | None = None
    answer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """One call. state: sending, sent, not sent, again, failed. key: the event id and idempotency key it carries."""

    id: str
    key: str
    connection: str
    rule: str
    run: str
    state: str
    created_at: dt.datetime
    sent_at: dt.datetime | None
    next_at: dt.datetime | None
    tries: tuple[WebhookTry, ...]
    shows_all: bool

    @property
    def status(self) -> int | None:
        """The status of the last answer."""
        return next((each.status for each in reversed(self.tries) if each.status is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPage:
    """Calls, the newest first; before: where the next page begins, None at the end."""

    rows: tuple[WebhookCall, ...]
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDesk:
    """Asked by pages and API."""

    system: SystemTables
    sight: RunSight
    records: Records
    current: Callable[[], Release]
    tries: WebhookTries

    def list(
        self, actor: Actor, *, connection: str | None = None, limit: int = 50, before: str | None = None
    ) -> WebhookPage:
        """Give calls, the newest first, of one webhook or all.

        Raises: AccessDenied.
        """
        self._require(actor, "view_runs", "list")
        message = self.system.message
        which: list[ColumnElement[bool]] = [message.c.kind == CALL]
        if connection is not None:
            which.append(message.c.target == connection)
        if before is not None:
            which.append(message.c.id < before)
        found = self._read(actor, which, limit + 1)
        more = len(found) > limit
        return WebhookPage(rows=tuple(found[:limit]), before=found[limit - 1].id if more else None)

    def show(self, actor: Actor, call_id: str) -> WebhookCall:
        """Give one call with its tries.

        Raises: AccessDenied, CallNotFound.
        """
        self._require(actor, "view_runs", "read")
        message = self.system.message
        found = self._read(actor, [message.c.kind == CALL, message.c.id == call_id], 1)
        if not found:
            raise CallNotFound(call_id)
        return found[0]

    def send_again(self, actor: Actor, call_id: str) -> WebhookCall:
        """Let a call be sent again by a worker, with the event id and key that it had.

        Raises: AccessDenied, CallNotFound, CallUnderWay.
        """
        self._require(actor, "retry_runs", "send again")
        message, now = self.system.message, self.tries.clock.now()
        found = self.show(actor, call_id)
        if found.state in (UNDER_WAY, AGAIN):
            raise CallUnderWay
        with self.tries.database.write() as connection:
            mine = (message.c.id == call_id, message.c.state != AGAIN)
            asked = {"state": AGAIN, "next_at": now, "answer": {}, "error": None}
            if connection.execute(update(message).where(*mine).values(**asked)).rowcount != 1:
                raise CallUnderWay
            facts = {"connection": found.connection, "call": call_id}
            entry = entry_values(actor, WEBHOOK, "sent_again", now, facts)
            connection.execute(insert(self.system.audit).values(entry | {"run_id": found.run}))
        return self.show(actor, call_id)

    def off(self, actor: Actor) -> Sequence[WebhookOff]:
        """Give the webhooks that are switched off.

        Raises: AccessDenied.
        """
        self._require(actor, "view_runs", "list")
        known = self.current().metamodel.connections
        told = [self.tries.off(each) for _name, each in sorted(known.items())]
        return [each for each in told if each is not None]

    def switch_on(self, actor: Actor, connection_name: str) -> None:
        """Let a webhook be called again.

        Raises: AccessDenied, WebhookNotOff.
        """
        self._require(actor, "retry_runs", "switch on")
        with self.tries.database.write() as connection:
            if not self.tries.switch_on(connection, connection_name):
                raise WebhookNotOff(connection_name)
            facts = {"connection": connection_name}
            entry = entry_values(actor, WEBHOOK, "switched_on", self.tries.clock.now(), facts)
            connection.execute(insert(self.system.audit).values(entry))

    def _read(self, actor: Actor, which: Sequence[ColumnElement[bool]], limit: int) -> Sequence[WebhookCall]:
        message, run, tried = self.system.message, self.system.run, self.system.webhook_try
        joined = message.outerjoin(run, run.c.id == message.c.run_id)
        asked = (
            select(message, run.c.rule, run.c.state.label("run_state"))
            .select_from(joined)
            .where(*which)
            .order_by(message.c.id.desc())
            .limit(limit)
        )
        shows_all = self._reads_everything(actor)
        with self.tries.database.read() as connection:
            rows = connection.execute(asked).mappings().all()
            keys = [row["key"] for row in rows]
            parts = select(tried).where(tried.c.key.in_(keys)).order_by(tried.c.id)
            tries = connection.execute(parts).mappings().all() if keys else []
        by_key: dict[str, list[WebhookTry]] = {}
        for each in tries:
            by_key.setdefault(each["key"], []).append(_try(each, shows_all))
        return [_call(row, tuple(by_key.get(row["key"], ())), shows_all) for row in rows]

    def _reads_everything(self, actor: Actor) -> bool:
        access = self.records.access(actor)
        for key, object_def in self.current().metamodel.objects.items():
            own = access.of(key)
            if not _is_everyone(own.actions["read"]) or not own.whole >= object_def.fields.keys():
                return False
        return True

    def _require(self, actor: Actor, right: str, what: str) -> None:
        if not self.sight.has_right(actor, right):
            raise AccessDenied(what, "webhook calls", f"it needs the system right '{right}'.")


def _is_everyone(condition: Predicate) -> bool:
    """Say whether a condition holds for every record; parts are read with what they are parts of."""
    while isinstance(condition, ParentIs):
        condition = condition.condition
    return condition is EVERYONE


def _try(row: Mapping[Any, Any], shows_all: bool) -> WebhookTry:
    if not shows_all:
        return WebhookTry(at=row["at"], status=row["status"])
    names = ("at", "status", "url", "headers", "body", "answer_headers", "answer", "error")
    return WebhookTry(**{name: row[name] for name in names})


def _call(row: Mapping[Any, Any], tries: tuple[WebhookTry, ...], shows_all: bool) -> WebhookCall:
    state = row["state"]
    if state == UNDER_WAY and row["run_state"] not in _OPEN:
        state = FAILED
    return WebhookCall(
        id=row["id"],
        key=row["key"],
        connection=row["target"] or "",
        rule=row["rule"] or "",
        run=row["run_id"],
        state=state,
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        next_at=row["next_at"],
        tries=tries,
        shows_all=shows_all,
    )
