"""Runs one step of a migration plan on a connection, through Alembic's operations and our own table layout.

Each kind of step has one method. What the data must be like before is checked by `data_checks`; transactions, order
and resuming are the job of `apply`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, ForeignKey, MetaData, Table, column, func, inspect, table, update
from sqlalchemy.schema import CreateIndex
from sqlalchemy.types import TypeEngine

from engine.storage.called_otherwise import call_field, call_object, call_option
from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect
from engine.storage.layout import LIVE_COLUMN, OBJECT_SUFFIX
from engine.storage.plan_steps import Step, StepKind
from engine.storage.schema import (
    ColumnSpec,
    TableSpec,
    column_from_json,
    index_from_json,
    short_name,
    table_from_json,
)
from engine.storage.system_tables import SystemTables
from engine.storage.tables import build_column, build_index, build_table
from engine.storage.type_change import change_column_type
from engine.storage.word_indexes import create_word_index, drop_word_index


class DataFiller(Protocol):
    """What steps over records' values need of the release that is being made."""

    def fill_default(self, connection: Connection, object_key: str, field: str) -> None:
        """Write the constant default of a field into records where it is empty."""
        ...

    def recompute(self, connection: Connection, object_key: str, parts: tuple[str, ...]) -> None:
        """Compute kept formulas, roll-ups, titles or sort keys of all records again."""
        ...


