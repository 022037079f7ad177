"""The other side over HTTP: pages of records by GET, one record by POST; whatever goes wrong is told as one failure.

An answer that broke off counts as none, whatever its status: what was sent is sent again with the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlencode

from engine.automation.veil import Veil
from plugins.contexts import Answer, EgressFailed, EgressRefused

PAGE = 200
ANSWER_BYTES = 5_000_000
_MOST_IN_A_PAGE = 1_000
_MOST_PAGES = 100_000
_PASSING = frozenset((408, 425, 429))


class Client(Protocol):
    """What requests go by."""

    def get(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """Ask for an address."""
        ...

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body."""
        ...


class RemoteFailed(Exception):
    """A call of the other side failed. passing: it may work later."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        self.reason = reason
        self.passing = passing
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePage:
    """Records as they write them. next: the cursor of the page after, None at the end."""

    records: tuple[object, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One collection of records. headers: with the secret, which `veil` takes out of what they say."""

    name: str
    url: str
    headers: Mapping[str, str]
    client: Client
    veil: Veil

    def page(self, cursor: str | None) -> RemotePage:
        """Read a page. Raises: RemoteFailed."""
        asked = {"limit": str(PAGE), **({"cursor": cursor} if cursor is not None else {})}
        found = self._call(lambda: self.client.get(f"{self.url}?{urlencode(asked)}", headers=self.headers))
        records = found.get("records") if isinstance(found, dict) else None
        following = found.get("next") if isinstance(found, dict) else None
        if not isinstance(records, list) or not (following is None or isinstance(following, str)):
            raise RemoteFailed("Their answer is no page: an object with `records` and `next`.", passing=False)
        if len(records) > _MOST_IN_A_PAGE:
            raise RemoteFailed(f"Their page has more than {_MOST_IN_A_PAGE:,} records.", passing=False)
        if following is not None and following == cursor:
            raise RemoteFailed("Their page names itself as the next one.", passing=False)
        return RemotePage(records=tuple(records), next=following or None)

    def pages(self) -> Iterator[RemotePage]:
        """Read all pages. Raises: RemoteFailed."""
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = self.page(cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return
        raise RemoteFailed("Their pages do not come to an end.", passing=False)

    def send(self, key: str, turn: int, record: Mapping[str, Any]) -> None:
        """Send a record, which they make or change by its key. Raises: RemoteFailed.

        turn: another one where the same was sent before and changed since; else they would take it for a repetition.
        """
        body = json.dumps(record, ensure_ascii=False, sort_keys=True, default=str).encode()
        once = hashlib.sha256(f"{self.name}\n{key}\n{turn}\n".encode() + body).hexdigest()[:40]
        headers = {**self.headers, "Content-Type": "application/json", "Idempotency-Key": once}
        self._call(lambda: self.client.post(self.url, body=body, headers=headers), reads=False)

    def _call(self, call: Any, *, reads: bool = True) -> object:
        try:
            answer: Answer = call()
        except EgressRefused as refused:
            raise RemoteFailed(self.veil.over(str(refused)), passing=False) from refused
        except EgressFailed as failed:
            raise RemoteFailed(self.veil.over(str(failed)), passing=True) from failed
        text = self.veil.over(answer.body.decode("utf-8", "replace"))
        if not 200 <= answer.status < 300:
            passing = answer.status >= 500 or answer.status in _PASSING
            raise RemoteFailed(f"They answered {answer.status}: {text[:200]}".rstrip(": "), passing=passing)
        if len(answer.body) >= ANSWER_BYTES:
            raise RemoteFailed(f"Their answer has more than {ANSWER_BYTES:,} bytes.", passing=False)
        announced = answer.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) != len(answer.body):
            raise RemoteFailed("Their answer broke off.", passing=True)
        if not reads:
            return None
        try:
            return json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise RemoteFailed("Their answer is no JSON; maybe it broke off.", passing=True) from None
