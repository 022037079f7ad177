"""Python values of fields that the standard library has no type for: money, references, spans of time, compounds.

Which Python type stands for which field type is said in `field_types`; this module holds the value classes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Money(NamedTuple):
    """An amount in a currency; `amount` in units of `currency` (ISO 4217), not rounded until it is stored."""

    amount: Decimal
    currency: str

    def mapped(self, change: Callable[[Decimal], Decimal]) -> Money:
        """Give it with another amount; what it is worth changes in the same way."""
        return Money(change(self.amount), self.currency)


class ForeignMoney(Money):
    """Money in another than the base currency, with what it is worth there; None where no rate is known.

    Equal to the same amount without its worth: what money is worth is no part of what a person entered.
    """

    base: Decimal | None

    def __new__(cls, amount: Decimal, currency: str, base: Decimal | None = None) -> ForeignMoney:
        """Make it."""
        made = super().__new__(cls, amount, currency)
        made.base = base
        return made

    def mapped(self, change: Callable[[Decimal], Decimal]) -> Money:
        """Give it with another amount; what it is worth changes in the same way."""
        base = None if self.base is None else change(self.base)
        return ForeignMoney(change(self.amount), self.currency, base)

    def __reduce__(self) -> tuple[type[ForeignMoney], tuple[Decimal, str, Decimal | None]]:
        return ForeignMoney, (self.amount, self.currency, self.base)


class Ref(NamedTuple):
    """A reference to a record of one of several objects: owner (user or queue), `to:` several objects, `to: any`.

    object: key of the object; id: the record's id. A lookup with one target holds the bare id (str) instead.
    """

    object: str
    id: str


_DAY_SECONDS = 86_400
_MONTH_DAYS = 30


class Duration(NamedTuple):
    """A span of time; the parts are added one after the other: months, days, business days, seconds.

    Compared and divided by its length with a month of 30 days, a day of 24 hours, a business day as a day.
    """

    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    business_days: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)
    business_seconds: Decimal = Decimal(0)

    @property
    def length_seconds(self) -> Decimal:
        """How long it is, for comparing."""
        days = self.months * _MONTH_DAYS + self.days + self.business_days
        return days * _DAY_SECONDS + self.seconds + self.business_seconds

    def plus(self, other: Duration, sign: int = 1) -> Duration:
        """Add (or subtract) part by part."""
        return Duration(*(mine + sign * theirs for mine, theirs in zip(self, other, strict=True)))

    def times(self, factor: Decimal | int) -> Duration:
        """Multiply every part."""
        return Duration(*(part * factor for part in self))


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name by its parts; its text has a Chinese name without spaces, the last name first."""

    last: str | None = None
    first: str | None = None
    middle: str | None = None
    title: str | None = None
    suffix: str | None = None

    def __str__(self) -> str:
        bare = (self.last or "") + (self.first or "") + (self.middle or "")
        if bare and all("\u3400" <= character <= "\u9fff" for character in bare):
            return (self.last or "") + (self.middle or "") + (self.first or "") + (self.title or "")
        return " ".join(part for part in (self.title, self.first, self.middle, self.last, self.suffix) if part)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address by its parts."""

    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None

    def __str__(self) -> str:
        city = " ".join(part for part in (self.postal_code, self.city) if part)
        return ", ".join(part for part in (self.street, city, self.region, self.country) if part)


@dataclass(frozen=True, slots=True)
class Geo:
    """A place on earth in degrees (WGS 84)."""

    latitude: Decimal
    longitude: Decimal

    def __str__(self) -> str:
        return f"{self.latitude.normalize():f}, {self.longitude.normalize():f}"


@dataclass(frozen=True, slots=True, eq=False)
class StoredFile:
    """A file that a record names: what people call it, its content type, its size in bytes, and its id.

    Two are equal when they are one file. Without a name nobody has looked yet what the id stands for.
    """

    name: str | None
    type: str | None
    size: int | None
    id: str

    def __str__(self) -> str:
        return self.name or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredFile) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)


class LinkedRecord(NamedTuple):
    """A record that another one is linked to. link: id of the link itself."""

    link: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class LinkedRecords:
    """What a record is linked to, as far as it is shown, by title. count: how many there are in all."""

    records: tuple[LinkedRecord, ...]
    count: int

    def __str__(self) -> str:
        titles = ", ".join(each.title or "–" for each in self.records)
        more = self.count - len(self.records)
        return f"{titles} +{more}" if more else titles


Compound = PersonName | Address | Geo | StoredFile
