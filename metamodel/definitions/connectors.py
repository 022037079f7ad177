"""Connectors: how the records of an object and those of an outside system are kept the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metamodel.source import LocatedText, Location
from metamodel.texts import Label

IN, OUT, BOTH = "in", "out", "both"
OURS, THEIRS, NEWEST = "ours", "theirs", "newest"
HTTP_API = "http_api"
"""The kind of connection that connectors go by."""
CARRIED = frozenset(
    (
        "text", "long_text", "email", "phone", "url", "color", "barcode", "integer", "decimal", "percent", "money",
        "rating", "boolean", "choice", "date", "datetime", "autonumber",
    )
)  # fmt: skip
"""The types of the values that connectors carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorFieldDef:
    """A field of ours and what they call it; direction and conflict: the connector's, unless the file says another."""

    field: str
    theirs: str
    at: Location
    direction: str
    conflict: str

    @property
    def comes_in(self) -> bool:
        """Whether their values are taken."""
        return self.direction in (IN, BOTH)

    @property
    def goes_out(self) -> bool:
        """Whether ours are sent."""
        return self.direction in (OUT, BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDef:
    """Maps an object to an outside system.

    schedule: as a rule writes it. role: whose rights it has. key: the field by which records of both sides are the
    same. path: below the address of the connection. modified: what they call the moment of the last
    change. retries, pause: how often a call that failed is made again, and after how long first, as written.
    """

    name: str
    app: str
    at: Location
    object: str | None
    connection: str
    direction: str
    schedule: LocatedText
    role: str
    key: str
    fields: Mapping[str, ConnectorFieldDef]
    label: Label | None = None
    path: str = ""
    conflict: str = THEIRS
    modified: str | None = None
    retries: int = 5
    pause: str = "30 seconds"

    @property
    def comes_in(self) -> bool:
        """Whether their records are taken."""
        return self.direction in (IN, BOTH)

    @property
    def goes_out(self) -> bool:
        """Whether ours are sent."""
        return self.direction in (OUT, BOTH)
