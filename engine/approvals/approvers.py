"""Who is to decide: from what a step lists to active users, and who stands in for those who are away.

A stand-in acts for the days of the absence and no longer: who acts for whom is asked anew each time, never stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.approvals.messages import say
from engine.approvals.program import StepProgram
from engine.approvals.requests import Mode
from engine.automation.eyes import SeenByActor
from engine.automation.people import users_of
from engine.automation.people_in_records import RecordDirectory
from engine.automation.program import Value
from engine.records.transaction import Transaction
from workflow_dsl.context import Context
from workflow_dsl.syntax import ApproverChoice

STAND_IN, AWAY_FROM, AWAY_UNTIL = "stand_in", "away_from", "away_until"
_MODES = {ApproverChoice.ANY: Mode.ANY, ApproverChoice.ALL: Mode.ALL, ApproverChoice.CHOSEN_AT_SUBMIT: Mode.ALL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who a step asks: user → the listed part the user stands for. notes: what was left out or cut."""

    people: Mapping[str, int]
    mode: Mode
    needed: int
    notes: tuple[str, ...] = ()


def find_people(transaction: Transaction, values: Iterable[Value], context: Context) -> list[tuple[Value, list[str]]]:
    """Give the active users that each of some expressions names.

    Raises: EvaluationError.
    """
    directory = RecordDirectory(transaction, SeenByActor(transaction))
    found = []
    for value in values:
        users = dict.fromkeys(users_of(value.typed, value.evaluate(context), directory))
        found.append((value, [user for user in users if is_active(transaction, user)]))
    return found


def ask(transaction: Transaction, step: StepProgram, context: Context, chosen: Sequence[str]) -> Asked:
    """Find who a step asks and how many of them must agree.

    Raises: EvaluationError.
    """
    language = transaction.actor.language
    if step.is_chosen:
        people = {user: 0 for user in dict.fromkeys(chosen) if is_active(transaction, user)}
        return Asked(people=people, mode=Mode.ALL, needed=len(people))
    notes: list[str] = []
    found: dict[str, int] = {}
    parts = find_people(transaction, step.people, context)
    for number, (value, users) in enumerate(parts):
        if not users and any(others for _, others in parts):
            notes.append(say("part_empty", language, what=value.text))
        for user in users:
            found.setdefault(user, number)
    if step.quorum is not None:
        needed = min(step.quorum, len(found))
        if found and needed < step.quorum:
            notes.append(say("quorum_cut", language, asked=step.quorum, found=len(found)))
        return Asked(people=found, mode=Mode.QUORUM, needed=needed, notes=tuple(notes))
    mode = _MODES.get(step.choice, Mode.LISTED)
    counts = {Mode.ANY: 1, Mode.ALL: len(found), Mode.LISTED: len(set(found.values()))}
    return Asked(people=found, mode=mode, needed=counts[mode], notes=tuple(notes))


def is_active(transaction: Transaction, user_id: str) -> bool:
    """Say whether a user is there and works here."""
    values = transaction.cache.related("user", user_id)
    return values is not None and values.get("active") is not False


def name_of(transaction: Transaction, user_id: str | None) -> str:
    """Give what a user is called; colleagues' names are known in the house."""
    values = transaction.cache.related("user", user_id) if user_id is not None else None
    return str(values.get("name") or "") if values is not None else ""


class StandIns:
    """Who acts for whom today, of all users who are away."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._for: dict[str, str] = _away(transaction, transaction.today)

    def acting(self, user_id: str) -> str:
        """Give who acts for a user today: the stand-in while the user is away, that one's own where both are away."""
        seen = {user_id}
        while (stand_in := self._for.get(user_id)) is not None and stand_in not in seen:
            if not is_active(self._transaction, stand_in):
                break
            seen.add(stand_in)
            user_id = stand_in
        return user_id

    def acts_for(self, user_id: str) -> frozenset[str]:
        """Give the users that somebody acts for today, oneself included unless a stand-in does."""
        others = {away for away in self._for if self.acting(away) == user_id}
        return frozenset(others | ({user_id} if self.acting(user_id) == user_id else set()))


def _away(transaction: Transaction, today: dt.date) -> dict[str, str]:
    tables = transaction.parts.tables.of("user")
    codec, user = tables.codecs, tables.table

    def stored(name: str) -> Any:
        return codec[name].to_columns(today)[name]

    query = select(user.c["id"], user.c[STAND_IN]).where(
        user.c["deleted_at"].is_(None),
        user.c[STAND_IN].is_not(None),
        user.c[AWAY_FROM] <= stored(AWAY_FROM),
        user.c[AWAY_UNTIL] >= stored(AWAY_UNTIL),
    )
    return {str(row[0]): str(row[1]) for row in transaction.connection.execute(query)}
