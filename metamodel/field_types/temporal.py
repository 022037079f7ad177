"""Time types: date and datetime. ISO 8601 only; a date-time is an aware UTC value inside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm
from metamodel.fields import FieldDef

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z",
    re.ASCII,
)


class DateType(FieldType):
    """A calendar day."""

    name: str = "date"
    dsl_type: str = "date"
    widget: str = "date"
    keys = frozenset(("min", "max"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.DATE

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            return raw
        if not isinstance(raw, str) or not _DATE.match(raw.strip()):
            raise FieldValueError("not_date")
        try:
            return date.fromisoformat(raw.strip())
        except ValueError as error:
            raise FieldValueError("not_date") from error

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise FieldValueError("not_date")
        if isinstance(field.minimum, date) and value < field.minimum:
            raise FieldValueError("below_minimum", minimum=field.minimum.isoformat())
        if isinstance(field.maximum, date) and value > field.maximum:
            raise FieldValueError("above_maximum", maximum=field.maximum.isoformat())

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, date)
        return value.isoformat()


class DateTimeType(FieldType):
    """A moment; one written without a zone is in the zone of the context."""

    name: str = "datetime"
    dsl_type: str = "datetime"
    widget: str = "datetime"
    keys = frozenset(("min", "max"))

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.DATETIME

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        moment = raw if isinstance(raw, datetime) else _moment_of(raw)
        try:
            if moment.tzinfo is None:
                return first_valid_instant(moment, context.timezone)
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise FieldValueError("not_datetime") from error

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise FieldValueError("not_datetime")
        if isinstance(field.minimum, datetime) and value < field.minimum:
            raise FieldValueError("below_minimum", minimum=field.minimum.isoformat())
        if isinstance(field.maximum, datetime) and value > field.maximum:
            raise FieldValueError("above_maximum", maximum=field.maximum.isoformat())

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, datetime)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        assert isinstance(value, datetime)
        if not form.labelled:
            return (str(self.to_json(value, field)),)
        # With its offset it is the same moment wherever the file is read, in the hour that comes twice too.
        return (value.astimezone(ZoneInfo(form.timezone)).isoformat(" "),)


def first_valid_instant(local: datetime, timezone: str) -> datetime:
    """Turn a local time of a zone into UTC; one inside a daylight-saving gap gives the first instant after the gap.

    A time that comes twice is the first one.
    """
    zone = ZoneInfo(timezone)
    before = local.replace(tzinfo=zone, fold=0)
    instant = before.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # In a gap fold=0 uses the offset before it and fold=1 the one after: their difference is the gap's length.
    after = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = after, instant
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0) if high.microsecond else high


def _moment_of(raw: object) -> datetime:
    if not isinstance(raw, str) or not _DATETIME.match(raw.strip()):
        raise FieldValueError("not_datetime")
    try:
        return datetime.fromisoformat(raw.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise FieldValueError("not_datetime") from error
