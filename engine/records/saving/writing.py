"""Writes drafts: rows of the object's table, what they say in the audit log, and what a broken constraint means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from engine.errors import FieldError, StaleVersion, ValidationFailed
from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveKind
from engine.records.index_words import index_words
from engine.records.parts import ReleaseParts
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.plan import SavePlan
from engine.records.sort_keys import sort_key
from engine.records.statements import Prepared
from engine.storage.sealing import of_record
from metamodel.values import ForeignMoney

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

NOT_AUDITED = frozenset(("id", "version", "created_at", "created_by", "modified_at", "modified_by"))


def insert_record(draft: RecordDraft, transaction: Transaction) -> None:
    """Insert a new record; sent with what else the save writes.

    Raises, when it is sent: ValidationFailed where a unique value is taken.
    """
    prepared = transaction.parts.made(("insert", draft.object_key), lambda: _insert(transaction.parts, draft.plan))
    transaction.later(
        prepared,
        _as_new(column_values(draft, draft.values)),
        object_key=draft.object_key,
        explain=lambda fault: refused_by_database(fault, draft.plan, transaction),
    )


def update_record(draft: RecordDraft, changed: Sequence[str], transaction: Transaction) -> None:
    """Write the changed fields of a record; sent with what else the save writes.

    Raises, when it is sent: ValidationFailed where a unique value is taken; StaleVersion where another writer was
    faster.
    """
    values = column_values(draft, {name: draft.values[name] for name in changed})
    key = ("update", draft.object_key, tuple(sorted(values)))
    prepared = transaction.parts.asked.find(key, lambda: prepare_update(transaction.parts, draft.plan, sorted(values)))
    before = draft.old["version"]

    def counted(count: int) -> None:
        if count == 0:
            raise StaleVersion(draft.object_key, draft.record_id, expected=before, current=before + 1)

    transaction.later(
        prepared,
        {**_as_new(values), "the_id": draft.record_id, "the_version": before},
        object_key=draft.object_key,
        counted=counted,
        certain=transaction.alone,
        explain=lambda fault: refused_by_database(fault, draft.plan, transaction),
    )


def column_values(draft: RecordDraft, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give column → value for fields, with the sort keys and the kept title that follow from them."""
    table, plain, money = draft.plan.table, draft.plan.plain, draft.plan.money
    found: dict[str, Any] = {}
    for name, value in values.items():
        column = plain.get(name)
        if column is not None:
            found[column] = value
            continue
        if (amounts := money.get(name)) is not None:
            amount, currency, base = amounts
            found[amount], found[currency] = (None, None) if value is None else value
            found[base] = value.base if isinstance(value, ForeignMoney) else found[amount]
            continue
        codec = table.codecs[name]
        if codec.is_sealed:
            found[codec.columns[0].name] = of_record(value, draft.record_id)
        elif codec.is_plain:
            found[codec.columns[0].name] = value
        else:
            found.update(codec.to_columns(value))
        key = table.sort_keys.get(name)
        if key is not None:
            found[key.name] = sort_key(value)
        words = table.words.get(name)
        if words is not None:
            found[words.name] = index_words(value, draft.plan.object.fields[name].value_type)
    if table.title is not None and (draft.kind is SaveKind.CREATED or draft.plan.title_reads & values.keys()):
        assert draft.plan.title is not None
        draft.title = draft.plan.title(draft.context)
        found[table.title.name] = draft.title
    return found


def _as_new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _insert(parts: ReleaseParts, plan: SavePlan) -> Prepared:
    table = plan.table.table
    statement = insert(table).values(
        {column.name: runtime(f"new_{column.name}", column.type) for column in table.columns}
    )
    return Prepared(statement, parts.dialect)


def prepare_update(parts: ReleaseParts, plan: SavePlan, names: Sequence[str]) -> Prepared:
    """Make the statement that writes columns of the record `the_id` where it still has `the_version`."""
    table = plan.table.table
    values = {name: runtime(f"new_{name}", table.c[name].type) for name in names}
    statement = update(table).values(values)
    statement = statement.where(
        table.c["id"] == runtime("the_id", table.c["id"].type),
        table.c["version"] == runtime("the_version", table.c["version"].type),
    )
    return Prepared(statement, parts.dialect)


def refused_by_database(fault: DBAPIError, plan: SavePlan, transaction: Transaction) -> Exception:
    """Turn a broken constraint into what people are told: which field's value can't be used."""
    said = str(fault.orig)
    for names in plan.uniques:
        columns = [plan.table.codecs[name].columns[0].name for name in names]
        if _names_index(said, plan, columns):
            text = say("not_unique", transaction.actor.language)
            return ValidationFailed([FieldError(code="not_unique", message=text, field=name) for name in names])
    return fault


def _names_index(said: str, plan: SavePlan, columns: Sequence[str]) -> bool:
    for index in plan.table.spec.indexes.values():
        if index.unique and list(index.columns) == list(columns):
            written = ", ".join(f"{plan.table.table.name}.{column}" for column in columns)
            return f'"{index.name}"' in said or index.name in said or said.rstrip().endswith(f": {written}")
    return False


def audited_changes(draft: RecordDraft, changed: Sequence[str]) -> dict[str, list[Any]]:
    """Give field → [old, new] in JSON form, for the audit log."""
    json, old, new = draft.plan.json, draft.old, draft.values
    found: dict[str, list[Any]] = {}
    for name in changed:
        if name in NOT_AUDITED:
            continue
        before, after, form = old.get(name), new.get(name), json[name]
        if form is not None:
            before = None if before is None else form(before)
            after = None if after is None else form(after)
        found[name] = [before, after]
    return found
