"""Arrays as parameters of PostgreSQL, written as one text: the driver would look at each of thousands of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.types import TypeEngine, UserDefinedType

from engine.storage.sealing import SealedText


class WrittenArray(UserDefinedType[Any]):
    """An array of values whose `str` the database reads as it reads a literal, texts and empty ones among them."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item

    def get_col_spec(self, **_options: Any) -> str:
        """Give its name in SQL."""
        # How texts are compared is the column's own matter.
        item = Text() if isinstance(self.item, Text) else self.item
        return f"{item.compile(dialect=postgresql.dialect())}[]"  # type: ignore[no-untyped-call]

    def bind_processor(self, dialect: SqlDialect) -> Callable[[Any], str]:
        """Give what writes an array."""
        seal = self.item.bind_processor(dialect) if isinstance(self.item, SealedText) else None
        if seal is None:
            return array_text
        return lambda values: array_text([seal(value) for value in values])


def array_text(values: Sequence[Any]) -> str:
    """Write values as PostgreSQL reads an array of them: each in quotes.

    >>> array_text(["a", 'b"', None]), array_text([])
    ('{"a","b\\\\"",NULL}', '{}')
    """
    if not values:
        return "{}"
    if None in values:
        return "{" + ",".join("NULL" if value is None else f'"{_escaped(str(value))}"' for value in values) + "}"
    joined = '","'.join(map(str, values))
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(_escaped(str(value)) for value in values)
    return f'{{"{joined}"}}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
