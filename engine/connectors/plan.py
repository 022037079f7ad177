"""A connector as a release has it: its object and fields, who it acts as, and how values of both sides compare.

Values are compared as texts that say the same for the same value, whichever side they come from; of what they last had,
only digests are kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from engine.access.actor import Actor, Origin
from engine.errors import EngineError
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.definitions.connectors import ConnectorDef
from metamodel.field_types import FieldValueError
from metamodel.texts import label_text
from metamodel.values import Money


class NoSuchConnector(EngineError):
    """There is no such connector."""

    def __init__(self, connector: str) -> None:
        self.connector = connector
        super().__init__(f"There is no connector '{connector}'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A record of theirs. values: field of ours → as a text; raw: as they write it. faults: what can't be read."""

    key: str
    parsed_key: object
    values: Mapping[str, str | None]
    raw: Mapping[str, Any]
    modified: dt.datetime | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run goes by. secret: of the installation, for digests."""

    release: Release
    connector: ConnectorDef
    actor: Actor
    secret: bytes = field(repr=False)

    @property
    def object_key(self) -> str:
        """The key of the object."""
        return self.connector.object or ""

    def digest(self, value: str | None) -> str:
        """Give what is kept of a value: enough to see that it is another one."""
        text = "-" if value is None else f"={value}"
        return hmac.new(self.secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]

    def digests(self, values: Mapping[str, str | None]) -> dict[str, str]:
        """Give the digests of values by field."""
        return {name: self.digest(value) for name, value in values.items()}

    def theirs(self, transaction: Transaction, record: object) -> Theirs | None:
        """Read a record of theirs; None for one without a key that could be one."""
        if not isinstance(record, dict):
            return None
        fields = self.release.metamodel.objects[self.object_key].fields
        values: dict[str, str | None] = {}
        raw: dict[str, Any] = {}
        parsed: object = None
        faults = []
        for name, mapped in self.connector.fields.items():
            if mapped.theirs not in record:
                continue
            raw[name] = record[mapped.theirs]
            try:
                value = transaction.release.field_types.parse(raw[name], fields[name], transaction.parts.value_context)
            except FieldValueError as error:
                faults.append(f"{mapped.theirs}: {error}")
                values[name] = str(raw[name])[:200]
                continue
            values[name] = as_text(value)
            parsed = value if name == self.connector.key else parsed
        key = values.get(self.connector.key)
        if key is None or parsed is None:
            return None
        return Theirs(
            key=key,
            parsed_key=parsed,
            values=MappingProxyType(values),
            raw=MappingProxyType(raw),
            modified=_moment(record.get(self.connector.modified or "")),
            faults=tuple(faults),
        )


def plan_of(release: Release, name: str, secret: bytes) -> Plan:
    """Give the plan of a connector. Raises: NoSuchConnector."""
    connector = release.metamodel.connectors.get(name)
    if connector is None or connector.object is None:
        raise NoSuchConnector(name)
    main = release.metamodel.main
    actor = Actor(
        user_id=None,
        login=f"connector {name}",
        name=label_text(connector.label, main.languages[0], name),
        roles=frozenset((connector.role,)),
        language=main.languages[0],
        timezone=main.timezone,
        origin=Origin.CONNECTOR,
    )
    return Plan(release=release, connector=connector, actor=actor, secret=secret)


def as_text(value: object) -> str | None:
    """Write a value so that the same value is the same text."""
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case Money():
            return f"{as_text(value.amount)} {value.currency}"
        case Decimal():
            return format(value.normalize(), "f") if value else "0"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _moment(raw: object) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=dt.UTC) if found is not None and found.tzinfo is None else found
