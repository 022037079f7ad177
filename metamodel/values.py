"""Python values of fields that the standard library has no type for: money and references to records.

Which Python type stands for which field type is said in `field_types`; this module holds the value classes only.
"""

from __future__ import annotations

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
