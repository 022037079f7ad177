"""How often a form may be sent, from one address and in all, counted in the database for all processes together.

Each try counts, refused ones too, in a transaction of its own. Addresses are kept as a digest, in fs_throttle. Of IPv6
the network counts that one connection is given (/64): whoever has one has all the addresses in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from engine.accounts.addresses import counted_as
from engine.clock import Clock
from engine.intake.errors import TooManySubmissions
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables

PER_ADDRESS = 20
PER_FORM = 600
WINDOW_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Counts what comes in."""

    database: Database
    system: SystemTables
    clock: Clock

    def count(self, form: str, address: str) -> None:
        """Count one try of a form. Raises: TooManySubmissions."""
        now = self.clock.now()
        begun = int(now.timestamp()) // WINDOW_S * WINDOW_S
        digest = hashlib.sha256(counted_as(address).encode("utf-8", "replace")).hexdigest()[:32]
        with self.database.write() as connection:
            # Who comes too often uses nothing up of what all others share.
            allowed = self._used(connection, form, digest, begun, now) <= PER_ADDRESS
            allowed = allowed and self._used(connection, form, "", begun, now) <= PER_FORM
        if not allowed:
            raise TooManySubmissions(max(1, begun + WINDOW_S - int(now.timestamp())))

    def _used(self, connection: Connection, form: str, scope: str, begun: int, now: dt.datetime) -> int:
        table = self.system.throttle
        insert = postgresql.insert if self.database.dialect is Dialect.POSTGRESQL else sqlite.insert
        # No rule has a space in its name, so forms and rules share the table.
        row = {"rule": f"form {form}", "scope": scope, "period": str(begun), "used": 1, "at": now}
        counting = insert(table).values(row)
        counting = counting.on_conflict_do_update(
            index_elements=["rule", "scope", "period"], set_={"used": table.c.used + 1}
        )
        return int(connection.execute(counting.returning(table.c.used)).scalar_one())
