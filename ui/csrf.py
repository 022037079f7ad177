"""CSRF tokens of signed-in people: derived from the session's secret, so that no page needs a state of its own.

A token is the keyed digest of the session cookie, hidden under random bytes that differ from page to page (an answer
compressed on its way tells nothing about it). It ends with the session: a log-in or log-out makes it worthless. The
log-in form, which has no session yet, is guarded by Flask-WTF (ui/auth.py). Why so: docs/adr/0015.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from flask import request
from flask_wtf.csrf import CSRFError

FIELD = "csrf_token"
_HEADERS = ("X-CSRFToken", "X-CSRF-Token")
_BYTES = 32
_FORM = re.compile(f"[0-9a-f]{{{4 * _BYTES}}}")
_MOST_KEY = hashlib.blake2b.MAX_KEY_SIZE


def token_of(secret_key: str, session_secret: str) -> str:
    """Make a token for the pages of a session."""
    mask = secrets.token_bytes(_BYTES)
    return (mask + _masked(mask, _digest(secret_key, session_secret))).hex()


def check_token(secret_key: str, session_secret: str) -> None:
    """Look for the session's token in the request's form or headers.

    Raises: CSRFError.
    """
    given = request.form.get(FIELD) or next((request.headers[name] for name in _HEADERS if name in request.headers), "")
    if not given:
        raise CSRFError("The CSRF token is missing.")
    if not _is_token(given, _digest(secret_key, session_secret)):
        raise CSRFError("The CSRF token is not one of this session.")


def _is_token(given: str, digest: bytes) -> bool:
    if _FORM.fullmatch(given) is None:
        return False
    raw = bytes.fromhex(given)
    return hmac.compare_digest(_masked(raw[:_BYTES], raw[_BYTES:]), digest)


def _digest(secret_key: str, session_secret: str) -> bytes:
    # BLAKE2b takes the key itself (RFC 7693), of at most 64 bytes; `person` sets it apart from other uses of the key.
    key = secret_key.encode()
    key = key if len(key) <= _MOST_KEY else hashlib.blake2b(key).digest()
    return hashlib.blake2b(session_secret.encode(), key=key, digest_size=_BYTES, person=b"fs csrf token").digest()


def _masked(mask: bytes, value: bytes) -> bytes:
    return (int.from_bytes(mask) ^ int.from_bytes(value)).to_bytes(_BYTES)
