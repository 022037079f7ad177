"""Takes secrets out of what the other side said: a gateway's error may repeat the token that it was called with."""

from __future__ import annotations

import base64
import json
import re
from binascii import Error as BadBase64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from metamodel.apps import ConnectionDef
from plugins.contexts import Answer, EgressClient

HIDDEN = "•••"
# Shorter ones stand in every text; they are no secrets.
_SHORTEST = 4
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


class Veil:
    """Knows secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = [each for each in dict.fromkeys(secrets) if len(each) >= _SHORTEST]

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


@dataclass(frozen=True, slots=True)
class VeiledEgress:
    """Requests whose answers come without the secrets: before anybody cuts, keeps or tells them."""

    inner: EgressClient
    veil: Veil

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send, and give the answer. Raises: EgressRefused, EgressFailed."""
        answer = self.inner.post(url, body=body, headers=headers)
        told = {name: self.veil.over(value) for name, value in answer.headers.items()}
        text = answer.body.decode("utf-8", "surrogateescape")
        hidden = self.veil.over(text)
        return replace(answer, headers=told, body=answer.body if hidden == text else hidden.encode("utf-8", "replace"))


def _forms(secrets: Iterable[str]) -> list[str]:
    """Give secrets as they stand in texts, addresses and JSON, the longest first."""
    written = (quote, quote_plus, lambda each: json.dumps(each)[1:-1])
    found = {each for each in secrets} | {write(each) for each in secrets for write in written}
    return sorted(found, key=len, reverse=True)


def veil_of(connections: Iterable[ConnectionDef], secret_of: Callable[[str], str | None]) -> Veil:
    """Give the veil over the secrets that connections name, as far as they are set."""
    names = [str(each.options["secret"]) for each in connections if each.options.get("secret") is not None]
    return Veil(value for name in names if (value := secret_of(name)) is not None)
