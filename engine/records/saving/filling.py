"""Values that nobody typed: defaults, `empty_as`, `copy_from`, owner and the other system fields, autonumbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects import postgresql, sqlite

from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.narrowing import fill_narrowed
from engine.records.statements import Prepared
from engine.records.together import Drawing
from metamodel.fields import FieldDef
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_DEFAULT_FORMAT = "{000000}"
_PLACE = re.compile(r"\{(0+|YYYY|YY|MM|DD)\}")
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")


def fill_new(draft: RecordDraft, transaction: Transaction) -> None:
    """Fill a new record: system fields, then defaults of fields that were not given, then copies."""
    values, actor = draft.values, transaction.actor
    values["id"] = draft.record_id
    values["version"] = 1
    values["created_at"] = values["modified_at"] = transaction.now
    values["created_by"] = values["modified_by"] = actor.user_id
    if "owner" in values and "owner" not in draft.given and actor.user_id is not None:
        draft.put("owner", Ref("user", actor.user_id))
    for name in draft.plan.booleans:
        if values[name] is None:
            values[name] = False
    for name in draft.plan.zeroes:
        draft.put(name, draft.plan.keep[name](0))
    for filler in draft.plan.defaults:
        if filler.name in draft.given or (values[filler.name] is not None and values[filler.name] is not False):
            continue
        try:
            draft.put(filler.name, filler.constant if filler.evaluate is None else filler.evaluate(draft.context))
        except EvaluationError as fault:
            draft.reject(str(fault), field=filler.name, code="not_computable")
    fill_narrowed(draft)


def fill_copies(draft: RecordDraft) -> None:
    """Fill empty fields from the record that a lookup was set to."""
    for copier in draft.plan.copiers:
        if draft.values[copier.name] is not None or draft.values.get(copier.lookup) is None:
            continue
        if draft.values.get(copier.lookup) == draft.old.get(copier.lookup):
            continue
        try:
            draft.put(copier.name, copier.evaluate(draft.context))
        except EvaluationError as fault:
            draft.reject(str(fault), field=copier.name, code="not_computable")


def touch(draft: RecordDraft, transaction: Transaction) -> None:
    """Write who changed a record and when, and count its version on."""
    draft.put("version", draft.old["version"] + 1)
    draft.put("modified_at", transaction.now)
    draft.put("modified_by", transaction.actor.user_id)


def number_new(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Give new records their autonumbers: one statement a field, however many records."""
    new = [draft for draft in drafts if draft.kind is SaveKind.CREATED and not draft.errors]
    if not new:
        return
    for definition in new[0].plan.numbers:
        written = _written(definition)
        today = transaction.today
        last = _take(transaction, _series(new[0].object_key, definition, written, today), len(new))
        for offset, draft in enumerate(new):
            number = last - len(new) + 1 + offset
            draft.put(definition.name, _formatted(written, number, today))


def number_with_the_write(draft: RecordDraft, transaction: Transaction) -> None:
    """Let the statement that writes a new record draw its one autonumber; a mark stands for the digits until then."""
    (definition,) = draft.plan.numbers
    written, today = _written(definition), transaction.today
    (place,) = (match for match in _PLACE.finditer(written) if match[1].startswith("0"))
    # Letters alone, in an order that nobody can guess: no text that a person gave holds them.
    mark = transaction.services.ids.new().replace("-", "").translate(_LETTERS)
    shown = _formatted(written[: place.start()], 0, today) + mark + _formatted(written[place.end() :], 0, today)
    draft.put(definition.name, shown)
    prepared = transaction.parts.made("sequence", lambda: _taking(transaction))
    transaction.draw(
        Drawing(
            prepared=prepared,
            given={"series": _series(draft.object_key, definition, written, today), "step": 1},
            mark=mark,
            width=len(place[1]),
            told=lambda number: draft.put(definition.name, _formatted(written, number, today)),
        )
    )


def has_one_place(definition: FieldDef) -> bool:
    """Say whether a number stands once in what is written of it."""
    return len([match for match in _PLACE.finditer(_written(definition)) if match[1].startswith("0")]) == 1


def _written(definition: FieldDef) -> str:
    return str(dict(definition.options).get("format") or definition.number_format or _DEFAULT_FORMAT)


def _series(object_key: str, definition: FieldDef, written: str, today: dt.date) -> str:
    # A number that shows the year or day starts again with it.
    shown = [part for part in ("YYYY", "YY", "MM", "DD") if "{" + part + "}" in written]
    pattern = {"YYYY": "%Y", "YY": "%Y", "MM": "%m", "DD": "%d"}
    period = "-".join(today.strftime(pattern[part]) for part in shown)
    return f"{object_key}.{definition.name}" + (f".{period}" if period else "")


def _formatted(written: str, number: int, today: dt.date) -> str:
    shown = {"YYYY": f"{today.year:04d}", "YY": f"{today.year % 100:02d}", "MM": f"{today.month:02d}"}
    shown["DD"] = f"{today.day:02d}"
    return _PLACE.sub(lambda match: shown.get(match[1]) or str(number).zfill(len(match[1])), written)


def _take(transaction: Transaction, name: str, step: int) -> int:
    prepared = transaction.parts.made("sequence", lambda: _taking(transaction))
    row = transaction.row(prepared, {"series": name, "step": step})
    return int(row[0])


def _taking(transaction: Transaction) -> Prepared:
    table, dialect = transaction.system.sequence, transaction.parts.dialect
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    step = runtime("step", BigInteger())
    begun = insert(table).values(name=runtime("series", Text()), value=step)
    taken = begun.on_conflict_do_update(index_elements=["name"], set_={"value": table.c["value"] + step})
    return Prepared(taken.returning(table.c["value"]), dialect)
