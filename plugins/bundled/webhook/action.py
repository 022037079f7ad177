"""Sends one webhook: JSON body, event id, idempotency key, time stamp and HMAC SHA-256 signature.

The receiver proves the origin by computing HMAC-SHA256(secret, "<timestamp>.<body>") and comparing it with the part
after `v1=`; it refuses old time stamps and handles a key it has seen before only once.
Source: the Standard Webhooks way of signing a time stamp together with the body.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal

from plugins import ActionContext, ActionDone, ActionFailed, Answer, EgressFailed, EgressRefused, Plain

TRY_AGAIN = frozenset({408, 409, 425, 429})
REFUSED = "webhook.refused"
_TOLD = 500


def call_webhook(context: ActionContext, inputs: Mapping[str, object]) -> ActionDone:
    """Post the body to the connection's url.

    inputs: name of the connection, url, secret (or None), body (plain values).

    Raises:
        ActionFailed: it was refused, failed, or answered with something else than 2xx.
    """
    name, url = str(inputs["name"]), str(inputs["url"])
    body = encode_body(inputs.get("body"))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Fieldstone-Webhook/1",
        "Idempotency-Key": context.idempotency_key,
        "X-Fieldstone-Event": context.idempotency_key,
        "X-Fieldstone-Rule": context.rule,
    }
    secret = inputs.get("secret")
    if secret:
        headers |= sign(str(secret), body, timestamp=int(context.now.timestamp()))
    try:
        answer = context.egress.post(url, body=body, headers=headers)
    except EgressRefused as refused:
        raise ActionFailed(f"webhook '{name}' was not called: {refused}", permanent=True) from refused
    except EgressFailed as failed:
        raise ActionFailed(f"webhook '{name}': {failed}") from failed
    return _judge(name, answer, context)


def sign(secret: str, body: bytes, *, timestamp: int) -> dict[str, str]:
    """Make the headers that prove where a body comes from and when it was sent."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Fieldstone-Timestamp": str(timestamp), "X-Fieldstone-Signature": f"v1={digest}"}


def encode_body(values: object) -> bytes:
    """Write plain values as JSON: decimals as texts, times in ISO 8601; keys sorted: each try sends the same."""
    return json.dumps(values, default=_encode, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _encode(value: object) -> Plain:
    match value:
        case Decimal():
            return str(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Mapping():
            return dict(value)
        case tuple() | frozenset() | set():
            return list(value)
    raise TypeError(f"a value of kind {type(value).__name__} cannot be sent to a webhook")


def _judge(name: str, answer: Answer, context: ActionContext) -> ActionDone:
    if 200 <= answer.status < 300:
        value: dict[str, Plain] = {"status": answer.status, "body": _plain_body(answer)}
        return ActionDone(summary=f"webhook '{name}' answered {answer.status}", value=value)
    permanent = 300 <= answer.status < 500 and answer.status not in TRY_AGAIN
    if permanent:
        start = answer.body[:_TOLD].decode("utf-8", "replace")
        told: dict[str, Plain] = {"connection": name, "status": answer.status, "answer": start}
        context.events.tell(REFUSED, told, key=context.idempotency_key)
    raise ActionFailed(
        f"webhook '{name}' answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}",
        permanent=permanent,
        retry_after_s=retry_after(answer, context.now),
    )


def _plain_body(answer: Answer) -> Plain:
    text = answer.body.decode("utf-8", "replace")
    if "json" in answer.headers.get("content-type", ""):
        try:
            return _only_plain(json.loads(text, parse_float=Decimal, parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            return text
    return text


def _only_plain(value: object) -> Plain:
    match value:
        case dict():
            return {str(key): _only_plain(item) for key, item in value.items()}
        case list():
            return [_only_plain(item) for item in value]
        case str() | int() | bool() | Decimal() | None:
            return value
    return str(value)


def retry_after(answer: Answer, now: dt.datetime) -> float | None:
    """Give the seconds that a receiver asks to wait, a day at most; None where it asks for nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(min(int(text), 86_400))
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max((moment - now).total_seconds(), 0.0), 86_400.0)
