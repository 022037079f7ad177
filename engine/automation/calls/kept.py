"""Calls of other systems that started no rule, kept as long as runs are: what a rule is tested over that comes later.

A call that started rules is kept by its runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from engine.automation.stored_values import from_stored, to_stored
from engine.records.transaction import Transaction
from engine.storage.system_tables import SystemTables

KEPT_FOR = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A call. names: what a rule would have known it by."""

    at: dt.datetime
    names: Mapping[str, Any]


def keep_call(transaction: Transaction, call_id: str, webhook: str, names: Mapping[str, Any]) -> None:
    """Keep a call, in the transaction that takes it in."""
    values = {"id": call_id, "webhook": webhook, "names": to_stored(names), "at": transaction.now}
    transaction.connection.execute(insert(transaction.system.call), values)


def kept_calls(transaction: Transaction, webhook: str, since: dt.datetime, most: int) -> Iterator[KeptCall]:
    """Give the calls of a webhook, the oldest first."""
    table = transaction.system.call
    asked = select(table.c.at, table.c.names).where(table.c.webhook == webhook, table.c.at >= since)
    for row in transaction.connection.execute(asked.order_by(table.c.at, table.c.id).limit(most)):
        yield KeptCall(at=row.at, names=from_stored(row.names))


def forget_old_calls(connection: Connection, system: SystemTables, now: dt.datetime) -> None:
    """Delete the calls that are past their time."""
    connection.execute(delete(system.call).where(system.call.c.at < now - KEPT_FOR))
