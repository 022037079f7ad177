"""Cursors of keyset pages: the sort values of the last row, signed, so that nobody can make one up or bend one.

A cursor is bound to what was asked (object, filter, sort, roles) by a fingerprint: used with another question it is
refused. It holds no values of fields that were not sorted by. One that may stand at a row nobody was shown is sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import QueryProblem
from metamodel.source import Location, Problem

_SIGNATURE_BYTES = 12
_NONCE_BYTES = 12
_PURPOSE = b"fieldstone: sealed cursors"
_CURSOR_PLACE = Location(file="<cursor>")
FOREIGN_CURSOR = "EXP901"
"""The code of the problem that a cursor belongs to another list, or to others' rights."""


class CursorSigner:
    """Writes and reads cursors with the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, question: str, values: Sequence[object]) -> str:
        """Make the cursor that stands after the row with those driver values of its sort keys and id."""
        body = orjson.dumps(list(values), default=str)
        return base64.urlsafe_b64encode(self._sign(question, body) + body).decode().rstrip("=")

    def read(self, question: str, cursor: str) -> list[object]:
        """Give the driver values of a cursor.

        Raises: QueryProblem where the cursor was not made by this installation for this question.
        """
        try:
            raw = _bytes_of(cursor)
            signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(question, body)):
                raise ValueError(cursor)
            values = orjson.loads(body)
        except (ValueError, UnicodeEncodeError, binascii.Error) as fault:
            raise _refuse() from fault
        if not isinstance(values, list):
            raise _refuse()
        return values

    def seal(self, question: str, values: Sequence[object]) -> str:
        """Make a cursor like `write`, whose values nobody can read: it may stand at a row that was not shown."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._box().encrypt(nonce, orjson.dumps(list(values), default=str), question.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def unseal(self, question: str, cursor: str) -> list[object]:
        """Give the values that `seal` was given.

        Raises: QueryProblem where the cursor was not made by this installation for this question.
        """
        try:
            raw = _bytes_of(cursor)
            opened = self._box().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], question.encode())
            return list(orjson.loads(opened))
        except (ValueError, UnicodeEncodeError, InvalidTag) as fault:
            raise _refuse() from fault

    def _box(self) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, _PURPOSE, "sha256"))

    def _sign(self, question: str, body: bytes) -> bytes:
        digest = hmac.new(self._secret, question.encode() + b"\0" + body, hashlib.sha256).digest()
        return digest[:_SIGNATURE_BYTES]


def _bytes_of(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))


def _refuse() -> QueryProblem:
    message = "The cursor does not belong to this list; start again without one"
    return QueryProblem([Problem(code=FOREIGN_CURSOR, message=message, at=_CURSOR_PLACE)])
