"""Other records for evaluations: loaded when asked for, one statement a record, kept as long as the transaction.

`prefetch` loads many at once, so that a batch needs as many statements as it touches objects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from engine.access.shares import Share
from engine.expressions.context import Computations
from engine.expressions.sql.runtime import runtime
from engine.records.batches import given_one_of, given_values
from engine.records.identifiers import could_be_id
from engine.records.outer_rows import OuterRows
from engine.records.parts import ReleaseParts
from engine.records.sharing.reading import SharesRead
from engine.records.statements import Prepared
from engine.storage.database import Database
from engine.storage.held_roles import is_held
from engine.storage.system_tables import SystemTables
from metamodel.values import Ref
from workflow_dsl.context import Context, Values
from workflow_dsl.syntax import NamedKind

_BATCH = 2_000
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


class RecordCache:
    """The records that one transaction has read, as their author's eyes see them: everything."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        database: Database,
        system: SystemTables,
        parts: ReleaseParts,
        outer: OuterRows,
        now: dt.datetime,
    ) -> None:
        self._outer = outer
        self._now = now
        self._connect = connect
        self._database = database
        self._system = system
        self._parts = parts
        self._records: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._named: dict[tuple[NamedKind, str], str | None] = {}
        self._roles: dict[str, frozenset[str]] = {}
        self._reports: dict[str, frozenset[str]] = {}
        self._shares = SharesRead(connect, database, system)
        self.permissions: frozenset[str] | None = frozenset()

    @property
    def _connection(self) -> Connection:
        return self._connect()

    def related(self, object_key: str, record_id: str) -> Values | None:
        """Give a record's stored values by id; None where it is absent or in the bin."""
        key = (object_key, record_id)
        object_def = self._parts.metamodel.objects.get(object_key)
        if not could_be_id(record_id, object_def):
            return None
        if key not in self._records and self._lies_elsewhere(object_key):
            self._records[key] = self._outer.by_ids(object_key, [record_id]).get(record_id)
        if key not in self._records:
            prepared = self._parts.made(("related", object_key), lambda: self._related(object_key))
            row = prepared.row(self._connection, self._database, {"id": record_id})
            self._records[key] = None if row is None else self._parts.columns(object_key).values(row)
        return self._records[key]

    def put(self, object_key: str, values: dict[str, Any]) -> None:
        """Keep what a record is now, so that what comes later in the transaction sees it."""
        gone = values.get("deleted_at") is not None
        self._records[object_key, values["id"]] = None if gone else values

    def learn(self, object_key: str, values: dict[str, Any]) -> None:
        """Keep a record that was read, unless the transaction knows it already."""
        self._records.setdefault((object_key, values["id"]), values)

    def forget(self) -> None:
        """Read records again from now on, since others of the same commit have changed them."""
        self._records.clear()
        self.forget_shares()

    def change(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change some values of a record, if it was read, as the server has changed them."""
        known = self._records.get((object_key, record_id))
        if known is not None:
            self._records[object_key, record_id] = {**known, **values}

    def prefetch(self, object_key: str, ids: Iterable[str]) -> None:
        """Load many records with a statement for every few hundred."""
        wanted = [record_id for record_id in dict.fromkeys(ids) if (object_key, record_id) not in self._records]
        if not wanted:
            return
        if self._lies_elsewhere(object_key):
            there = self._outer.by_ids(object_key, wanted)
            self._records.update({(object_key, record_id): there.get(record_id) for record_id in wanted})
            return
        columns = self._parts.columns(object_key)
        prepared = self._parts.made(("prefetch", object_key), lambda: self._many(object_key))
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            given = {"ids": given_values(batch, self._database.dialect)}
            for row in prepared.rows(self._connection, self._database, given):
                values = columns.values(row)
                self._records[object_key, values["id"]] = values
            for record_id in batch:
                self._records.setdefault((object_key, record_id), None)

    def children(self, object_key: str, list_name: str, record_id: str) -> Sequence[tuple[str, Values]]:
        """Give the rows of an inverse list, by id."""
        inverse = self._parts.metamodel.objects[object_key].inverses[list_name]
        if self._lies_elsewhere(inverse.object):
            there = self._outer.pointing_at(inverse.object, inverse.field, object_key, [record_id])
            return [(inverse.object, each) for each in there]
        key = ("children", object_key, list_name)
        prepared = self._parts.made(key, lambda: self._children(object_key, inverse.object, inverse.field))
        rows = prepared.rows(self._connection, self._database, {"id": record_id})
        columns = self._parts.columns(inverse.object)
        return [(inverse.object, self._fresh(inverse.object, columns.values(row))) for row in rows]

    def records(self, object_key: str) -> Iterable[Values]:
        """Give all records of an object by id, read a batch at a time: it may have millions."""
        if self._lies_elsewhere(object_key):
            yield from self._outer.every(object_key)
            return
        columns = self._parts.columns(object_key)
        prepared = self._parts.made(("all", object_key), lambda: self._after(object_key))
        last = _BEFORE_ALL
        while True:
            rows = prepared.rows(self._connection, self._database, {"after": last})
            for row in rows:
                values = columns.values(row)
                last = values["id"]
                yield self._fresh(object_key, values)
            if len(rows) < _BATCH:
                return

    def lookup(self, object_key: str, field_name: str, value: Any, *, most: int | None = 2) -> Sequence[str]:
        """Give the ids of records whose field has that value: at most two, or as many as `most` says (None: all)."""
        if self._lies_elsewhere(object_key):
            return [each["id"] for each in islice(self._outer.with_value(object_key, field_name, value), most)]
        owner = self._parts.tables.of(object_key)
        codec = owner.codecs[field_name]
        written = codec.to_columns(value)
        conditions = [owner.table.c[name].is_not_distinct_from(part) for name, part in written.items()]
        query = select(owner.table.c["id"]).where(owner.table.c["deleted_at"].is_(None), *conditions).limit(most)
        return [str(row[0]) for row in self._connection.execute(query)]

    def named(self, kind: NamedKind, name: str) -> str | None:
        """Give the id of a queue or team by the name that rules call it by."""
        key = (kind, name)
        if key not in self._named:
            self._named[key] = next(iter(self.lookup(kind.value, "key", name)), None)
        return self._named[key]

    def has_role(self, user_id: str, role: str) -> bool:
        """Say whether a user holds a role, included ones too."""
        if user_id not in self._roles:
            table = self._system.role
            held = table.c["user_id"] == user_id, is_held(table, self._now)
            rows = self._connection.execute(select(table.c["role"]).where(*held))
            self._roles[user_id] = self._parts.access(frozenset(str(row[0]) for row in rows)).roles
        return role in self._roles[user_id]

    def know_roles(self, user_id: str, roles: frozenset[str]) -> None:
        """Remember the roles of who acts, which are known already."""
        self._roles[user_id] = roles

    def reports_to(self, user_id: str, boss_id: str) -> bool:
        """Say whether a user reports to another: all who report to the latter are loaded at once."""
        if boss_id not in self._reports:
            users = self._parts.tables.of("user").table
            found = select(users.c["id"]).where(users.c["manager"] == boss_id).cte("fs_reports", recursive=True)
            below = users.alias()
            everyone = found.union(select(below.c["id"]).where(below.c["manager"] == found.c["id"]))
            rows = self._connection.execute(select(everyone.c["id"]))
            self._reports[boss_id] = frozenset(str(row[0]) for row in rows)
        return user_id in self._reports[boss_id]

    def has_permission(self, permission: str) -> bool:
        """Say whether who acts has a permission."""
        return self.permissions is None or permission in self.permissions

    def shares(self, object_key: str, record_id: str) -> Sequence[Share]:
        """Give the shares of a record, read with those of all records of its object that were read so far."""
        known = (each for key, each in self._records if key == object_key)
        return self._shares.of(object_key, record_id, known)

    def forget_shares(self) -> None:
        """Read shares again from now on."""
        self._shares.forget()

    def computations(self, object_key: str) -> Computations:
        """Give the formulas of an object that are computed when read."""
        return self._parts.computations(object_key)

    def title(self, object_key: str, context: Context) -> str | None:
        """Give the title of the context's record."""
        key = ("title", object_key)
        evaluate = self._parts.made(key, lambda: self._parts.language.evaluator(self._parts.language.title(object_key)))
        found = evaluate(context)
        return None if found is None else str(found)

    def _lies_elsewhere(self, object_key: str) -> bool:
        return self._parts.metamodel.objects[object_key].source is not None

    def _fresh(self, object_key: str, values: dict[str, Any]) -> Values:
        # What this transaction has changed counts, whatever else was read.
        return self._records.get((object_key, values["id"])) or values

    def _many(self, object_key: str) -> Prepared:
        table = self._parts.tables.of(object_key).table
        wanted = given_one_of(table.c["id"], "ids", self._database.dialect)
        query = select(*self._parts.columns(object_key).of(table)).where(table.c["deleted_at"].is_(None), wanted)
        return Prepared(query, self._parts.dialect)

    def _after(self, object_key: str) -> Prepared:
        table = self._parts.tables.of(object_key).table
        key = table.c["id"]
        query = select(*self._parts.columns(object_key).of(table))
        query = query.where(table.c["deleted_at"].is_(None), key > runtime("after", key.type))
        return Prepared(query.order_by(key).limit(_BATCH), self._parts.dialect)

    def _related(self, object_key: str) -> Prepared:
        table = self._parts.tables.of(object_key).table
        columns = self._parts.columns(object_key).of(table)
        conditions = (table.c["id"] == runtime("id", table.c["id"].type), table.c["deleted_at"].is_(None))
        return Prepared(select(*columns).where(*conditions), self._parts.dialect)

    def _children(self, object_key: str, child_key: str, field: str) -> Prepared:
        child = self._parts.tables.of(child_key)
        columns = self._parts.columns(child_key).of(child.table)
        points = points_at(self._parts, child_key, field, object_key)
        query = select(*columns).where(points, child.table.c["deleted_at"].is_(None)).order_by(child.table.c["id"])
        return Prepared(query, self._parts.dialect)


def points_at(parts: ReleaseParts, child_key: str, field: str, object_key: str) -> Any:
    """Give the condition that a child's lookup points at the record `id` (a parameter) of an object."""
    child = parts.tables.of(child_key)
    probe = child.codecs[field].to_columns(Ref(object_key, "?"))
    definition = parts.metamodel.objects[child_key].fields[field]
    assert definition.relation is not None
    if definition.relation.single_target is not None:
        column = child.column(field)
        return column == runtime("id", column.type)
    found = None
    for name, part in probe.items():
        column = child.table.c[name]
        if part == "?":
            test = column == runtime("id", column.type)
            found = test if found is None else found & test
        elif part == object_key:
            test = column == object_key
            found = test if found is None else found & test
    return found


def points_at_some(parts: ReleaseParts, child_key: str, field: str, object_key: str) -> tuple[Any, list[Any]]:
    """Give the column by which a child's lookup points at records of an object, and when it is one of that object."""
    child = parts.tables.of(child_key)
    if child.codecs[field].is_plain:
        return child.column(field), []
    probe = child.codecs[field].to_columns(Ref(object_key, "?"))
    column = next(child.table.c[name] for name, part in probe.items() if part == "?")
    return column, [child.table.c[name] == part for name, part in probe.items() if part == object_key]
