"""Writes many changed records of one object by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from engine.errors import StaleVersion
from engine.expressions.sql.runtime import runtime
from engine.records.parts import ReleaseParts
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.plan import SavePlan
from engine.records.saving.writing import column_values, prepare_update, update_record
from engine.records.statements import Prepared
from engine.storage.dialect import Dialect
from engine.storage.written_arrays import WrittenArray

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

STAMPS = ("modified_at", "modified_by", "version")


def update_records(drafts: Sequence[RecordDraft], changed: Sequence[Sequence[str]], transaction: Transaction) -> None:
    """Write loaded and touched records; `changed`: the changed fields of each, without the stamps.

    Raises: StaleVersion where another writer was faster; ValidationFailed where the value of a single one is taken.
    """
    if len(drafts) <= 1:
        for draft, names in zip(drafts, changed, strict=True):
            update_record(draft, [*names, *STAMPS], transaction)
        return
    # The drafts are locked, so that writing what did not change in one of them changes nothing.
    fields = sorted({*STAMPS}.union(*changed))
    rows = [column_values(draft, {name: draft.values[name] for name in fields}) for draft in drafts]
    columns = sorted(rows[0])
    parts, plan = transaction.parts, drafts[0].plan
    one_by_one = transaction.database.dialect is not Dialect.POSTGRESQL or any(
        isinstance(plan.table.table.c[name].type, JSON | ARRAY) for name in columns
    )
    key = ("update many", one_by_one, drafts[0].object_key, tuple(columns))
    if one_by_one:
        prepared = parts.asked.find(key, lambda: prepare_update(parts, plan, columns))
        given = [{f"new_{name}": row[name] for name in columns} for row in rows]
        for item, draft in zip(given, drafts, strict=True):
            item |= {"the_id": draft.record_id, "the_version": draft.old["version"]}
        count = prepared.change_many(transaction.connection, transaction.database, given)
    else:
        prepared = parts.asked.find(key, lambda: _prepare(parts, plan, columns))
        lists: dict[str, Any] = {f"new_{name}": [row[name] for row in rows] for name in columns}
        lists["the_id"] = [draft.record_id for draft in drafts]
        lists["the_version"] = [draft.old["version"] for draft in drafts]
        count = transaction.change(prepared, lists)
    if count != len(drafts):
        first = drafts[0]
        before = first.old["version"]
        raise StaleVersion(first.object_key, first.record_id, expected=before, current=before + 1)


def _prepare(parts: ReleaseParts, plan: SavePlan, names: Sequence[str]) -> Prepared:
    table = plan.table.table

    def unnested(name: str, column: Column[Any], label: str) -> Any:
        return func.unnest(runtime(name, WrittenArray(column.type)), type_=column.type).label(label)

    values = [unnested(f"new_{name}", table.c[name], f"new_{name}") for name in names]
    known = [unnested("the_id", table.c["id"], "the_id"), unnested("the_version", table.c["version"], "the_version")]
    given = select(*values, *known).subquery("given")
    statement = update(table).values({name: given.c[f"new_{name}"] for name in names})
    statement = statement.where(table.c["id"] == given.c["the_id"], table.c["version"] == given.c["the_version"])
    return Prepared(statement, parts.dialect)
