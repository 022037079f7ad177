"""How a release lies in fs_release, and its checksum. Reading and writing rows; no judgement of what they mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select, update

from engine.releases.release import ReleaseAltered, ReleaseInfo
from engine.storage.layout import TITLE_COLUMN, StoredParts
from engine.storage.migration import Installed
from engine.storage.schema import Schema, schema_from_json, schema_to_json
from engine.storage.system_tables import RELEASE_STAMP, SystemTables


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelease:
    """A row of fs_release."""

    info: ReleaseInfo
    sources: Mapping[str, str]
    installed: Installed
    plan: Mapping[str, Any]

    @property
    def stored_parts(self) -> StoredParts:
        """Which formulas and titles are kept in columns since then."""
        computed = self.installed.computed
        return StoredParts(
            # Names of roll-ups stand among them too; they are no formulas and have columns anyway.
            formulas=MappingProxyType({key: frozenset(parts) - {TITLE_COLUMN} for key, parts in computed.items()}),
            titles=frozenset(key for key, parts in computed.items() if TITLE_COLUMN in parts),
        )


def checksum_of(sources: Mapping[str, str], installed: Installed) -> str:
    """Give the checksum over what a release is made of."""
    content = {"sources": dict(sources), **_facts(installed), "schema": schema_to_json(installed.schema)}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_release(connection: Connection, system: SystemTables, stored: StoredRelease, *, product_version: str) -> None:
    """Insert a release and raise the stamp that tells all processes."""
    info = stored.info
    connection.execute(
        system.release.insert(),
        {
            "number": info.number,
            "at": info.at,
            "author": info.author,
            "comment": info.comment,
            "product_version": product_version,
            "sources": dict(stored.sources),
            "schema": schema_to_json(stored.installed.schema),
            "computed": _facts(stored.installed),
            "plan": dict(stored.plan),
            "checksum": info.checksum,
        },
    )
    stamp = system.stamp
    raised = connection.execute(update(stamp).where(stamp.c.name == RELEASE_STAMP).values(value=info.number))
    if raised.rowcount == 0:
        connection.execute(stamp.insert().values(name=RELEASE_STAMP, value=info.number))


def read_release(connection: Connection, system: SystemTables, number: int | None = None) -> StoredRelease | None:
    """Read a release, the newest one without a number; None where there is none.

    Raises:
        ReleaseAltered: its content is not what was published.
    """
    table = system.release
    wanted = select(table).order_by(table.c.number.desc()).limit(1)
    if number is not None:
        wanted = wanted.where(table.c.number == number)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        return None
    stored = StoredRelease(
        info=_info(row),
        sources=MappingProxyType(row["sources"]),
        installed=_installed(schema_from_json(row["schema"]), row["computed"]),
        plan=row["plan"],
    )
    if checksum_of(stored.sources, stored.installed) != stored.info.checksum:
        raise ReleaseAltered(stored.info.number)
    return stored


def read_history(connection: Connection, system: SystemTables) -> tuple[ReleaseInfo, ...]:
    """Give all releases, the newest first."""
    table = system.release
    columns = (table.c.number, table.c.at, table.c.author, table.c.comment, table.c.checksum)
    found = connection.execute(select(*columns).order_by(table.c.number.desc())).mappings()
    return tuple(_info(row) for row in found)


def read_stamps(connection: Connection, system: SystemTables) -> Mapping[str, int]:
    """Give all stamps by name: numbers that rise with a change (the newest release's under RELEASE_STAMP)."""
    table = system.stamp
    return {row["name"]: row["value"] for row in connection.execute(select(table.c.name, table.c.value)).mappings()}


def _info(row: Mapping[Any, Any]) -> ReleaseInfo:
    return ReleaseInfo(
        number=row["number"],
        at=row["at"],
        author=row["author"],
        comment=row["comment"],
        checksum=row["checksum"],
    )


def _facts(installed: Installed) -> dict[str, Any]:
    return {
        "computed": {key: dict(parts) for key, parts in installed.computed.items()},
        "options": {
            key: {field: list(names) for field, names in fields.items()} for key, fields in installed.options.items()
        },
    }


def _installed(schema: Schema, facts: Mapping[str, Any]) -> Installed:
    options = {
        key: MappingProxyType({field: tuple(names) for field, names in fields.items()})
        for key, fields in facts["options"].items()
    }
    return Installed(
        schema=schema,
        computed=MappingProxyType({key: MappingProxyType(parts) for key, parts in facts["computed"].items()}),
        options=MappingProxyType(options),
    )
