"""Keeps passwords: argon2id hashes, the rules a new password must meet, and equal work for unknown users.

The cost is handed in, so that tests can hash in a moment; a hash of lower cost than asked for is renewed at log-in.
It stores nothing and knows no user.
Source: OWASP password storage cheat sheet (argon2id, at least 19 MiB and 2 passes); NIST SP 800-63B (length, no
composition rules, a list of common passwords).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from engine.accounts.common_passwords import COMMON_PASSWORDS
from engine.errors import FieldError, ValidationFailed

MIN_LENGTH = 8
MAX_LENGTH = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCost:
    """What one hash costs; the defaults are what the product promises at least."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


class Passwords:
    """Hash and verify passwords at one cost."""

    def __init__(self, cost: PasswordCost | None = None) -> None:
        cost = cost or PasswordCost()
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
        )
        # Verified against where a user is unknown or has no password, so that the answer takes as long.
        self._decoy = self._hasher.hash("no password has this hash")

    def hash(self, password: str) -> str:
        """Hash a password with a new salt."""
        return self._hasher.hash(_normal(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Say whether the password belongs to the hash; without a hash the same work is done for nothing."""
        try:
            self._hasher.verify(stored or self._decoy, _normal(password[: MAX_LENGTH + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def needs_renewal(self, stored: str) -> bool:
        """Say whether the hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)


def check_new_password(password: str, *, login: str) -> None:
    """Refuse a password that is too short, too long, common, or the user's own name.

    Raises: ValidationFailed on the field `password`.
    """
    fault = _fault(password, login)
    if fault is not None:
        code, message = fault
        raise ValidationFailed([FieldError(field="password", code=code, message=message)])


def _fault(password: str, login: str) -> tuple[str, str] | None:
    if len(password) < MIN_LENGTH:
        return "password_short", f"A password has at least {MIN_LENGTH} characters; this one has {len(password)}."
    if len(password) > MAX_LENGTH:
        return "password_long", f"A password has at most {MAX_LENGTH} characters."
    folded = password.casefold()
    if folded in COMMON_PASSWORDS or len(set(folded)) < 3:
        return "password_common", "This password is among the most common ones; choose another."
    if login and folded in (login.casefold(), login.casefold()[::-1]):
        return "password_is_login", "The password must differ from the user name."
    return None


def _normal(password: str) -> str:
    # The same characters typed on two systems may be composed differently; a lone surrogate cannot be encoded at all.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")
