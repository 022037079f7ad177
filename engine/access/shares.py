"""What conditions of access know of a share: to whom, for what, until when. Who makes shares is `records/sharing`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """One share of a record. edits: the record may be changed, else only read. until: when it ends; None = never."""

    grantee: str
    edits: bool
    until: dt.datetime | None

    def holds(self, now: dt.datetime, *, edits: bool) -> bool:
        """Say whether it gives this right now."""
        return (self.edits or not edits) and (self.until is None or self.until > now)


def key_of_user(user_id: str) -> str:
    """Give how a user is written as a grantee."""
    return f"user:{user_id}"


def key_of_team(team_id: str) -> str:
    """Give how a team is written as a grantee."""
    return f"team:{team_id}"


def key_of_role(name: str) -> str:
    """Give how a role is written as a grantee."""
    return f"role:{name}"