class StepRunner:
    """Runs steps on one connection."""

    def __init__(self, connection: Connection, dialect: Dialect, system: SystemTables, filler: DataFiller) -> None:
        self._connection = connection
        self._dialect = dialect
        self._system = system
        self._filler = filler
        self._operations = Operations(MigrationContext.configure(connection))
        self._methods: dict[StepKind, Callable[[Any], None]] = {
            StepKind.CREATE_TABLE: self._create_table,
            StepKind.ADD_COLUMN: self._add_column,
            StepKind.ADD_REFERENCE: self._add_reference,
            StepKind.RENAME_TABLE: self._rename_table,
            StepKind.RENAME_COLUMN: self._rename_column,
            StepKind.SET_ASIDE: self._rename_column,
            StepKind.CHANGE_TYPE: self._change_type,
            StepKind.CREATE_INDEX: self._create_index,
            StepKind.DROP_INDEX: self._drop_index,
            StepKind.DROP_WORDS: self._drop_words,
            StepKind.RENAME_OBJECT: self._rename_object,
            StepKind.RENAME_FIELD: self._rename_field,
            StepKind.RENAME_OPTION: self._rename_option,
            StepKind.FILL_DEFAULT: self._fill_default,
            StepKind.RECOMPUTE: self._recompute,
            # Retiring and taking back change what a release says of the tables, not the tables.
            StepKind.RETIRE: lambda details: None,
            StepKind.REVIVE: lambda details: None,
        }

    def run(self, step: Step) -> None:
        """Run one step."""
        self._methods[step.kind](step.details)

    def _create_table(self, details: Any) -> None:
        spec = table_from_json(details["table"])
        bare = TableSpec(name=spec.name, object=spec.object, columns=spec.columns, indexes={})
        if self._dialect is Dialect.POSTGRESQL:
            # Its targets may not exist yet; ADD_REFERENCE follows when they do.
            bare = TableSpec(
                name=spec.name,
                object=spec.object,
                columns={name: _without_target(item) for name, item in spec.columns.items()},
                indexes={},
            )
        metadata = MetaData()
        self._name_targets(metadata, bare)
        build_table(bare, metadata, self._dialect).create(self._connection)

    def _name_targets(self, metadata: MetaData, spec: TableSpec) -> None:
        for target in {item.target for item in spec.columns.values() if item.target} - {spec.name}:
            Table(target, metadata, Column("id", column_type(ColumnKind.ID, self._dialect), primary_key=True))

    def _add_column(self, details: Any) -> None:
        spec = column_from_json(details["column"])
        made = build_column(spec, self._dialect)
        inline = spec.target is not None and self._dialect is Dialect.SQLITE
        if inline:
            # SQLite takes a reference only together with its column.
            made.append_foreign_key(ForeignKey(f"{spec.target}.id", deferrable=True, initially="DEFERRED"))
        self._operations.add_column(details["table"], made, inline_references=inline)

    def _add_reference(self, details: Any) -> None:
        if self._dialect is Dialect.SQLITE:
            return
        spec = column_from_json(details["column"])
        name = short_name(f"fk_{details['table']}_{spec.name}")
        known = inspect(self._connection).get_foreign_keys(details["table"])
        if any(item["constrained_columns"] == [spec.name] for item in known):
            return
        self._operations.create_foreign_key(
            name,
            details["table"],
            spec.target or "",
            [spec.name],
            ["id"],
            deferrable=True,
            initially="DEFERRED",
        )

    def _rename_table(self, details: Any) -> None:
        before, after = details["before"], details["after"]
        self._operations.rename_table(before, after)
        if self._dialect is Dialect.POSTGRESQL:
            # The key's index keeps its name otherwise and stands in the way of a new table with the old name.
            quote = self._connection.dialect.identifier_preparer.quote
            old, new = quote(short_name(f"pk_{before}")), quote(short_name(f"pk_{after}"))
            self._connection.exec_driver_sql(f"ALTER TABLE {quote(after)} RENAME CONSTRAINT {old} TO {new}")

    def _rename_column(self, details: Any) -> None:
        self._operations.alter_column(
            details["table"],
            details["before"],
            new_column_name=details["after"],
        )

    def _change_type(self, details: Any) -> None:
        before, after = column_from_json(details["before"]), column_from_json(details["after"])
        change_column_type(self._connection, self._operations, self._dialect, details["table"], before, after)

    def _create_index(self, details: Any) -> None:
        spec = index_from_json(details["index"])
        if spec.words and self._dialect is Dialect.SQLITE:
            create_word_index(self._connection, details["table"], spec)
            return
        names = dict.fromkeys((*spec.columns, LIVE_COLUMN))
        kind: TypeEngine[Any] = column_type(ColumnKind.TEXT, self._dialect)
        target = Table(details["table"], MetaData(), *(Column(name, kind) for name in names))
        self._connection.execute(CreateIndex(build_index(spec, target), if_not_exists=True))

    def _drop_index(self, details: Any) -> None:
        if details.get("words") and self._dialect is Dialect.SQLITE:
            drop_word_index(self._connection, details["index"])
            return
        self._operations.drop_index(details["index"], table_name=details["table"], if_exists=True)

    def _drop_words(self, details: Any) -> None:
        self._operations.drop_column(details["table"], details["column"])

    def _rename_object(self, details: Any) -> None:
        before, after = details["before"], details["after"]
        call_object(self._connection, self._system, before, after)
        for name, columns in self._any_references():
            owner_table = table(name, *(column(item) for item in columns))
            for item in columns:
                changed = update(owner_table).where(owner_table.c[item] == before).values({item: after})
                self._connection.execute(changed)

    def _any_references(self) -> list[tuple[str, list[str]]]:
        found = inspect(self._connection).get_multi_columns()
        return [
            (name, names)
            for (_, name), columns in found.items()
            if not name.startswith("fs_") and (names := _object_columns([item["name"] for item in columns]))
        ]

    def _rename_field(self, details: Any) -> None:
        call_field(self._connection, self._system, details["object"], details["before"], details["after"])

    def _rename_option(self, details: Any) -> None:
        if "object" in details:
            names = (details["object"], details["column"], details["before"], details["after"])
            call_option(self._connection, self._system, *names)
        owner = table(details["table"], column(details["column"]))
        chosen = owner.c[details["column"]]
        if details.get("several"):
            self._rename_among(owner, chosen, details["before"], details["after"])
            return
        self._connection.execute(
            update(owner).where(chosen == details["before"]).values({details["column"]: details["after"]})
        )

    def _rename_among(self, owner: Any, chosen: Any, before: str, after: str) -> None:
        """Rename an option wherever it is one of several."""
        if self._dialect is Dialect.POSTGRESQL:
            renamed = func.array_replace(chosen, before, after)
        else:
            line = func.char(10)
            framed = line.concat(chosen).concat(line)
            renamed = func.trim(
                func.replace(framed, line.concat(before).concat(line), line.concat(after).concat(line)), line
            )
        self._connection.execute(update(owner).where(chosen.is_not(None)).values({chosen.name: renamed}))

    def _fill_default(self, details: Any) -> None:
        self._filler.fill_default(self._connection, details["object"], details["field"])

    def _recompute(self, details: Any) -> None:
        self._filler.recompute(self._connection, details["object"], tuple(details["parts"]))


def _without_target(spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, target=None)


def _object_columns(names: list[str]) -> list[str]:
    """Give the columns that hold the object of a `to: any` lookup: those that stand beside its id."""
    known = set(names)
    return [name for name in names if name.endswith(OBJECT_SUFFIX) and name.removesuffix(OBJECT_SUFFIX) in known]
