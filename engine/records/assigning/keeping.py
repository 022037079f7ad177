"""What is kept of assignments, in fs_assignment: who got a record out of which queue, when, why, to touch by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.assigning.reasons import told
from metamodel.values import Ref
from workflow_dsl.syntax import AssignMethod

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

OPEN, TOUCHED, PASSED, ENDED = "open", "touched", "passed", "ended"
"""States: not touched yet; touched by its member; given to the next one; nothing to wait for (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a rule asks of a queue. run, place: of which run and action. names: what its condition was given.

    before: name of who did not touch the record in time.
    """

    queue: str
    method: AssignMethod
    run: str | None = None
    place: str | None = None
    names: Mapping[str, Any] | None = None
    before: str | None = None


def keep_assignment(
    transaction: Transaction,
    target: Ref,
    version: int,
    asked: Asked,
    *,
    user_id: str | None,
    why: Mapping[str, Any],
    due_at: dt.datetime | None,
) -> None:
    """Note an assignment; the last one of a record is what is waited for."""
    table = transaction.system.assignment
    of_record = (table.c["object"] == target.object, table.c["record_id"] == target.id)
    transaction.settle()
    transaction.connection.execute(table.update().where(*of_record, table.c["state"] == OPEN).values(state=ENDED))
    row = {
        "object": target.object,
        "record_id": target.id,
        "version": version,
        "queue_id": asked.queue,
        "user_id": user_id,
        "at": transaction.now,
        "due_at": due_at,
        "state": ENDED if due_at is None else OPEN,
        "reason": dict(why),
        "run_id": asked.run,
        "place": asked.place,
        "names": asked.names,
    }
    transaction.connection.execute(table.insert().values(row))


def reasons_of(transaction: Transaction, object_key: str, record_id: str) -> dict[int, str]:
    """Give version → why its owner was chosen, in the actor's language; the latest assignments of a record."""
    table = transaction.system.assignment
    query = select(table.c["version"], table.c["reason"]).where(
        table.c["object"] == object_key, table.c["record_id"] == record_id
    )
    rows = transaction.connection.execute(query.order_by(table.c["id"].desc()).limit(200))
    found: dict[int, str] = {}
    for version, why in rows:
        # Where nothing changed, the reason of the same version's latest assignment holds.
        found.setdefault(int(version), told(why, transaction.actor.language))
    return found
