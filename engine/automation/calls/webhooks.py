"""Webhooks that other systems call: proved by a signature over time and body, fresh, of bounded size, taken in once.

The signature is the one that outgoing webhooks have: HMAC-SHA256 of `<timestamp>.<body>` with the shared secret. What
the body holds is read by whoever serves the call, after it is proved and before it is taken in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.access.actor import Origin, system_actor
from engine.automation.calls.once import is_first
from engine.automation.calls.others import OtherCalls
from engine.clock import Clock
from engine.errors import EngineError
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables
from metamodel.apps import ConnectionDef

KIND = "webhook_in"
MOST_BYTES = 256 * 1024
FRESH_S = 300
_VERSION = "v1="
_LONGEST_KEY = 200


class NoSuchWebhook(EngineError):
    """No connection of that name is called by others."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no webhook '{name}'.")


class WebhookRefused(EngineError):
    """A call is not proved, or is too old. code: stable, for programs."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class WebhookTooLarge(EngineError):
    """The body of a call is larger than is taken in."""

    def __init__(self) -> None:
        super().__init__(f"The body has more than {MOST_BYTES:,} bytes.")


class WebhookReplayed(EngineError):
    """The very same call, its time stamp included, came before."""

    def __init__(self) -> None:
        super().__init__("This call came before; it was not taken in again.")


class WebhookNotReady(EngineError):
    """The secret that the connection names is not set in this environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.retry_after_s = 60
        super().__init__(f"The webhook '{name}' is not ready to be called; its secret is not set here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedCall:
    """A call that is proved. proof: of this very call. delivery: its sender's own key, '' without one."""

    webhook: str
    proof: str
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What came of a call. runs: how many were started; repeated: it was delivered before, and started nothing."""

    runs: int
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedWebhooks:
    """The webhooks of an installation that others call."""

    records: Records
    system: SystemTables
    current: Callable[[], Release]
    others: OtherCalls
    clock: Clock
    secret_of: Callable[[str], str | None]

    def require(self, name: str) -> ConnectionDef:
        """Give a webhook's connection. Raises: NoSuchWebhook."""
        found = self.current().metamodel.connections.get(name)
        if found is None or found.kind != KIND:
            raise NoSuchWebhook(name)
        return found

    def prove(
        self, name: str, body: bytes, *, timestamp: str | None, signature: str | None, delivery: str | None
    ) -> ProvedCall:
        """Make sure that a call comes from who shares the secret, just now.

        Raises: NoSuchWebhook, WebhookNotReady, WebhookTooLarge, WebhookRefused.
        """
        connection = self.require(name)
        secret = self.secret_of(str(connection.options.get("secret") or ""))
        if not secret:
            raise WebhookNotReady(name)
        if len(body) > MOST_BYTES:
            raise WebhookTooLarge
        if not timestamp or not signature:
            told = "Sign the call: X-Fieldstone-Timestamp, and X-Fieldstone-Signature: v1=HMAC-SHA256 of time and body."
            raise WebhookRefused("unsigned", told)
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise WebhookRefused("bad_timestamp", "X-Fieldstone-Timestamp is a whole number of seconds since 1970.")
        if not _fits(secret, timestamp, body, signature):
            raise WebhookRefused("bad_signature", "The signature does not fit the time stamp and the body.")
        if abs(self.clock.now().timestamp() - int(timestamp)) > FRESH_S:
            raise WebhookRefused("stale", f"The time stamp is more than {FRESH_S} seconds off.")
        proof = hashlib.sha256(f"{timestamp}.".encode() + body).hexdigest()
        return ProvedCall(webhook=name, proof=proof, delivery=(delivery or "")[:_LONGEST_KEY])

    def take_in(self, call: ProvedCall, payload: Mapping[str, Any]) -> TakenIn:
        """Start what waits for a proved call, once.

        Raises: WebhookReplayed: the same call came before.
        """
        with self.records.transaction(system_actor(Origin.RULE), release=self.current()) as transaction:
            connection, dialect = transaction.connection, transaction.database.dialect
            sender, now = f"webhook {call.webhook}", transaction.now
            if not is_first(connection, self.system, dialect, sender=sender, key=f"proof {call.proof}", now=now):
                raise WebhookReplayed
            key = f"delivery {call.delivery}"
            if call.delivery and not is_first(connection, self.system, dialect, sender=sender, key=key, now=now):
                return TakenIn(runs=0, repeated=True)
            return TakenIn(runs=self.others.received(transaction, call.webhook, payload))


def _fits(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Say whether one of the signatures given, several with commas between them, is that of the secret."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    wanted = (_VERSION + digest).encode()
    given = [each.strip().encode("utf-8", "replace") for each in signature[:2_000].split(",")]
    return any([hmac.compare_digest(each, wanted) for each in given])
