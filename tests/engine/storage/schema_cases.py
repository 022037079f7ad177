"""Small metamodels made by hand and by hypothesis, and a view of what a database really has, for migration tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Connection, inspect

from engine.clock import SystemClock
from engine.storage.apply import MigrationTools, apply_migration
from engine.storage.database import Database
from engine.storage.layout import lay_out
from engine.storage.migration import Installed, plan_migration
from engine.storage.plan_steps import MigrationPlan
from engine.storage.system_tables import build_system_tables
from engine.storage.system_versions import upgrade_system_tables
from metamodel.apps import AppDef, Metamodel
from metamodel.fields import ChoiceDef, FieldDef, OptionDef, RelationDef, RelationKind
from metamodel.layouts import LayoutDef
from metamodel.objects import ObjectDef
from metamodel.source import NOWHERE, LocatedText

APP = "shop"


def field(name: str, kind: str = "text", **options: Any) -> FieldDef:
    """Make a field; `to` = targets of a lookup, `choices` = names of a choice's options."""
    to, choices = options.pop("to", None), options.pop("choices", None)
    if to is not None:
        options["relation"] = RelationDef(kind=RelationKind.LOOKUP, targets=tuple(to), at=NOWHERE)
    if choices is not None:
        defs = tuple(OptionDef(name=item, at=NOWHERE, was=was) for item, was in choices)
        options["choice"] = ChoiceDef(options=defs)
    return FieldDef(name=name, type=kind, app=APP, at=NOWHERE, **options)


def thing(key: str, *fields: FieldDef, was: str | None = None, title: str = "{name}") -> ObjectDef:
    """Make an object with the system fields that tables need."""
    system = (
        field("id", system=True),
        field("version", "integer", system=True),
        field("created_at", "datetime", system=True),
        field("deleted_at", "datetime", system=True),
    )
    return ObjectDef(
        key=key,
        name=key,
        app=APP,
        at=NOWHERE,
        fields=MappingProxyType({item.name: item for item in (*fields, *system)}),
        title=LocatedText.plain(title),
        layout=LayoutDef(at=NOWHERE, sections=()),
        was=was,
    )


def metamodel(*objects: ObjectDef) -> Metamodel:
    """Make a metamodel of one app."""
    empty: Mapping[str, Any] = MappingProxyType({})
    return Metamodel(
        apps=(AppDef(name=APP, version="1", at=NOWHERE, currency="CNY"),),
        objects=MappingProxyType({item.key: item for item in objects}),
        roles=empty,
        menus=empty,
        templates=empty,
        connections=empty,
        settings=empty,
    )


def target_of(made: Metamodel) -> Installed:
    """Lay a metamodel out."""
    options = {
        key: {name: item.choice.names for name, item in object_def.fields.items() if item.choice is not None}
        for key, object_def in made.objects.items()
    }
    return Installed(schema=lay_out(made), options=options)


class NoFilling:
    """Writes nothing: these metamodels have no defaults and no formulas."""

    def fill_default(self, connection: Connection, object_key: str, field: str) -> None:
        """Do nothing."""

    def recompute(self, connection: Connection, object_key: str, parts: tuple[str, ...]) -> None:
        """Do nothing."""


class Installation:
    """A database that metamodels are applied to, one after the other."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.system = build_system_tables(database.dialect)
        self.installed = Installed()
        upgrade_system_tables(database, self.system, SystemClock())

    def plan(self, made: Metamodel) -> MigrationPlan:
        """Plan the way to a metamodel."""
        return plan_migration(self.installed, made, target_of(made))

    def apply(self, made: Metamodel) -> MigrationPlan:
        """Go to a metamodel."""
        plan = self.plan(made)
        assert not plan.problems
        tools = MigrationTools(database=self.database, system=self.system, clock=SystemClock(), filler=NoFilling())
        apply_migration(tools, plan, 0, lambda connection: None)
        self.installed = replace(target_of(made), schema=plan.schema)
        return plan


def really_there(database: Database, made: Metamodel) -> dict[str, Any]:
    """Give the columns, indexes and references that a database has for a metamodel, retired ones left out."""
    schema = lay_out(made)
    with database.read() as connection:
        inspector = inspect(connection)
        found = {}
        for table in schema.tables.values():
            columns = {
                item["name"]: (str(item["type"]), item["nullable"])
                for item in inspector.get_columns(table.name)
                if item["name"] in table.columns
            }
            references = {
                (tuple(item["constrained_columns"]), item["referred_table"], _is_deferred(connection, table.name, item))
                for item in inspector.get_foreign_keys(table.name)
                if set(item["constrained_columns"]) <= set(table.columns)
            }
            indexes = {
                (item["name"], tuple(item["column_names"]), bool(item["unique"]))
                for item in inspector.get_indexes(table.name)
            }
            key = tuple(inspector.get_pk_constraint(table.name)["constrained_columns"])
            found[table.name] = (columns, references, indexes, key)
    return found


def _is_deferred(connection: Connection, table: str, reference: Mapping[str, Any]) -> bool:
    """Tell whether a reference is held at the end of the transaction only.

    SQLite's own text of the table is read: SQLAlchemy sees that only of references that came with their table.
    """
    if connection.dialect.name != "sqlite":
        return bool(reference["options"].get("initially") == "DEFERRED")
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
    (name,) = reference["constrained_columns"]
    wanted = rf'\b{name}\b"?\)?[^,()]*REFERENCES\s+"?\w+"?\s*\(\s*"?id"?\s*\)\s*DEFERRABLE INITIALLY DEFERRED'
    return re.search(wanted, made) is not None


_KINDS = (
    "text",
    "integer",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "time",
    "money",
    "percent",
    "lookup",
    "email",
    "choice",
    "multi_choice",
    "tags",
    "json",
    "address",
    "geo",
)
_OBJECTS = ("deal", "firm", "order")
_FIELDS = ("name", "alpha", "beta", "user")


@st.composite
def metamodels(draw: st.DrawFn) -> Metamodel:
    """Draw a metamodel of one to three objects that may point at each other and at themselves."""
    keys = draw(st.lists(st.sampled_from(_OBJECTS), min_size=1, max_size=3, unique=True))
    return metamodel(*(draw(_objects(key, keys)) for key in keys))


@st.composite
def _objects(draw: st.DrawFn, key: str, keys: list[str]) -> ObjectDef:
    names = draw(st.lists(st.sampled_from(_FIELDS), min_size=0, max_size=4, unique=True))
    was = draw(st.sampled_from((None, *(name for name in _OBJECTS if name != key))))
    return thing(key, *(draw(_fields(name, keys)) for name in names), was=was)


@st.composite
def _fields(draw: st.DrawFn, name: str, keys: list[str]) -> FieldDef:
    kind = draw(st.sampled_from(_KINDS))
    options: dict[str, Any] = {"was": draw(st.sampled_from((None, *(other for other in _FIELDS if other != name))))}
    if kind == "lookup":
        options["to"] = draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
    elif kind == "decimal":
        options["digits"] = draw(st.sampled_from((0, 2, 6)))
    elif kind in ("choice", "multi_choice"):
        options["choices"] = [("open", draw(st.sampled_from((None, "new")))), ("won", None)]
    elif kind == "email":
        options["multiple"] = draw(st.booleans())
    elif kind == "text":
        options["encrypted"] = draw(st.booleans())
    if kind in ("text", "integer", "date") and not options.get("encrypted"):
        options["unique"] = draw(st.booleans())
        options["index"] = draw(st.booleans())
    return field(name, kind, **options)
