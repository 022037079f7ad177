"""What leaves the installation, as rows of fs_message: decided once a key, with what became of it."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from engine.automation.outside import Outgoing
from engine.automation.stored_values import from_stored, to_stored
from engine.clock import Clock
from engine.ids import IdMaker
from engine.storage.system_tables import SystemTables
from plugins.contributions import ActionDone

_PARTS = "parts"


class MessageRows:
    """Reads and writes fs_message."""

    def __init__(self, system: SystemTables, clock: Clock, ids: IdMaker) -> None:
        self._message = system.message
        self._clock = clock
        self._ids = ids

    def kept(self, connection: Connection, key: str) -> Outgoing | None:
        """Give what was decided for a key, None where nothing was yet; counts the try."""
        message = self._message
        row = connection.execute(select(message).where(message.c.key == key)).mappings().first()
        if row is None:
            return None
        connection.execute(update(message).where(message.c.key == key).values(attempts=message.c.attempts + 1))
        return Outgoing(action=row["kind"], target=row["target"] or "", inputs=from_stored(row["payload"] or {}))

    def keep(self, connection: Connection, key: str, outgoing: Outgoing, *, run_id: str, path: str) -> None:
        """Decide what a key sends."""
        connection.execute(
            insert(self._message).values(
                id=self._ids.new(),
                key=key,
                kind=outgoing.action,
                target=outgoing.target,
                payload=to_stored(outgoing.inputs),
                state="sending",
                attempts=1,
                run_id=run_id,
                step=path,
                created_at=self._clock.now(),
            )
        )

    def parts(self, connection: Connection, key: str) -> frozenset[str]:
        """Give the parts of a message that have left."""
        return frozenset(self._parts(connection, key))

    def note_part(self, connection: Connection, key: str, part: str) -> None:
        """Note that a part has left, until all is settled."""
        message = self._message
        answer = {_PARTS: [*self._parts(connection, key), part]}
        connection.execute(update(message).where(message.c.key == key).values(answer=answer))

    def _parts(self, connection: Connection, key: str) -> list[str]:
        message = self._message
        answer = connection.execute(select(message.c.answer).where(message.c.key == key)).scalar()
        return list((answer or {}).get(_PARTS, ()))

    def settle(self, connection: Connection, key: str, done: ActionDone) -> None:
        """Note what became of it."""
        message = self._message
        connection.execute(
            update(message)
            .where(message.c.key == key)
            .values(
                state="sent" if done.delivered else "not sent",
                answer=to_stored({"summary": done.summary, **done.value}),
                sent_at=self._clock.now() if done.delivered else None,
            )
        )
