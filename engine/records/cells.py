"""Columns of a list or record as SQL and back: for each path its SQL parts, its Python value and its API form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Text, cast, null
from sqlalchemy.engine import Dialect as SqlDialect

from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.making_items import as_items
from engine.expressions.sql.titles import record_title
from engine.expressions.sql.values import (
    Sql,
    SqlAnyReference,
    SqlDate,
    SqlDatetime,
    SqlDuration,
    SqlEmpty,
    SqlItems,
    SqlList,
    SqlMoney,
    SqlNumber,
    SqlParts,
    SqlReference,
    SqlTexts,
    SqlTime,
    SqlValue,
    parts_of,
)
from engine.records.cell import Cell
from engine.records.statements import Convert, result_converter
from engine.storage.codecs import files_of_lists
from engine.storage.column_types import ScaledInteger
from metamodel.field_types.compound import MAKERS, PARTS, part_values
from metamodel.field_types.files import file_json
from metamodel.field_types.spans import iso_text, of_seconds, time_text
from metamodel.values import Duration, ForeignMoney, Money, Ref, StoredFile
from workflow_dsl import typed as t
from workflow_dsl.types import Kind


class CellMaker:
    """Makes the cells of one select, one after the other; `first` counts the columns before them."""

    def __init__(self, builder: SqlBuilder, environment: Environment, dialect: SqlDialect, first: int) -> None:
        self._builder = builder
        self._environment = environment
        self._dialect = dialect
        self._next = first

    def take(self) -> int:
        """Give the place of one more column, of the caller's own."""
        self._next += 1
        return self._next - 1

    def make(self, name: str, node: t.Typed) -> Cell:
        """Make the cell of a checked path.

        Raises: NotInSql.
        """
        if isinstance(node, t.FieldPath) and node.field is not None and node.field.value_type == "files":
            return self._files(name, node)
        return self.of(name, self._builder.value(node, self._environment), node)

    def _files(self, name: str, node: t.FieldPath) -> Cell:
        lists = [replace(node, attribute=part.name) for part in PARTS["file"]]
        parts = [part for each in lists for part in parts_of(self._builder.value(each, self._environment))]
        at, converts = self._next, [result_converter(part.type, self._dialect) for part in parts]
        self._next += len(parts)
        return _files_cell(name, tuple(parts), at, converts)

    def of(self, name: str, value: SqlValue, node: t.Typed) -> Cell:
        """Make a cell of a value; `node` says what kind of value it is for people."""
        if isinstance(value, SqlList):
            value = as_items(self._builder.numbers, value)
        parts = parts_of(value)
        at = self._next
        self._next += len(parts)
        if isinstance(value, SqlMoney):
            converts = [self._convert(number, number.expr) for number in (value.amount, value.base)]
            return _money_cell(name, parts, at, converts, self._builder.metamodel.main.currency)
        converts = [self._convert(value, part) for part in parts]
        if isinstance(value, SqlReference | SqlAnyReference):
            title = self._titles(node, value)
            title_at = self._next
            self._next += 1
            return _reference_cell(name, value, (*parts, title), at, title_at, node)
        if isinstance(value, SqlParts):
            return _compound_cell(name, value, at, [self._convert(part, part.expr) for part in value.parts])
        if isinstance(value, SqlDuration):
            return _duration_cell(name, parts, at)
        if _is_document(node):
            return _document_cell(name, parts, at)
        return _plain_cell(name, parts, at, converts[0], value, node)

    def _convert(self, value: SqlValue, part: Sql) -> Convert | None:
        if isinstance(value, SqlNumber) and value.places == 0:
            return None
        if self._dialect.name == "sqlite" and isinstance(value, SqlNumber):
            if value.places is None:
                return Decimal
            return result_converter(ScaledInteger(value.places), self._dialect)
        return result_converter(part.type, self._dialect)

    def _titles(self, node: t.Typed, value: SqlReference | SqlAnyReference) -> Sql:
        if not isinstance(node, t.FieldPath):
            return null()
        return record_title(self._builder, node, value, self._environment)


def _plain_cell(
    name: str, parts: tuple[Sql, ...], at: int, convert: Convert | None, value: SqlValue, node: t.Typed
) -> Cell:
    def read(row: Sequence[Any]) -> Any:
        raw = row[at]
        return raw if raw is None or convert is None else convert(raw)

    if isinstance(value, SqlNumber) and node.type.kind is Kind.INTEGER:
        return Cell(name, parts, lambda row: _integer(row[at]), lambda row: _integer(row[at]))
    if isinstance(value, SqlNumber):
        return Cell(name, parts, read, lambda row: None if row[at] is None else f"{read(row):f}")
    if isinstance(value, SqlDatetime):
        return Cell(name, parts, read, lambda row: _moment(row[at]))
    if isinstance(value, SqlDate):
        return Cell(name, parts, read, lambda row: _day(row[at]))
    if isinstance(value, SqlTexts):
        return Cell(name, parts, lambda row: tuple(read(row) or ()) or None, read)
    if isinstance(value, SqlTime):
        return Cell(name, parts, read, lambda row: None if row[at] is None else time_text(read(row)))
    if isinstance(value, SqlItems):
        return _items_cell(name, cast(parts[0], Text()), at)
    if isinstance(value, SqlEmpty):
        return Cell(name, parts, lambda row: None, lambda row: None)
    return Cell(name, parts, read, read)


