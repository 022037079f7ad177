"""Whose turn it is in a queue: kept in fs_queue_turn, so that it holds over runs, workers and restarts.

Each time all who can take a record gain their weight, and who takes it pays the sum of what they gained: so shares are
to the weights, in an even mix, and who was away neither loses turns nor catches up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import func, select

from engine.records.assigning.members import Member
from engine.storage.dialect import Dialect

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_LOCK_CLASS = 0x4653_5154


def wait_for_queue(transaction: Transaction, queue_id: str) -> None:
    """Let assignments of one queue come one after the other; SQLite writes one at a time anyway."""
    if transaction.database.dialect is Dialect.POSTGRESQL:
        number = crc32(queue_id.encode()) - 0x8000_0000
        transaction.connection.execute(select(func.pg_advisory_xact_lock(_LOCK_CLASS, number)))


def next_in_turn(credits: Sequence[tuple[str, int, int]]) -> tuple[str, dict[str, int]]:
    """Give who of (user, credit, weight) is next, and the credits of all from then on.

    >>> next_in_turn([("a", 0, 2), ("b", 0, 1)])
    ('a', {'a': -1, 'b': 1})
    """
    gained = {user: credit + weight for user, credit, weight in credits}
    chosen = max(gained, key=lambda user: (gained[user], [-ord(letter) for letter in user]))
    gained[chosen] -= sum(weight for _, _, weight in credits)
    return chosen, gained


def take_turn(transaction: Transaction, queue_id: str, among: Sequence[Member]) -> Member:
    """Give the member whose turn it is, and keep that it was; the queue must be waited for before."""
    table = transaction.system.queue_turn
    of_queue = table.c["queue_id"] == queue_id
    rows = transaction.connection.execute(select(table.c["user_id"], table.c["credit"]).where(of_queue))
    known = {str(user): int(credit) for user, credit in rows}
    chosen, credits = next_in_turn([(each.user_id, known.get(each.user_id, 0), each.weight) for each in among])
    for user_id, credit in credits.items():
        if user_id not in known:
            row = {"queue_id": queue_id, "user_id": user_id, "credit": credit}
            transaction.connection.execute(table.insert().values(row))
        elif credit != known[user_id]:
            own = table.update().where(of_queue, table.c["user_id"] == user_id)
            transaction.connection.execute(own.values(credit=credit))
    return next(each for each in among if each.user_id == chosen)
