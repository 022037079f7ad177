"""Cursors of keyset pages: the sort values of the last row, signed, so that nobody can make one up or bend one.

A cursor is bound to what was asked (object, filter, sort, roles) by a fingerprint: used with another question it is
refused as a foreign one, and what this installation never made is refused as no cursor at all. It holds no values of
fields that were not sorted by. One that may stand at a row nobody was shown is sealed.
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
_QUESTION_BYTES = 12
_NONCE_BYTES = 12
_PURPOSE = b"fieldstone: sealed cursors"
_CURSOR_PLACE = Location(file="<cursor>")
FOREIGN_CURSOR = "EXP901"
"""The code of the problem that a cursor belongs to another list, or to others' rights."""
NO_CURSOR = "EXP911"
"""The code of the problem that what stands for a cursor was not made here."""


class CursorSigner:
    """Writes and reads cursors with the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, question: str, values: Sequence[object]) -> str:
        """Make the cursor that stands after the row with those driver values of its sort keys and id."""
        body = self._body(question, values)
        return _text_of(self._sign(body) + body)

    def read(self, question: str, cursor: str) -> list[object]:
        """Give the driver values of a cursor.

        Raises: QueryProblem where the cursor was not made by this installation, or not for this question.
        """
        raw = _bytes_of(cursor)
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise _not_made_here()
        return self._values(question, body)

    def seal(self, question: str, values: Sequence[object]) -> str:
        """Make a cursor like `write`, whose values nobody can read: it may stand at a row that was not shown."""
        nonce = os.urandom(_NONCE_BYTES)
        return _text_of(nonce + self._box().encrypt(nonce, self._body(question, values), None))

    def unseal(self, question: str, cursor: str) -> list[object]:
        """Give the values that `seal` was given.

        Raises: QueryProblem where the cursor was not made by this installation, or not for this question.
        """
        raw = _bytes_of(cursor)
        try:
            body = self._box().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        except (ValueError, InvalidTag) as fault:
            raise _not_made_here() from fault
        return self._values(question, body)

    def _body(self, question: str, values: Sequence[object]) -> bytes:
        return self._digest(b"question\0" + question.encode())[:_QUESTION_BYTES] + orjson.dumps(
            list(values), default=str
        )

    def _values(self, question: str, body: bytes) -> list[object]:
        asked = self._digest(b"question\0" + question.encode())[:_QUESTION_BYTES]
        if not hmac.compare_digest(body[:_QUESTION_BYTES], asked):
            raise _foreign()
        return list(orjson.loads(body[_QUESTION_BYTES:]))

    def _box(self) -> AESGCM:
        return AESGCM(hmac.digest(self._secret, _PURPOSE, "sha256"))

    def _sign(self, body: bytes) -> bytes:
        return self._digest(b"cursor\0" + body)[:_SIGNATURE_BYTES]

    def _digest(self, told: bytes) -> bytes:
        return hmac.new(self._secret, told, hashlib.sha256).digest()


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes_of(cursor: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (ValueError, UnicodeEncodeError, binascii.Error) as fault:
        raise _not_made_here() from fault


def _foreign() -> QueryProblem:
    message = "The cursor does not belong to this list; start again without one"
    return QueryProblem([Problem(code=FOREIGN_CURSOR, message=message, at=_CURSOR_PLACE)])


def _not_made_here() -> QueryProblem:
    message = "This is not a cursor that was given here; start again without one"
    return QueryProblem([Problem(code=NO_CURSOR, message=message, at=_CURSOR_PLACE)])
