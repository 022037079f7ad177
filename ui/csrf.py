"""CSRF tokens of signed-in people: derived from the session's secret, so that no page needs a state of its own.

A token is the keyed digest of the session cookie, hidden under random bytes that differ from page to page (an answer
compressed on its way tells nothing about it). It ends with the session. The log-in form, which has no session yet, is
guarded by Flask-WTF (ui/auth.py).
"""

from __future__ import annotations

import hmac
import secrets

from flask import request
from flask_wtf.csrf import CSRFError

FIELD = "csrf_token"
_HEADERS = ("X-CSRFToken", "X-CSRF-Token")
_BYTES = 32


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
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        return False
    return len(raw) == 2 * _BYTES and hmac.compare_digest(_masked(raw[:_BYTES], raw[_BYTES:]), digest)


def _digest(secret_key: str, session_secret: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"csrf token of " + session_secret.encode(), "sha256")


def _masked(mask: bytes, value: bytes) -> bytes:
    return (int.from_bytes(mask) ^ int.from_bytes(value)).to_bytes(_BYTES)
