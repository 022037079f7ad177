"""Tokens of records: texts that nobody can guess, the same for the same record, made with a key of the installation.

An HMAC-SHA256, cut to 32 hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import hmac

TOKEN_DIGITS = 32


def token_key(secret: bytes) -> bytes:
    """Derive the key of tokens from the installation's secret, so that a database never sees the secret itself."""
    return hmac.digest(secret, b"record tokens", "sha256")


def record_token(key: bytes, object_key: str, record_id: str) -> str:
    """Give the token of a record."""
    return hmac.new(key, f"{object_key}:{record_id}".encode(), hashlib.sha256).hexdigest()[:TOKEN_DIGITS]
