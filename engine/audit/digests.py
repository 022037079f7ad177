"""What a seal says of entries: a keyed digest of each, and one over a block that holds the block before it.

The key is made of the installation's secret, so that who can write to the database can't make a seal that fits. Which
entries are sealed when is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Table

_PURPOSE = b"fieldstone: seals of the audit log"
_ID_BYTES = 8
_DIGEST_BYTES = 16
NO_SEAL = b""
"""What the first block is chained to."""
_COLUMNS = (
    "id", "object", "record_id", "version", "at", "actor", "actor_name", "on_behalf", "origin", "run_id", "step",
    "release", "action", "changes", "address", "request_id",
)  # fmt: skip
"""What is sealed of an entry, in this order for good."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as its seal has it."""

    id: int
    digest: bytes


class SealKey:
    """Makes digests for one installation."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)

    def entry(self, row: Sequence[Any]) -> bytes:
        """Give the digest of an entry; row: the values of `sealed_columns`."""
        *before, changes, address, request_id = row
        # SQLite may give what the server wrote as text.
        known = orjson.loads(changes) if isinstance(changes, str) else changes
        text = orjson.dumps([*before, known, address, request_id], default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(text, digest_size=_DIGEST_BYTES, key=self._key).digest()

    def block(self, number: int, last: int, entries: bytes, before: bytes) -> bytes:
        """Give what chains a block to the one before."""
        head = orjson.dumps([number, last, before.hex()])
        return hmac.new(self._key, head + b"\n" + entries, hashlib.sha256).digest()


def sealed_columns(audit: Table) -> list[Any]:
    """Give the columns of entries that a digest is made of."""
    return [audit.c[name] for name in _COLUMNS]


def pack(entries: Sequence[Sealed]) -> bytes:
    """Write ids and digests of a block."""
    return b"".join(each.id.to_bytes(_ID_BYTES) + each.digest for each in entries)


def unpack(packed: bytes) -> Iterator[Sealed]:
    """Read what `pack` wrote; bytes of a broken one are left out, its chain does not hold."""
    size = _ID_BYTES + _DIGEST_BYTES
    for start in range(0, len(packed) - size + 1, size):
        split = start + _ID_BYTES
        yield Sealed(int.from_bytes(packed[start:split]), packed[split : start + size])
