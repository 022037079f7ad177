"""The people, accounts and deals that a measured installation holds: sizes and names, the same at each run."""

from __future__ import annotations

from dataclasses import dataclass

USERS_A_TEAM = 5
TEAMS = 4
PASSWORD = "correct horse battery"
STAGES = ("prospect", "qualify", "proposal", "negotiation", "won", "lost")
PROBABILITY = {"prospect": 10, "qualify": 20, "proposal": 50, "negotiation": 75, "won": 100, "lost": 0}
CLOSED = frozenset({"won", "lost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who the measured requests come from: a signed-in sales rep, never an administrator."""

    user_id: str
    team_id: str
    token: str
    cookie: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An installation ready to be measured.

    own: ids of deals of the caller that an update may move on so that its rule fires. readable: ids to get.
    account: an account to put on new deals. rows: how many deals there are.
    """

    database_url: str
    caller: Caller
    own: tuple[str, ...]
    readable: tuple[str, ...]
    account: str
    rows: int
