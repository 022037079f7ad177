"""Notes in the audit log that a release was published: by whom, from where, and which files differ from before."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select

from engine.access.actor import Actor, Origin
from engine.audit.entries import entry_values
from engine.releases.stored_form import StoredRelease
from engine.storage.system_tables import SystemTables

RELEASE = "fs_release"
"""The name that entries about releases stand under."""


def note_published(
    connection: Connection, system: SystemTables, stored: StoredRelease, base: int, by: Actor | None
) -> None:
    """Write the entry, in the transaction that publishes. by: None = the operator at the command line.

    The files of both releases stand in fs_release for good, so their names are enough here.
    """
    info = stored.info
    who = by or Actor(user_id=None, login=info.author, name=info.author, origin=Origin.CLI)
    before = connection.execute(select(system.release.c.sources).where(system.release.c.number == base)).scalar()
    facts = {"files": _differing(before or {}, stored.sources), "comment": info.comment or None}
    entry = entry_values(who, RELEASE, "published", info.at, facts, release=info.number)
    entry["changes"]["release"] = [base or None, info.number]
    connection.execute(insert(system.audit).values(entry))


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
