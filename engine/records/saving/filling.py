"""Values that nobody typed: defaults, `empty_as`, `copy_from`, owner and the other system fields, autonumbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects import postgresql, sqlite

from engine.expressions.sql.runtime import runtime
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.narrowing import fill_narrowed
from engine.records.saving.plan import SavePlan
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
    for name, numbers in drawn_numbers(new[0].plan, len(new), transaction):
        for draft, number in zip(new, numbers, strict=True):
            draft.put(name, number)


def drawn_numbers(plan: SavePlan, count: int, transaction: Transaction) -> Iterator[tuple[str, list[str]]]:
    """Draw some numbers of each autonumber of an object: one statement a field."""
    for definition in plan.numbers:
        written, today = _written(definition), transaction.today
        last = _take(transaction, _series(plan.object.key, definition, written, today), count)
        show = _form(written, today)
        yield definition.name, [show(number) for number in range(last - count + 1, last + 1)]


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
    return _form(written, today)(number)


def _form(written: str, today: dt.date) -> Callable[[int], str]:
    """Give what writes a number as a field's format says on a day."""
    shown = {"YYYY": f"{today.year:04d}", "YY": f"{today.year % 100:02d}", "MM": f"{today.month:02d}"}
    shown["DD"] = f"{today.day:02d}"
    texts = _PLACE.split(_PLACE.sub(lambda match: shown.get(match[1], match[0]), written))
    if len(texts) == 3:
        before, width, after = texts[0], len(texts[1]), texts[2]
        return lambda number: before + str(number).zfill(width) + after
    # What was split at stands between the texts around it.
    return lambda number: "".join(str(number).zfill(len(text)) if at % 2 else text for at, text in enumerate(texts))


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
