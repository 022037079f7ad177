"""What happened to accounts, in the audit log: log-ins, refused or not, log-outs, passwords, roles, tokens, shut-outs.

Each entry is written in the transaction of what it tells. It names the user it is about, who did it, when, from where,
and for roles what was before and after. No secret and nothing typed into the log-in page is kept: people type their
password where their name belongs. Changes of user records themselves are the door's to audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Table, insert

from engine.access.actor import Actor, Origin
from engine.clock import Clock

# The name of no object, so that entries stand in no record's history.
ACCOUNT = "fs_account"


# What happened, as the column `action` has it.
AccountEvent = Literal[
    "signed_in",
    "sign_in_refused",
    "signed_out",
    "password_set",
    "roles_set",
    "roles_ended",
    "roles_lost",
    "token_narrowed",
    "access_asked",
    "access_granted",
    "access_refused",
    "disabled",
    "enabled",
    "token_made",
    "token_revoked",
    "factor_set",
    "factor_removed",
    "factor_refused",
    "recovery_code_used",
    "recovery_codes_made",
    "reset_sent",
    "session_ended",
    "signed_in_as",
    "signed_in_as_ended",
    "offboarded",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who did it: a user, or a name such as `command line`. on_behalf: the id of who was signed in as that user.

    address, request_id: from where.
    """

    name: str
    user_id: str | None = None
    origin: Origin = Origin.CLI
    on_behalf: str | None = None
    address: str | None = None
    request_id: str | None = None


COMMAND_LINE = Author(name="command line")
NOBODY_KNOWN = Author(name="", origin=Origin.PAGE)


def author_of(actor: Actor) -> Author:
    """Give the author that an actor is."""
    name = actor.name or actor.login
    return Author(
        name=name,
        user_id=actor.user_id,
        origin=actor.origin,
        on_behalf=actor.on_behalf_of,
        address=actor.address,
        request_id=actor.request_id,
    )


class AccountTrail:
    """Writes entries on a connection handed in."""

    def __init__(self, audit: Table, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    def note(
        self,
        connection: Connection,
        event: AccountEvent,
        user_id: str | None,
        *,
        by: Author,
        changes: Mapping[str, tuple[object, object]] | None = None,
    ) -> None:
        """Write one entry about a user; None where the name belongs to nobody."""
        told = dict(changes or {})
        # Who signs in is no author with an address yet.
        address = by.address or told.get("address", (None, None))[1]
        connection.execute(
            insert(self._audit).values(
                object=ACCOUNT,
                record_id=user_id,
                at=self._clock.now(),
                actor=by.user_id,
                actor_name=by.name,
                on_behalf=by.on_behalf,
                origin=by.origin.value,
                action=event,
                changes={name: list(pair) for name, pair in told.items()},
                address=address,
                request_id=by.request_id,
            )
        )
