"""Each try of a webhook call with its request and answer, and the webhooks that answered 410 Gone.

A 410 says that nobody is there any more: the webhook is switched off for the address that said so, those who look after
rules are told, and nothing is sent to it until somebody switches it on or a release gives it another address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.access.actor import Origin, system_actor
from engine.audit.entries import entry_values
from engine.automation.notices import Notices
from engine.automation.run_state import Run
from engine.clock import Clock
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.apps import ConnectionDef
from plugins.contexts import Answer, EgressClient, EgressFailed, EgressRefused

CALL = "call_webhook"
WEBHOOK = "fs_webhook"
"""What entries of the audit log about webhooks are about."""
GONE = 410
_MOST = 65_536
"""Characters that are kept of a request or an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOff:
    """A webhook that is switched off: since when, and the address that answered 410."""

    connection: str
    url: str
    at: dt.datetime


@dataclass(slots=True, kw_only=True)
class WebhookTries:
    """Writes fs_webhook_try and fs_webhook_off. caretakers: gives the roles whose holders are told."""

    database: Database
    system: SystemTables
    notices: Notices
    clock: Clock
    caretakers: Callable[[], frozenset[str]]

    def off(self, connection: ConnectionDef) -> WebhookOff | None:
        """Say whether a webhook is switched off, at the address that it has now."""
        table = self.system.webhook_off
        url = str(connection.options.get("url", ""))
        with self.database.read() as reading:
            asked = select(table).where(table.c.connection == connection.name, table.c.url == url)
            row = reading.execute(asked).first()
        return WebhookOff(connection=row.connection, url=row.url, at=row.at) if row is not None else None

    def watch(self, egress: EgressClient, *, run: Run, path: str, connection: str) -> EgressClient:
        """Give an egress client that keeps what is sent by it and what is answered."""
        return _WatchedEgress(inner=egress, tries=self, run=run, path=path, connection=connection)

    def switch_on(self, connection: Connection, name: str) -> bool:
        """Let a webhook be called again; False where it is not switched off."""
        table = self.system.webhook_off
        return connection.execute(delete(table).where(table.c.connection == name)).rowcount == 1

    def note(self, run: Run, path: str, name: str, request: Request, *, answer: Answer | None, error: str) -> None:
        """Keep one try; switch the webhook off where the answer was 410."""
        now = self.clock.now()
        with self.database.write() as connection:
            connection.execute(
                insert(self.system.webhook_try).values(
                    key=run.key(path),
                    run_id=run.id,
                    at=now,
                    url=request.url,
                    headers=dict(request.headers),
                    body=_kept(request.body),
                    status=answer.status if answer is not None else None,
                    answer_headers=dict(answer.headers) if answer is not None else None,
                    answer=_kept(answer.body) if answer is not None else None,
                    error=error or None,
                )
            )
            if answer is not None and answer.status == GONE:
                self._switch_off(connection, run, name, request.url, now)

    def _switch_off(self, connection: Connection, run: Run, name: str, url: str, now: dt.datetime) -> None:
        table = self.system.webhook_off
        make = postgresql_insert if self.database.dialect is Dialect.POSTGRESQL else sqlite_insert
        values = {"url": url, "at": now}
        connection.execute(
            make(table)
            .values(connection=name, **values)
            .on_conflict_do_update(index_elements=["connection"], set_=values)
        )
        facts = {"connection": name, "status": GONE}
        entry = entry_values(system_actor(Origin.RULE), WEBHOOK, "switched_off", now, facts, release=run.release)
        connection.execute(insert(self.system.audit).values(entry | {"run_id": run.id}))
        text = f"The webhook '{name}' answered 410 (gone) and is switched off."
        for user_id in self.notices.holders(connection, self.caretakers(), at=now):
            self.notices.add(connection, user_id, text, key=f"gone:{run.id}:{user_id}", at=now, run_id=run.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _WatchedEgress:
    inner: EgressClient
    tries: WebhookTries
    run: Run
    path: str
    connection: str

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send, and keep what was sent and answered. Raises: EgressRefused, EgressFailed."""
        request = Request(url=url, headers=headers, body=body)
        try:
            answer = self.inner.post(url, body=body, headers=headers)
        except (EgressRefused, EgressFailed) as failed:
            self.tries.note(self.run, self.path, self.connection, request, answer=None, error=str(failed))
            raise
        self.tries.note(self.run, self.path, self.connection, request, answer=answer, error="")
        return answer


def _kept(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")[:_MOST]
