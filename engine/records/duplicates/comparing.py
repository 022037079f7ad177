"""What all searches for duplicates share: keys of records, records by keys, and what a likeness does to a save."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from engine.errors import FieldError
from engine.records.batches import given_one_of, given_values, one_of
from engine.records.duplicates.keys import Rule, Values
from engine.records.duplicates.part_values import with_parts
from engine.records.duplicates.telling import told_of
from engine.records.saving.drafts import RecordDraft
from engine.records.statements import Prepared
from metamodel.duplicates import DuplicateAction
from metamodel.objects import ValidationSeverity

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_KEYS_ASKED_AT_ONCE = 500
_MOST_CANDIDATES = 5_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared: a record's values by an object's rules. field: of the draft that is told, None = the rule's."""

    object: str
    rules: Sequence[Rule]
    values: Values
    field: str | None = None


def keys_of(rules: Iterable[Rule], values: Values) -> set[str]:
    """Give the keys that a record's values have."""
    return {key for rule in rules for key in rule.keys(values)}


def found_by_keys(
    transaction: Transaction, object_key: str, rules: Iterable[Rule], keys: Collection[str]
) -> dict[str, list[Values]]:
    """Give the stored records that share keys, by key, with the values of parts that rules compare."""
    prepared = transaction.parts.made(("candidates", object_key), lambda: _prepare(transaction, object_key))
    columns, wanted = transaction.parts.columns(object_key), sorted(keys)
    found: list[tuple[str, Values]] = []
    for start in range(0, len(wanted), _KEYS_ASKED_AT_ONCE):
        asked = given_values(wanted[start : start + _KEYS_ASKED_AT_ONCE], transaction.database.dialect)
        found += [(str(row[0]), columns.values(row, 1)) for row in transaction.rows(prepared, {"keys": asked})]
    whole = with_parts(transaction, object_key, rules, [values for _, values in found])
    by_key: dict[str, list[Values]] = {}
    for key, values in found:
        by_key.setdefault(key, []).append(whole[str(values["id"])])
    return by_key


def compare(draft: RecordDraft, asked: Compared, others: Iterable[Values], transaction: Transaction) -> None:
    """Tell a draft of the records that are like the compared one: a block, else a warning."""
    known = {str(values["id"]): values for values in others if values["id"] != asked.values["id"]}
    for action in (DuplicateAction.BLOCK, DuplicateAction.WARN):
        alike: dict[str, Values] = {}
        field = asked.field
        for rule in asked.rules:
            if rule.definition.action is not action:
                continue
            hits = {record_id: each for record_id, each in known.items() if rule.matches(asked.values, each)}
            if hits:
                field = field or rule.field
                alike |= hits
        if not alike:
            continue
        blocks = action is DuplicateAction.BLOCK
        severity = ValidationSeverity.ERROR if blocks else ValidationSeverity.WARNING
        text = told_of(transaction.parts.metamodel.objects[asked.object], list(alike.values()), transaction)
        finding = FieldError(code="duplicate", message=text, field=field, severity=severity)
        (draft.errors if blocks else draft.notices).append(finding)
        # Who is refused needs no warning of the same kind.
        return


def write_keys(
    transaction: Transaction, object_key: str, rules: Sequence[Rule], rows: Sequence[Values], *, fresh: Collection[str]
) -> None:
    """Write the keys of records. fresh: ids of those that have none yet."""
    table = transaction.services.system.match
    stored = [str(values["id"]) for values in rows if values["id"] not in fresh]
    if stored:
        gone = one_of(table.c["record_id"], stored, transaction.database.dialect)
        transaction.connection.execute(delete(table).where(gone, table.c["object"] == object_key))
    made = [
        {"object": object_key, "key": each, "record_id": values["id"]}
        for values in rows
        for each in sorted(keys_of(rules, values))
    ]
    transaction.insert_many(table, made)


def _prepare(transaction: Transaction, object_key: str) -> Prepared:
    table = transaction.parts.tables.of(object_key).table
    match = transaction.services.system.match
    query = select(match.c["key"], *transaction.parts.columns(object_key).of(table))
    query = query.select_from(match.join(table, table.c["id"] == match.c["record_id"]))
    shared = given_one_of(match.c["key"], "keys", transaction.database.dialect)
    query = query.where(match.c["object"] == object_key, shared, table.c["deleted_at"].is_(None))
    return Prepared(query.limit(_MOST_CANDIDATES), transaction.parts.dialect)
