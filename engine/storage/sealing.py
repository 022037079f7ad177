"""Encrypts values at rest with the newest key of the installation, and the column type whose values are so kept.

AES-256-GCM with a fresh nonce a value: two equal values are different texts in the database, and a changed one is
noticed. Each is bound to where it lies (`bound_to`, associated data): a text that was moved to another record or field
opens no more. Who may see the opened value is decided by access, not here.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Text, literal, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.types import UserDefinedType

from engine.errors import EngineError
from engine.storage.key_ring import KeyRing, ValueKey

SEALED_MARKS = ("fs1.", "fs2.")
"""What sealed texts begin with."""
BOUND = "r."
"""Stands behind the mark of the key in texts that are bound to where they lie; older ones are not."""
_NONCE = 12
_BETWEEN = "|"

EarlierPlaces = Callable[[str], Iterable[str]]
"""Gives what a place (object and field) was called before."""


class SealBroken(EngineError):
    """A value at rest can't be opened: sealed with a key that is not here, changed, or moved from where it lay."""

    def __init__(self) -> None:
        super().__init__(
            "An encrypted value can't be opened: the secret key is another one, or the value was changed or moved."
        )


class Cipher:
    """Seals and opens texts; one an installation. ring: its keys, else the one that the secret makes.

    earlier_places: of renamed objects and fields, whose values stay bound to the names of before until they are sealed
    anew; set where there is a database.
    """

    __slots__ = ("earlier_places", "ring")

    def __init__(self, secret: bytes, ring: KeyRing | None = None) -> None:
        self.ring = ring or KeyRing(secret)
        self.earlier_places: EarlierPlaces = lambda _place: ()

    def seal(self, text: str, bound_to: str) -> str:
        """Encrypt a text with the newest key; it opens only where the same `bound_to` is given."""
        nonce, key = os.urandom(_NONCE), self.ring.known()[0]
        hidden = key.box.encrypt(nonce, text.encode(), bound_to.encode())
        return key.mark + BOUND + urlsafe_b64encode(nonce + hidden).decode()

    def open(self, sealed: str, *bound_to: str) -> str:
        """Decrypt what `seal` gave for one of `bound_to`.

        Texts of before they were bound are opened by the keys of that time, wherever they lie.

        Raises: SealBroken.
        """
        key = next((each for each in self.ring.known() if sealed.startswith(each.mark)), None)
        if key is None:
            raise SealBroken
        rest = sealed.removeprefix(key.mark)
        is_bound = rest.startswith(BOUND)
        if not is_bound and key.binds_all:
            raise SealBroken
        for place in bound_to if is_bound else (None,):
            text = _opened(key, rest.removeprefix(BOUND), None if place is None else place.encode())
            if text is not None:
                return text
        raise SealBroken

    def seal_in(self, text: str, place: str, record_id: str) -> str:
        """Encrypt a record's value; place: object and field (`place_of`)."""
        return self.seal(text, _BETWEEN.join((place, record_id)))

    def open_in(self, sealed: str, place: str, record_id: str) -> str:
        """Decrypt a record's value where it lies, also one that was sealed before its object or field was renamed.

        Raises: SealBroken.
        """
        try:
            return self.open(sealed, _BETWEEN.join((place, record_id)))
        except SealBroken:
            earlier = [_BETWEEN.join((each, record_id)) for each in self.earlier_places(place)]
            if not earlier:
                raise
        return self.open(sealed, *earlier)


def place_of(object_key: str, field: str) -> str:
    """Give how the values of a field are bound to it."""
    return f"{object_key}.{field}"


def _opened(key: ValueKey, text: str, bound_to: bytes | None) -> str | None:
    try:
        raw = urlsafe_b64decode(text)
        return key.box.decrypt(raw[:_NONCE], raw[_NONCE:], bound_to).decode()
    except (InvalidTag, BadBase64, ValueError):
        return None


def is_sealed(text: str) -> bool:
    """Tell whether a text looks like what `Cipher.seal` gives."""
    return text.startswith(SEALED_MARKS)


class OfRecord(str):
    """A value on its way into an encrypted column, with the id of the record that it is bound to."""

    __slots__ = ("record_id",)

    def __new__(cls, text: str, record_id: str) -> OfRecord:
        """Let a value be of a record."""
        made = super().__new__(cls, text)
        made.record_id = record_id
        return made

    record_id: str


def of_record(text: str | None, record_id: str) -> OfRecord | None:
    """Give what an encrypted column of a record takes."""
    return None if text is None else OfRecord(text, record_id)


class PlacedText(UserDefinedType[str]):
    """An encrypted value as statements select it: place, id and sealed text in one, so that it can be opened."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, cipher: Cipher | None = None) -> None:
        self.cipher = cipher

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[str | None], str | None]:
        """Make the function from what is selected to the text."""
        cipher = self.cipher
        assert cipher is not None, "an encrypted column is read with the installation's cipher"

        def opened(value: str | None) -> str | None:
            if value is None:
                return None
            place, record_id, sealed = value.split(_BETWEEN, 2)
            return cipher.open_in(sealed, place, record_id)

        return opened


class SealedText(PlacedText):
    """A text that the database holds encrypted; without a cipher the column can be made, not read or written.

    place: object and field that its values are bound to, besides the record.
    """

    cache_ok = True

    def __init__(self, cipher: Cipher | None = None, place: str = "") -> None:
        super().__init__(cipher)
        self.place = place

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[Any], str | None]:
        """Make the function from a text, with its record, to what is stored."""
        cipher, place = self.cipher, self.place
        assert cipher is not None, "an encrypted column is written with the installation's cipher"
        return lambda value: None if value is None else cipher.seal_in(str(value), place, value.record_id)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give what a statement selects of a column."""
        return placed(column)


def placed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a column as statements select it; an encrypted one with what it is bound to, any other as it is."""
    kind = column.type
    bare: Any = getattr(column, "element", column)
    owner = getattr(bare, "table", None)
    if not isinstance(kind, SealedText) or owner is None:
        return column
    where = literal(kind.place + _BETWEEN, Text()).concat(sql_cast(owner.c["id"], Text())).concat(_BETWEEN)
    return type_coerce(where.concat(type_coerce(bare, Text())), PlacedText(kind.cipher)).label(str(column.key))
