"""Python values of fields that the standard library has no type for: money, references, spans of time, compounds.

Which Python type stands for which field type is said in `field_types`; this module holds the value classes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Money(NamedTuple):
    """An amount in a currency; `amount` in units of `currency` (ISO 4217), not rounded until it is stored."""

    amount: Decimal
    currency: str


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


Compound = PersonName | Address | Geo
