"""Rows of other databases for one transaction: fetched as values like those of our own records, given to statements.

A lookup's column holds what the record it points at is called by: its key in the other database, or of a record of ours
its external id (of a user the e-mail address), else its id. Who may see a row is judged by those who ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, select, type_coerce

from engine.errors import SourceChanged, SourceUnavailable
from engine.outer.conditions import EVERY_ROW, Pushed, Raw, compared, one_of
from engine.outer.databases import OuterDatabases
from engine.outer.keys import id_of_key
from engine.outer.ordering import Order, after_row, order_by
from engine.outer.tables import OuterTable
from engine.outer.values import plain_key, value_reader
from engine.records.outer_names import OuterNames, keys_of
from engine.records.query_problems import elsewhere
from engine.records.statements import Prepared
from engine.storage.source_rows import PLACE_COLUMN, GivenRows, Which
from metamodel.objects import ObjectDef
from metamodel.values import Money, Ref
from workflow_dsl.context import Values
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_LOG = logging.getLogger("fieldstone.outer")
BATCH = 500
_Convert = Callable[[Any], Any] | None
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A row: its values by field, and what it stands by in the order that was asked for."""

    values: dict[str, Any]
    place: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were fetched together. end: where the last of them stands, also one that has no key and is none."""

    rows: list[Fetched]
    end: tuple[Any, ...]
    is_last: bool


class OuterRows:
    """The rows of other databases as one transaction reads them."""

    def __init__(self, transaction: Transaction, databases: OuterDatabases) -> None:
        self._transaction = transaction
        self._databases = databases
        self.names = OuterNames(transaction)

    def table(self, object_def: ObjectDef) -> OuterTable:
        """Give the table that an object shows.

        Raises: SourceUnavailable, SourceChanged.
        """
        return self._databases.table(self._transaction.parts.metamodel.connections, object_def)

    def run(self, object_def: ObjectDef, ask: Callable[[Connection, OuterTable], Answer]) -> Answer:
        """Ask the database of an object something.

        Raises: SourceUnavailable, SourceChanged.
        """
        return self._databases.ask(self._transaction.parts.metamodel.connections, object_def, ask)

    def fetch(
        self,
        object_def: ObjectDef,
        pushed: Pushed,
        *,
        limit: int | None,
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
    ) -> Batch:
        """Fetch the rows that a condition lets through, in an order that the key ends.

        after: where the row before stands. Raises: SourceUnavailable, SourceChanged.
        """
        keys = (*order, Order("id", order[-1].descending if order else False))

        def ask(connection: Connection, table: OuterTable) -> tuple[OuterTable, Sequence[Any]]:
            columns = [type_coerce(table.columns[name], Raw()).label(f"c{at}") for at, name in enumerate(table.columns)]
            query = select(*columns).where(table.columns["id"].is_not(None)).order_by(*order_by(table, keys))
            if "deleted_at" in table.columns:
                query = query.where(table.columns["deleted_at"].is_(None))
            if pushed.test is not None:
                query = query.where(pushed.test)
            if after is not None:
                query = query.where(after_row(table, keys, after))
            return table, connection.execute(query if limit is None else query.limit(limit)).all()

        table, rows = self.run(object_def, ask)
        names = list(table.columns)
        padded = [at for at, name in enumerate(names) if table.is_padded(name)]
        places = [names.index(key.field) for key in keys]
        values = self._values(object_def, names, [_unpadded(row, padded) for row in rows] if padded else rows)
        found = [
            Fetched(made, tuple(row[at] for at in places))
            for made, row in zip(values, rows, strict=True)
            if made["id"] is not None
        ]
        end = tuple(rows[-1][at] for at in places) if rows else ()
        return Batch(found, end, limit is None or len(rows) < limit)

    def by_ids(self, object_key: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Fetch records by their ids, a statement for every few hundred."""
        return {each["id"]: each for each in self._by_keys(object_key, "id", keys_of(ids))}

    def pointing_at(
        self, object_key: str, field: str, target: str, ids: Iterable[str], most: int | None = None
    ) -> Sequence[dict[str, Any]]:
        """Fetch the records whose lookup points at some records."""
        keys = self.names.column_keys(target, ids)
        return self._by_keys(object_key, field, keys, most, any_case=self.names.in_any_case(target))

    def with_value(self, object_key: str, field: str, value: Any) -> Iterator[dict[str, Any]]:
        """Fetch the records whose field has a value, as many as are asked for."""
        object_def = self._transaction.parts.metamodel.objects[object_key]
        definition = object_def.fields[field]
        if definition.relation is not None:
            record_id = value.id if isinstance(value, Ref) else str(value)
            yield from self.pointing_at(object_key, field, definition.relation.targets[0], [record_id])
            return
        if field == "id":
            yield from self.by_ids(object_key, [str(value)]).values()
            return
        asked = value.amount if isinstance(value, Money) else value
        near = compared(self.table(object_def), definition, BinaryOp.EQ, asked)
        yield from (each for each in self.every(object_key, near) if each.get(field) == value)

    def every(self, object_key: str, pushed: Pushed = EVERY_ROW) -> Iterator[dict[str, Any]]:
        """Fetch all records that a condition lets through, a batch at a time."""
        object_def = self._transaction.parts.metamodel.objects[object_key]
        after: Sequence[Any] | None = None
        while True:
            batch = self.fetch(object_def, pushed, limit=BATCH, after=after)
            yield from (each.values for each in batch.rows)
            if batch.is_last:
                return
            after = batch.end

    def given(self, object_key: str, rows: Iterable[Values]) -> str:
        """Write rows as the parameter that stands for them in a statement of ours."""
        parts = self._transaction.parts
        written = parts.made(("outer columns", object_key), lambda: self._converts(object_key))
        table = parts.tables.of(object_key)
        found = []
        for place, values in enumerate(rows):
            line: dict[str, Any] = {PLACE_COLUMN: place, "version": 1}
            for name, codec in table.codecs.items():
                for column, part in codec.to_columns(values.get(name)).items():
                    convert = written[column]
                    line[column] = part if convert is None or part is None else convert(part)
            found.append(line)
        return orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

    def supply(
        self, prepared: Prepared, given: Mapping[str, Any], run: Callable[[Mapping[str, Any]], list[Any]]
    ) -> Any:
        """Run a statement of ours with the rows of other databases that its own rows lead to.

        Where such a database does not answer, only the ids of its records are known; ours are there all the same.
        Raises: QueryProblem where the statement would need all rows of another database.
        """
        filled = dict(given)
        for rows in prepared.source_rows:
            if rows.parameter in filled:
                continue
            asked = _ids_given(given) if rows.which is Which.ASKED else None
            if rows.which is Which.JOINED:
                filled[rows.parameter] = "[]"
            elif asked is not None:
                filled[rows.parameter] = self.given(rows.object, self.by_ids(rows.object, asked).values())
            else:
                raise elsewhere(rows.object)
        joined: dict[str, set[str]] = {lead.object: set() for lead in prepared.leads}
        found = run(filled)
        while True:
            wanted = {key: set[str]() for key in joined}
            for lead in prepared.leads:
                wanted[lead.object].update(row[lead.at] for row in found if row[lead.at] is not None)
            if all(wanted[key] <= joined[key] for key in joined):
                return found
            for key, known in joined.items():
                known |= wanted[key]
                filled[GivenRows(Which.JOINED, key).parameter] = self._given_of(key, known)
            found = run(filled)

    def _given_of(self, object_key: str, ids: Collection[str]) -> str:
        try:
            return self.given(object_key, self.by_ids(object_key, sorted(ids)).values())
        except (SourceUnavailable, SourceChanged) as fault:
            _LOG.warning("lookups to %s stay without their records: %s", object_key, fault)
            return self.given(object_key, ({"id": each} for each in sorted(ids)))

    # ---------------------------------------------------------------- of one row and another
    def _by_keys(
        self, object_key: str, field: str, keys: Sequence[str], most: int | None = None, *, any_case: bool = False
    ) -> list[dict[str, Any]]:
        object_def = self._transaction.parts.metamodel.objects[object_key]
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), BATCH):
            table = self.table(object_def)
            pushed = one_of(table, field, keys[start : start + BATCH], any_case=any_case)
            found += [each.values for each in self.fetch(object_def, pushed, limit=most).rows]
        return found

    def _values(self, object_def: ObjectDef, names: Sequence[str], rows: Sequence[Any]) -> list[dict[str, Any]]:
        parts = self._transaction.parts
        readers = parts.made(("outer readers", object_def.key), lambda: self._readers(object_def))
        found = [{name: readers[name](raw) for name, raw in zip(names, row, strict=True)} for row in rows]
        for name in names:
            definition = object_def.fields[name]
            if definition.relation is not None:
                self.names.point(definition, found)
        return found

    def _readers(self, object_def: ObjectDef) -> Mapping[str, Callable[[Any], Any]]:
        main = self._transaction.parts.metamodel.main
        zone = ZoneInfo(main.timezone)
        table = object_def.source.called if object_def.source is not None else ""
        readers: dict[str, Callable[[Any], Any]] = {
            name: value_reader(definition, currency=main.currency, zone=zone, table=table)
            for name, definition in object_def.fields.items()
        }
        return {**readers, "id": lambda raw: None if (key := plain_key(raw)) is None else id_of_key(key)}

    def _converts(self, object_key: str) -> Mapping[str, _Convert]:
        parts = self._transaction.parts
        if parts.dialect.name != "sqlite":
            return {each: None for each in parts.tables.of(object_key).spec.columns}
        columns = parts.tables.of(object_key).table.c
        return {each.name: each.type.dialect_impl(parts.dialect).bind_processor(parts.dialect) for each in columns}


def _unpadded(row: Any, places: Sequence[int]) -> Sequence[Any]:
    values = list(row)
    for at in places:
        values[at] = values[at].rstrip(" ") if isinstance(values[at], str) else values[at]
    return values


def _ids_given(given: Mapping[str, Any]) -> Sequence[str] | None:
    """Give the ids of the records that a statement is run for; None where it is for no certain ones."""
    if "id" in given:
        return [str(given["id"])]
    ids = given.get("ids")
    return orjson.loads(ids) if isinstance(ids, str) else ids
