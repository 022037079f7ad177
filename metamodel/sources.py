"""Where the rows of an object lie that the product does not keep itself: a table or view of another database.

Which database a connection leads to, and how its rows are read, is the engine's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.reading.node_values import child, entries, word
from metamodel.source import Location
from metamodel.yaml_nodes import Node, Scalar

DATABASE = "database"
"""The kind of connection that leads to another database."""

SOURCE_TYPES = frozenset(
    (
        "text", "long_text", "email", "phone", "url", "color", "barcode", "integer", "decimal", "percent", "money",
        "rating", "boolean", "choice", "date", "datetime", "time", "lookup", "user",
    )
)  # fmt: skip
"""The field types that one column of another database can hold."""


OWN_VARIABLES = "FIELDSTONE_"
"""What environment variables of the installation itself begin with: they hold no address of another database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDef:
    """A table or view of another database.

    connection: name of a connection of kind `database`. table: its name there; schema: the one it lies in, where
    written. key: the column whose value names a row. columns: field → column, where it is called otherwise.
    """

    connection: str
    table: str
    key: str
    at: Location
    schema: str | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def column(self, field_name: str) -> str:
        """Give the column that a field shows."""
        return self.columns.get(field_name, field_name)

    @property
    def called(self) -> str:
        """How people call the table."""
        return ".".join(part for part in (self.connection, self.schema, self.table) if part)


def read_source(node: Node | None) -> SourceDef | None:
    """Read `source:` of an object."""
    table = word(child(node, "table"))
    if node is None or table is None:
        return None
    connection, _, rest = table.partition(".")
    schema, _, name = rest.rpartition(".")
    columns = {key.text: value.text for key, value in entries(child(node, "fields")) if isinstance(value, Scalar)}
    return SourceDef(
        connection=connection,
        table=name,
        schema=schema or None,
        key=word(child(node, "key")) or "",
        at=node.at,
        columns=MappingProxyType(columns),
    )
