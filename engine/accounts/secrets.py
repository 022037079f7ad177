"""Makes the random texts that sessions and tokens are known by, and the hashes that are stored of them.

The texts have 256 random bits, so a plain SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "fst_"  # noqa: S105 - a mark, no secret
MAX_SECRET_LENGTH = 200


def new_session_secret() -> str:
    """Make the value of a session cookie."""
    return secrets.token_urlsafe(32)


def new_token_secret() -> str:
    """Make an API token; the prefix lets people and scanners recognise one that leaked."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_link_secret() -> str:
    """Make the secret part of a link that is sent by mail."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str | None:
    """Hash what a caller sent; None for what cannot be one of ours."""
    if not secret or len(secret) > MAX_SECRET_LENGTH or not secret.isascii():
        return None
    return hashlib.sha256(secret.encode()).hexdigest()
