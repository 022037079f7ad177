"""Proves that nothing that was sealed has been changed, removed, inserted or reordered since.

It reads block by block and stops at the first entry that is not what its seal says. What is not sealed yet can't be
proved; up to where it could is part of the answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select

from engine.audit.digests import NO_SEAL, Sealed, SealKey, sealed_columns, unpack
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables


class Damage(StrEnum):
    """What was done to the first entry, or block, that is not as it was sealed."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first damage: the entry's id, or the first id of the block whose seal was touched."""

    damage: Damage
    entry: int

    @property
    def sentence(self) -> str:
        """Say it."""
        match self.damage:
            case Damage.SEAL_CHANGED:
                return f"The seal of the block that begins with entry {self.entry} was changed."
            case Damage.SEAL_REMOVED:
                return f"The seal of the block after entry {self.entry} was removed."
            case _:
                return f"Entry {self.entry} was {self.damage.value} after it was sealed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the proof gave. sealed_to: the newest sealed entry, 0 = none; checked, unsealed: numbers of entries.

    first: the first entry that was looked at. head: what is noted elsewhere to be compared later.
    """

    sealed_to: int
    sealed_at: dt.datetime | None
    checked: int
    unsealed: int
    head: str
    first: int = 0
    finding: Finding | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return self.finding is None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerifier:
    """Compares entries with their seals."""

    database: Database
    system: SystemTables
    key: SealKey

    def verify(self, *, newest: int | None = None, known_head: str | None = None) -> Verdict:
        """Look at all entries, or at least at the newest ones.

        known_head: what an earlier verdict gave; a log that was cut off, seals and all, no longer has it.
        """
        with self.database.read(snapshot=True) as connection:
            return self._verify(connection, newest, known_head)

    def _verify(self, connection: Connection, newest: int | None, known_head: str | None) -> Verdict:
        audit, seal = self.system.audit, self.system.seal
        end = connection.execute(select(seal).order_by(seal.c.number.desc()).limit(1)).first()
        last = end.last if end is not None else 0
        open_ones = select(func.count()).select_from(audit).where(audit.c.id > last)
        finding, checked, first = self._first_damage(
            connection, self._start(connection, newest), end.number if end is not None else 0
        )
        if finding is None and known_head is not None and not self._has(connection, known_head):
            finding = Finding(damage=Damage.SEAL_REMOVED, entry=last)
        return Verdict(
            sealed_to=last,
            sealed_at=end.at if end is not None else None,
            checked=checked,
            unsealed=int(connection.execute(open_ones).scalar_one()),
            head=f"{end.number}:{bytes(end.chained).hex()[:32]}" if end is not None else "",
            first=first,
            finding=finding,
        )

    def _start(self, connection: Connection, newest: int | None) -> int:
        """Give the number of the first block to look at."""
        if newest is None:
            return 1
        seal, found = self.system.seal, 0
        for number, rows in connection.execute(select(seal.c.number, seal.c.rows).order_by(seal.c.number.desc())):
            found += rows
            if found >= newest:
                return int(number)
        return 1

    def _has(self, connection: Connection, head: str) -> bool:
        number, _, begins = head.partition(":")
        if not number.isdecimal():
            return False
        seal = self.system.seal
        found = connection.execute(select(seal.c.chained).where(seal.c.number == int(number))).scalar()
        return found is not None and len(begins) >= 16 and bytes(found).hex().startswith(begins)

    def _first_damage(self, connection: Connection, start: int, end: int) -> tuple[Finding | None, int, int]:
        checked, first = 0, 0
        before, reached = self._before(connection, start)
        for number in range(start, end + 1):
            block = connection.execute(select(self.system.seal).where(self.system.seal.c.number == number)).first()
            if block is None:
                return Finding(damage=Damage.SEAL_REMOVED, entry=reached), checked, first
            entries, chained = bytes(block.entries), bytes(block.chained)
            sealed = list(unpack(entries))
            begins = sealed[0].id if sealed else reached + 1
            first = first or begins
            if chained != self.key.block(number, block.last, entries, before):
                return Finding(damage=Damage.SEAL_CHANGED, entry=begins), checked, first
            found = self._compare(self._stored(connection, reached, block.last), sealed)
            if found is not None:
                return found, checked, first
            checked += len(sealed)
            before, reached = chained, block.last
        return None, checked, first

    def _before(self, connection: Connection, start: int) -> tuple[bytes, int]:
        seal = self.system.seal
        row = connection.execute(select(seal.c.chained, seal.c.last).where(seal.c.number == start - 1)).first()
        return (bytes(row.chained), row.last) if row is not None else (NO_SEAL, 0)

    def _stored(self, connection: Connection, after: int, last: int) -> Mapping[int, Sequence[Any]]:
        audit = self.system.audit
        query = select(*sealed_columns(audit)).where(audit.c.id > after, audit.c.id <= last)
        return {row[0]: row for row in connection.execute(query)}

    def _compare(self, stored: Mapping[int, Sequence[Any]], sealed: Sequence[Sealed]) -> Finding | None:
        expected = {each.id: each.digest for each in sealed}
        differing = [
            entry
            for entry in sorted(stored.keys() | expected.keys())
            if entry not in stored or entry not in expected or self.key.entry(stored[entry]) != expected[entry]
        ]
        if not differing:
            return None
        first = differing[0]
        if first not in expected:
            return Finding(damage=Damage.INSERTED, entry=first)
        if first not in stored:
            return Finding(damage=Damage.REMOVED, entry=first)
        # What stands there now stood at another place of the block when it was sealed.
        moved = any(
            self.key.entry((other, *stored[first][1:])) == expected[other] for other in differing if other in expected
        )
        return Finding(damage=Damage.REORDERED if moved else Damage.CHANGED, entry=first)
