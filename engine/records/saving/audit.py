"""The audit log: one row a save, which is the record's history as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from engine.expressions.sql.runtime import runtime
from engine.records.batches import JsonTexts, json_text
from engine.records.hooks import SaveKind
from engine.records.personal import seal_entries, seal_texts
from engine.records.statements import Prepared

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

AuditRow = dict[str, Any]
_FEW = 8
_NONE: Mapping[str, Sequence[Any]] = MappingProxyType({})


def audit_row(
    transaction: Transaction,
    object_key: str,
    record_id: str,
    version: int,
    kind: SaveKind,
    changes: dict[str, list[Any]],
) -> AuditRow:
    """Make the row of one save."""
    actor, cause = transaction.actor, transaction.cause
    return {
        "object": object_key,
        "record_id": record_id,
        "version": version,
        "at": transaction.now,
        "actor": actor.user_id,
        "actor_name": actor.name or actor.login,
        "on_behalf": actor.on_behalf_of,
        "origin": actor.origin.value,
        "run_id": cause.run,
        "step": cause.step,
        "release": transaction.parts.release.number,
        "action": kind.value,
        "changes": changes,
        "address": actor.address,
        "request_id": actor.request_id,
    }


def write_audit(transaction: Transaction, rows: Sequence[AuditRow]) -> None:
    """Write audit rows by one statement: a kept one, sent with the save, for a few; that of batches for many."""
    rows = seal_entries(transaction, rows)
    count = len(rows)
    if count > _FEW:
        transaction.insert_many(transaction.system.audit, rows)
    elif rows:
        prepared = transaction.parts.made(("audit", count), lambda: _prepare(transaction, count))
        given = {f"new_{name}_{index}": value for index, row in enumerate(rows) for name, value in row.items()}
        transaction.later(prepared, given)


def write_audit_beside(
    transaction: Transaction, rows: Sequence[AuditRow], new: Mapping[str, Sequence[Any]] = _NONE
) -> None:
    """Write audit rows of a batch; the server may take them while we go on (see `Sending.insert_beside`).

    new: further rows, by column.
    """
    if not new and len(rows) <= _FEW:
        write_audit(transaction, rows)
        return
    rows, new = seal_entries(transaction, rows), seal_texts(transaction, new)
    columns = {name: [*new.get(name, ()), *[row[name] for row in rows]] for name in new or rows[0]}
    changes = [json_text(row["changes"]) for row in rows]
    columns["changes"] = JsonTexts([*new.get("changes", ()), *changes])
    transaction.insert_beside(transaction.system.audit, columns)


def _prepare(transaction: Transaction, count: int) -> Prepared:
    table = transaction.system.audit
    columns = [column for column in table.columns if column.name != "id"]
    rows = [{c.name: runtime(f"new_{c.name}_{index}", c.type) for c in columns} for index in range(count)]
    # No returning: the id of an audit row is not needed.
    return Prepared(insert(table).inline().values(rows), transaction.parts.dialect)
