"""Writes many new records of one object by columns: their rows, and what the audit log says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from engine.records.hooks import SaveKind
from engine.records.index_words import index_words
from engine.records.saving.asking import FAULT, Asked, answers
from engine.records.saving.audit import audit_row
from engine.records.saving.column_plan import column_plan
from engine.records.saving.record_columns import RecordColumns
from engine.records.saving.writing import NOT_AUDITED
from engine.records.sort_keys import sort_key
from engine.storage.codecs import Codec
from engine.storage.sealing import of_record
from metamodel.values import ForeignMoney, Money, Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_MUCH_TEXT = 1_000
"""Longer ones are left to the evaluator, which bounds what an expression makes."""
_REPEATED = frozenset((type(None), str, bool, int, dt.date, dt.datetime, Ref))


def insert_records(records: RecordColumns, transaction: Transaction) -> None:
    """Insert new records of one object by one statement; the server may take the last of them while we go on."""
    transaction.insert_beside(records.plan.table.table, _columns(records, transaction))


def audit_columns_of_new(records: RecordColumns, transaction: Transaction) -> dict[str, list[Any]]:
    """Make the audit rows of new records of one object, by column."""
    count = len(records)
    common = audit_row(transaction, records.plan.object.key, "", 1, SaveKind.CREATED, {})
    columns = {name: [value] * count for name, value in common.items()}
    return columns | {"record_id": records.ids, "changes": _changes(records)}


def _columns(records: RecordColumns, transaction: Transaction) -> dict[str, list[Any]]:
    plan = records.plan
    found: dict[str, list[Any]] = {}
    for name, codec in plan.table.codecs.items():
        values = records.values[name]
        if codec.is_sealed:
            found[codec.columns[0].name] = [*map(of_record, values, records.ids)]
        elif codec.is_plain:
            found[codec.columns[0].name] = values
        elif (amounts := plan.money.get(name)) is not None:
            amount, currency, base = amounts
            found[amount], found[currency] = _amounts(values)
            several = transaction.around.metamodel.currencies
            found[base] = [_worth(value) for value in values] if several else found[amount]
        else:
            found |= _parts(codec, values)
        key = plan.table.sort_keys.get(name)
        if key is not None:
            found[key.name] = [sort_key(value) for value in values]
        words = plan.table.words.get(name)
        if words is not None:
            kind = plan.object.fields[name].value_type
            found[words.name] = [index_words(value, kind) for value in values]
    if plan.table.title is not None:
        found[plan.table.title.name] = _titles(records, transaction)
    return found


def _amounts(values: Sequence[Money | None]) -> tuple[list[Any], list[Any]]:
    if None in values:
        return [value and value[0] for value in values], [value and value[1] for value in values]
    amounts, currencies = zip(*values, strict=True)
    return [*amounts], [*currencies]


def _worth(value: Money | None) -> Decimal | None:
    if isinstance(value, ForeignMoney):
        return value.base
    return None if value is None else value.amount


def _parts(codec: Codec, values: Sequence[Any]) -> dict[str, list[Any]]:
    if values.count(None) == len(values):
        return {name: list(values) for name in codec.names}
    written = [codec.to_columns(value) for value in values]
    return {name: [parts[name] for parts in written] for name in codec.names}


def _titles(records: RecordColumns, transaction: Transaction) -> list[Any]:
    plan = records.plan
    asked = column_plan(transaction.parts, plan).title
    assert asked is not None
    assert plan.title is not None
    titles = _texts_alone(asked, records) or answers(asked, records, transaction.around)
    if FAULT in titles:
        # A title that can't be computed fails the save, as it does for one record.
        plan.title(transaction.context(plan.object.key, records.row(titles.index(FAULT))))
    return titles


def _texts_alone(asked: Asked, records: RecordColumns) -> list[str] | None:
    """Give titles that are the text of one field; None where they are more, or a text is missing."""
    if asked.text_of is None:
        return None
    texts = records.values[asked.text_of]
    return texts if all([type(text) is str and len(text) < _MUCH_TEXT for text in texts]) else None


def _changes(records: RecordColumns) -> list[str]:
    """Give `{"field": [null, value], …}` of each record, its fields by name."""
    plan = records.plan
    columns: list[list[str]] = []
    alike = ""
    for name in sorted(plan.table.codecs):
        if name in NOT_AUDITED:
            continue
        values = records.values[name]
        if values.count(values[0]) < len(values):
            columns.append(_change_texts(name, values, plan.json[name], alike))
            alike = ""
        elif values[0] is not None:
            alike += _change_texts(name, values[:1], plan.json[name], "")[0]
    columns.append([alike] * len(records))
    # Each text ends in a comma, the last one of a record must not.
    return ["{" + "".join(texts)[:-1] + "}" for texts in zip(*columns, strict=True)]


def _change_texts(name: str, values: Sequence[Any], form: Callable[[Any], Any] | None, before: str) -> list[str]:
    """Give the text of one field's change for each record, behind what stands before it in all of them."""
    start = before + orjson.dumps(name).decode() + ":[null,"
    if form is None and (written := _plain_texts(values)) is not None:
        return [f"{start}{text}]," for text in written]
    if form is not None and _is_plain_money(values, form):
        return [
            before if value is None else f'{start}{{"amount":"{value[0]:f}","currency":"{value[1]}"}}],'
            for value in values
        ]
    known: dict[Any, str] = {None: before}
    found = []
    for value in values:
        repeated = type(value) in _REPEATED
        text = known.get(value) if repeated else None
        if text is None:
            text = f"{start}{_json(value if form is None else form(value))}],"
            if repeated:
                known[value] = text
        found.append(text)
    return found


def _plain_texts(values: Sequence[Any]) -> list[str] | None:
    """Write texts as JSON, all at once; None where something else is among them, or what JSON writes otherwise."""
    if not all(type(value) is str for value in values):
        return None
    joined = "".join(values)
    if not joined.isprintable() or '"' in joined or "\\" in joined:
        return None
    return [f'"{value}"' for value in values]


def _is_plain_money(values: Sequence[Any], form: Callable[[Any], Any]) -> bool:
    """Say whether all are money, whose JSON is the amount and the currency as the field's form writes them."""
    first = next((value for value in values if value is not None), None)
    if type(first) is not Money or not all(value is None or type(value) is Money for value in values):
        return False
    return bool(form(first) == {"amount": f"{first.amount:f}", "currency": first.currency})


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
