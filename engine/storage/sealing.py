"""Encrypts values at rest with the newest key of the installation, and the column type whose values are so kept.

AES-256-GCM with a fresh nonce a value: two equal values are different texts in the database, and a changed one is
noticed. Who may see the opened value is decided by access, not here.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from sqlalchemy.engine import Dialect as SqlDialect
from sqlalchemy.types import UserDefinedType

from engine.errors import EngineError
from engine.storage.key_ring import KeyRing

_MARKS = ("fs1.", "fs2.")
_NONCE = 12


class SealBroken(EngineError):
    """A value at rest can't be opened: it was sealed with a key that is not here, or changed in the database."""

    def __init__(self) -> None:
        super().__init__("An encrypted value can't be opened: the secret key is another one, or the value was changed.")


class Cipher:
    """Seals and opens texts; one an installation. ring: its keys, else the one that the secret makes."""

    __slots__ = ("ring",)

    def __init__(self, secret: bytes, ring: KeyRing | None = None) -> None:
        self.ring = ring or KeyRing(secret)

    def seal(self, text: str) -> str:
        """Encrypt a text with the newest key."""
        nonce, key = os.urandom(_NONCE), self.ring.known()[0]
        return key.mark + urlsafe_b64encode(nonce + key.box.encrypt(nonce, text.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` gave.

        Raises: SealBroken.
        """
        key = next((each for each in self.ring.known() if sealed.startswith(each.mark)), None)
        if key is None:
            raise SealBroken
        try:
            raw = urlsafe_b64decode(sealed.removeprefix(key.mark))
            return key.box.decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
        except (InvalidTag, BadBase64, ValueError) as fault:
            raise SealBroken from fault


def is_sealed(text: str) -> bool:
    """Tell whether a text looks like what `Cipher.seal` gives."""
    return text.startswith(_MARKS)


class SealedText(UserDefinedType[str]):
    """A text that the database holds encrypted; without a cipher the column can be made, not read or written."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, cipher: Cipher | None = None) -> None:
        self.cipher = cipher

    def get_col_spec(self, **_options: object) -> str:
        """Give the type's name in DDL and casts."""
        return "TEXT"

    def bind_processor(self, _dialect: SqlDialect) -> Callable[[str | None], str | None]:
        """Make the function from a text to what is stored."""
        cipher = self.cipher
        assert cipher is not None, "an encrypted column is written with the installation's cipher"
        return lambda value: None if value is None else cipher.seal(value)

    def result_processor(self, _dialect: SqlDialect, _coltype: object) -> Callable[[str | None], str | None]:
        """Make the function from what is stored to the text."""
        cipher = self.cipher
        assert cipher is not None, "an encrypted column is read with the installation's cipher"
        return lambda value: None if value is None else cipher.open(value)
