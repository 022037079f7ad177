"""Which database columns a field has, and how values cross between Python and the driver.

Types carry their own conversion, so that a select of our tables gives the values that docs/architecture.md names; on
PostgreSQL the driver gives them by itself and nothing is called per cell. Which columns a field has is said in
`layout`; fields of several columns are put together by `codecs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, DateTime, Numeric, Text, Time
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.types import TypeEngine, UserDefinedType

from engine.storage.dialect import Dialect
from engine.storage.sealing import Cipher, SealedText

PRECISION = 28
LARGEST_SCALED = 2**63 - 1


class ColumnKind(StrEnum):
    """What one column holds; a field has one such column or several."""

    ID = "id"
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    TEXTS = "texts"
    JSON = "json"
    DOCUMENT = "document"
    """The canonical text of a JSON document; a kind of its own, since no other text may become one unread."""
    SEALED = "sealed"
    """A text that is encrypted at rest."""
    WORDS = "words"
    """The words of a text as the search knows them, with spaces between; made of a field's value, never one."""


class PgUuid(UserDefinedType[str]):
    """A uuid column whose values are texts on both sides; the connection's loader makes them so."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "UUID"


class PgWords(UserDefinedType[str]):
    """A text search vector, written as its words with spaces between: letters and digits alone, nothing to quote."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TSVECTOR"


class ScaledInteger(UserDefinedType[Decimal]):
    """A decimal kept as an integer of `scale` places, so that sums and sorts are exact without decimals.

    A value with more places is rounded half up; comparisons that must not round bring their own literal.
    """

    cache_ok = True

    def __init__(self, scale: int) -> None:
        self.scale = scale

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "BIGINT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], int | None]:
        """Make the function from a Decimal to the stored integer."""
        scale = self.scale
        return lambda value: None if value is None else scale_up(value, scale)

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[Any], Decimal | None]:
        """Make the function from the stored integer to a Decimal."""
        places, make = -self.scale, Decimal
        return lambda value: None if value is None else make(value).scaleb(places)


class IsoDate(UserDefinedType[date]):
    """A date kept as `YYYY-MM-DD`."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], str | None]:
        """Make the function from a date to its text."""
        return lambda value: None if value is None else value.isoformat()

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[Any], date | None]:
        """Make the function from a text to its date."""
        read = date.fromisoformat
        return lambda value: None if value is None else read(value)


class IsoDatetime(UserDefinedType[datetime]):
    """An instant kept as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, so that the order of the texts is the order of time."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], str | None]:
        """Make the function from an aware datetime to its text."""
        return lambda value: None if value is None else instant_text(value)

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[Any], datetime | None]:
        """Make the function from a text to an aware datetime."""
        read = datetime.fromisoformat
        return lambda value: None if value is None else read(value)


class IsoTime(UserDefinedType[time]):
    """A time of day kept as `HH:MM:SS.ffffff`, so that the order of the texts is the order of the day."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], str | None]:
        """Make the function from a time of day to its text."""
        return lambda value: None if value is None else value.isoformat(timespec="microseconds")

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[Any], time | None]:
        """Make the function from a text to its time of day."""
        read = time.fromisoformat
        return lambda value: None if value is None else read(value)


class TextLines(UserDefinedType[Sequence[str]]):
    """Several texts of one line kept as lines of one text, so that a search reads them without taking them apart."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], str | None]:
        """Make the function from texts to the lines."""
        return lambda value: "\n".join(value) if value else None

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[Any], Sequence[str] | None]:
        """Make the function from the lines to the texts."""
        return lambda value: None if value is None else value.split("\n")


def instant_text(value: datetime) -> str:
    """Write an aware datetime as SQLite keeps it."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-6] + "Z"


def scale_up(value: Decimal | int, scale: int) -> int:
    """Give a number as the integer that a column of `scale` places keeps, rounded half up.

    Raises:
        OverflowError: the number has more digits than the column can keep.
    """
    with localcontext(prec=60):
        scaled = int(Decimal(value).scaleb(scale).to_integral_value(ROUND_HALF_UP))
    if abs(scaled) > LARGEST_SCALED:
        raise OverflowError(f"{value} has too many digits to be stored")
    return scaled


def column_type(
    kind: ColumnKind, dialect: Dialect, *, scale: int = 0, cipher: Cipher | None = None, place: str = ""
) -> TypeEngine[Any]:
    """Give the column type of a kind on a database.

    cipher: of the installation, where values are read or written; place: what encrypted ones are bound to.
    """
    if kind is ColumnKind.SEALED:
        return SealedText(cipher, place)
    if kind is ColumnKind.INTEGER:
        return BigInteger()
    if kind is ColumnKind.BOOLEAN:
        return Boolean()
    return _sqlite_type(kind, scale) if dialect is Dialect.SQLITE else _postgresql_type(kind, scale)


def _sqlite_type(kind: ColumnKind, scale: int) -> TypeEngine[Any]:
    match kind:
        case ColumnKind.DECIMAL:
            return ScaledInteger(scale)
        case ColumnKind.DATE:
            return IsoDate()
        case ColumnKind.DATETIME:
            return IsoDatetime()
        case ColumnKind.TIME:
            return IsoTime()
        case ColumnKind.TEXTS:
            return TextLines()
        case ColumnKind.JSON:
            return JSON(none_as_null=True)
        case _:
            return Text()


def _postgresql_type(kind: ColumnKind, scale: int) -> TypeEngine[Any]:
    match kind:
        case ColumnKind.ID:
            return PgUuid()
        case ColumnKind.DECIMAL:
            return Numeric(PRECISION, scale)
        case ColumnKind.DATE:
            return Date()
        case ColumnKind.DATETIME:
            return DateTime(timezone=True)
        case ColumnKind.TIME:
            return Time()
        case ColumnKind.TEXTS:
            return ARRAY(Text())
        case ColumnKind.JSON:
            return JSONB(none_as_null=True)
        case ColumnKind.WORDS:
            return PgWords()
        case _:
            return Text(collation="C")
