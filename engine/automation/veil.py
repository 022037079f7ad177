"""Takes secrets out of what the other side said: a gateway's error may repeat the token that it was called with."""

from __future__ import annotations

import base64
import json
import re
from binascii import Error as BadBase64
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "•••"
# Shorter ones stand in every text; they are no secrets.
_SHORTEST = 4
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


class Veil:
    """Knows the secrets that one action was given."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def note(self, secret: str) -> str:
        """Remember a secret that is handed out, and give it."""
        if len(secret) >= _SHORTEST and secret not in self._known:
            self._known.append(secret)
        return secret

    def over(self, value: Any) -> Any:
        """Give a text, or a mapping or sequence with texts, without the secrets, as they are or encoded."""
        if not self._known:
            return value
        if isinstance(value, str):
            return self._over_text(value)
        if isinstance(value, dict):
            return {key: self.over(each) for key, each in value.items()}
        return [self.over(each) for each in value] if isinstance(value, list | tuple) else value

    def _over_text(self, text: str) -> str:
        for form in _forms(self._known):
            text = text.replace(form, HIDDEN)
        return _ENCODED.sub(self._decoded, text)

    def _decoded(self, found: re.Match[str]) -> str:
        word = found[0].rstrip("=")
        try:
            inside = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_" if set(word) & set("-_") else None)
        except (BadBase64, ValueError):
            return found[0]
        return HIDDEN if any(each.encode() in inside for each in self._known) else found[0]


def _forms(secrets: Iterable[str]) -> list[str]:
    """Give secrets as they stand in texts, addresses and JSON, the longest first."""
    written = (quote, quote_plus, lambda each: json.dumps(each)[1:-1])
    found = {each for each in secrets} | {write(each) for each in secrets for write in written}
    return sorted(found, key=len, reverse=True)