def _is_document(node: t.Typed) -> bool:
    return isinstance(node, t.FieldPath) and node.field is not None and node.field.value_type == "json"


def _document_cell(name: str, parts: tuple[Sql, ...], at: int) -> Cell:
    def json(row: Sequence[Any]) -> Any:
        return None if row[at] is None else orjson.loads(row[at])

    return Cell(name, parts, lambda row: row[at], json)


def _files_cell(name: str, parts: tuple[Sql, ...], at: int, converts: Sequence[Convert | None]) -> Cell:
    def read(row: Sequence[Any]) -> tuple[StoredFile, ...] | None:
        raw = row[at : at + len(parts)]
        if raw[0] is None:
            return None
        lists = [each if convert is None else convert(each) for each, convert in zip(raw, converts, strict=True)]
        return files_of_lists(lists)

    def json(row: Sequence[Any]) -> Any:
        found = read(row)
        return None if found is None else [file_json(each) for each in found]

    return Cell(name, parts, read, json)


def _items_cell(name: str, text: Sql, at: int) -> Cell:
    def read(row: Sequence[Any]) -> tuple[str, ...] | None:
        return None if row[at] is None else tuple(orjson.loads(row[at]))

    def json(row: Sequence[Any]) -> list[str] | None:
        return None if row[at] is None else orjson.loads(row[at])

    return Cell(name, (text,), read, json)


def _compound_cell(name: str, value: SqlParts, at: int, converts: Sequence[Convert | None]) -> Cell:
    make, names = MAKERS[value.field_type], [part.name for part in PARTS[value.field_type]]

    def read(row: Sequence[Any]) -> Any:
        raw = row[at : at + len(names)]
        found = [
            part if part is None or convert is None else convert(part)
            for part, convert in zip(raw, converts, strict=True)
        ]
        return None if all(part is None for part in found) else make(*found)

    def json(row: Sequence[Any]) -> Any:
        found = read(row)
        if isinstance(found, StoredFile):
            return file_json(found)
        parts = part_values(found)
        texts = (f"{part:f}" if isinstance(part, Decimal) else part for part in parts)
        return dict(zip(names, texts, strict=True)) if parts else None

    return Cell(name, parts_of(value), read, json)


def _duration_cell(name: str, parts: tuple[Sql, ...], at: int) -> Cell:
    def read(row: Sequence[Any]) -> Duration | None:
        if row[at + 1] is None:
            return None
        return Duration(*(Decimal(part) for part in row[at : at + len(parts)]))

    def json(row: Sequence[Any]) -> str | None:
        value = read(row)
        return None if value is None else iso_text(of_seconds(value.length_seconds))

    return Cell(name, parts, read, json)


def _integer(raw: Any) -> int | None:
    return None if raw is None else int(raw)


def _day(raw: Any) -> str | None:
    # SQLite keeps days as the API shows them.
    return raw if raw is None or isinstance(raw, str) else str(raw.isoformat())


def _moment(raw: Any) -> str | None:
    if raw is None:
        return None
    moment = dt.datetime.fromisoformat(raw) if isinstance(raw, str) else raw
    text: str = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else moment.astimezone(dt.UTC).isoformat()[:-6] + "Z"


def _money_cell(
    name: str, parts: tuple[Sql, ...], at: int, converts: Sequence[Convert | None], base_currency: str
) -> Cell:
    of_amount, of_base = converts

    def read(row: Sequence[Any]) -> Any:
        amount, currency, base = row[at], row[at + 1], row[at + 2]
        if amount is None:
            return None
        exact = amount if of_amount is None else of_amount(amount)
        if currency == base_currency:
            return Money(exact, currency)
        return ForeignMoney(exact, currency, base if base is None or of_base is None else of_base(base))

    def json(row: Sequence[Any]) -> Any:
        amount = row[at]
        if amount is None:
            return None
        exact = amount if of_amount is None else of_amount(amount)
        return {"amount": f"{exact:f}", "currency": row[at + 1]}

    return Cell(name, parts, read, json)


def _reference_cell(
    name: str, value: SqlReference | SqlAnyReference, parts: tuple[Sql, ...], at: int, title_at: int, node: t.Typed
) -> Cell:
    polymorphic = node.type.polymorphic
    if isinstance(value, SqlReference) and len(value.targets) == 1 and not polymorphic:
        # Most lookups point at one object: the driver gives the id as the text that it is in memory.
        return Cell(name, parts, itemgetter(at), lambda row: _link(row[at], row[title_at]), itemgetter(title_at))

    def ref(row: Sequence[Any]) -> Ref | None:
        if isinstance(value, SqlAnyReference):
            return None if row[at] is None else Ref(str(row[at + 1]), str(row[at]))
        for index, (key, _) in enumerate(value.targets):
            if row[at + index] is not None:
                return Ref(key, str(row[at + index]))
        return None

    def read(row: Sequence[Any]) -> Any:
        found = ref(row)
        return found if found is None or polymorphic else found.id

    def json(row: Sequence[Any]) -> Any:
        found = ref(row)
        if found is None:
            return None
        if polymorphic:
            return {"object": found.object, "id": found.id, "title": row[title_at]}
        return {"id": found.id, "title": row[title_at]}

    return Cell(name, parts, read, json, lambda row: row[title_at])


def _link(record_id: Any, title: Any) -> dict[str, Any] | None:
    return None if record_id is None else {"id": record_id, "title": title}
