"""An HTTP gateway for SMS as a connection describes it: what is posted, how we prove who we are, what means success.

`{number}`, `{digits}` (without the +), `{text}`, `{key}` and `{secret}` in the body, and the last two in headers, are
put in once: what a value holds is never looked at again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from plugins import ActionContext, ActionFailed, Answer, EgressFailed, EgressRefused
from plugins.bundled.webhook.action import TRY_AGAIN, retry_after

_PLACE = re.compile(r"\{(number|digits|text|key|secret)\}")
_BODY: Mapping[str, Any] = {"to": "{number}", "text": "{text}"}
_TOLD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One SMS. key: stays the same over all tries of it."""

    number: str
    text: str
    key: str


class Gateway:
    """Sends SMS one by one. options: of the connection. secret: the value of the one that it names."""

    def __init__(self, options: Mapping[str, Any], secret: str | None) -> None:
        self._name = str(options["name"])
        self._options = options
        self._secret = secret

    def send(self, sms: Sms, context: ActionContext) -> None:
        """Send one.

        Raises:
            ActionFailed: the gateway is not reached or did not take it.
        """
        places = {"number": sms.number, "digits": sms.number.lstrip("+"), "text": sms.text, "key": sms.key}
        body, kind = self._body({**places, "secret": self._secret or ""})
        headers = {**self._headers(sms.key), "Content-Type": kind, "Idempotency-Key": sms.key}
        try:
            answer = context.egress.post(str(self._options.get("url", "")), body=body, headers=headers)
        except EgressRefused as refused:
            raise ActionFailed(f"the gateway '{self._name}' was not called: {refused}", permanent=True) from refused
        except EgressFailed as failed:
            raise ActionFailed(f"the gateway '{self._name}': {failed}") from failed
        self._judge(answer, context)

    def _body(self, places: Mapping[str, str]) -> tuple[bytes, str]:
        filled = _filled(self._options.get("body") or _BODY, places)
        if self._options.get("as") == "form":
            pairs = [(name, str(value)) for name, value in filled.items() if value is not None]
            return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        return json.dumps(filled, default=_number, ensure_ascii=False).encode(), "application/json"

    def _headers(self, key: str) -> dict[str, str]:
        given = self._options.get("headers") or {}
        filled = _filled(given, {"key": key, "secret": self._secret or ""})
        headers = {"User-Agent": "Fieldstone-SMS/1", **{name: str(value) for name, value in filled.items()}}
        user = self._options.get("user")
        if self._secret and user is not None:
            pair = base64.b64encode(f"{user}:{self._secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        elif self._secret and "{secret}" not in str(given) + str(self._options.get("body")):
            headers["Authorization"] = f"Bearer {self._secret}"
        return headers

    def _judge(self, answer: Answer, context: ActionContext) -> None:
        told = answer.body[:_TOLD].decode("utf-8", "replace")
        if self._secret:
            told = told.replace(self._secret, "…")
        reason = f"the gateway '{self._name}' answered {answer.status}: {told}"
        if not 200 <= answer.status < 300:
            permanent = 300 <= answer.status < 500 and answer.status not in TRY_AGAIN
            raise ActionFailed(reason, permanent=permanent, retry_after_s=retry_after(answer, context.now))
        success = self._options.get("success")
        if success is None:
            return
        found = _found(answer, str(success["field"]))
        if found in _texts(success["values"]):
            return
        raise ActionFailed(reason, permanent=found is not None and found not in _texts(success.get("temporary")))


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _PLACE.sub(lambda found: places.get(found[1], found[0]), value)
        case Mapping():
            return {str(name): _filled(each, places) for name, each in value.items()}
        case list() | tuple():
            return [_filled(each, places) for each in value]
    return value


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _found(answer: Answer, path: str) -> str | None:
    """Give what stands at a dotted path of a JSON answer, as a text; None where there is nothing."""
    try:
        found = json.loads(answer.body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return None if found is None else _text(found)


def _texts(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(map(_text, given)) if isinstance(given, list | tuple) else (_text(given),)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
