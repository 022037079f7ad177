"""Looks at the rows of a database before a plan is run: doubles that a unique key forbids, values that do not fit.

What it finds are problems with counts; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, column, func, inspect, or_, select, table
from sqlalchemy.sql.elements import ColumnElement

from engine.storage.column_types import LARGEST_SCALED, ColumnKind
from engine.storage.dialect import Dialect
from engine.storage.plan_steps import MigrationPlan, Step, StepKind
from engine.storage.schema import ColumnSpec, column_from_json, index_from_json
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.source import Location, Problem


def check_data(
    connection: Connection, dialect: Dialect, plan: MigrationPlan, metamodel: Metamodel
) -> tuple[Problem, ...]:
    """Give the problems that the rows there are make for a plan."""
    return tuple(_find(connection, dialect, plan, metamodel))


def _find(connection: Connection, dialect: Dialect, plan: MigrationPlan, metamodel: Metamodel) -> Iterator[Problem]:
    present = {
        name: {item["name"] for item in columns}
        for (_, name), columns in inspect(connection).get_multi_columns().items()
    }
    objects = {spec.name: metamodel.objects[spec.object] for spec in plan.schema.tables.values()}
    for step in plan.steps:
        if step.kind is StepKind.CREATE_INDEX:
            yield from _doubles(connection, step, present, objects)
        elif step.kind is StepKind.CHANGE_TYPE:
            yield from _misfits(connection, dialect, step, objects)


def _doubles(
    connection: Connection, step: Step, present: dict[str, set[str]], objects: dict[str, ObjectDef]
) -> Iterator[Problem]:
    index = index_from_json(step.details["index"])
    name = step.details["table"]
    if not index.unique or not {*index.columns, "deleted_at"} <= present.get(name, set()):
        return
    owner = table(name, column("deleted_at"), *(column(item) for item in index.columns))
    keys = [owner.c[item] for item in index.columns]
    filled = and_(owner.c.deleted_at.is_(None), *(key.is_not(None) for key in keys))
    groups = select(*keys, func.count().label("n")).where(filled).group_by(*keys).having(func.count() > 1).subquery()
    count, rows = connection.execute(select(func.count(), func.sum(groups.c.n)).select_from(groups)).one()
    if not count:
        return
    sample = connection.execute(select(groups).limit(1)).one()
    object_def = objects[name]
    fields = ", ".join(f"'{item}'" for item in index.columns)
    message = (
        f"{fields} of {object_def.key} cannot be unique: {rows} records share {count} values, "
        f"such as {', '.join(repr(str(value)) for value in sample[:-1])}"
    )
    yield Problem(code="APP802", message=message, at=_place(object_def, index.columns[0]))


def _misfits(connection: Connection, dialect: Dialect, step: Step, objects: dict[str, ObjectDef]) -> Iterator[Problem]:
    before, after = column_from_json(step.details["before"]), column_from_json(step.details["after"])
    owner_name, column_name = step.details["found_in"]
    owner = table(owner_name, column(column_name))
    misfit = _misfit_test(dialect, owner.c[column_name], before, after)
    if misfit is None:
        return
    count = connection.execute(select(func.count()).select_from(owner).where(misfit)).scalar_one()
    if count:
        object_def = objects[step.details["table"]]
        message = (
            f"'{after.field}' of {object_def.key} cannot become {after.kind.value} with {after.scale} decimal places: "
            f"{count} records have a value that does not fit"
        )
        yield Problem(code="APP803", message=message, at=_place(object_def, after.field))


def _misfit_test(
    dialect: Dialect, value: ColumnElement[Any], before: ColumnSpec, after: ColumnSpec
) -> ColumnElement[bool] | None:
    numbers = (ColumnKind.INTEGER, ColumnKind.DECIMAL)
    if before.kind not in numbers or after.kind not in numbers:
        return None
    places = after.scale - before.scale
    if dialect is Dialect.SQLITE:
        if places > 0:
            limit = LARGEST_SCALED // 10**places
            return or_(value > limit, value < -limit)
        return value.op("%")(10**-places) != 0 if places < 0 else None
    if after.kind is ColumnKind.INTEGER:
        return or_(value != func.trunc(value), func.abs(value) > LARGEST_SCALED)
    if places < 0:
        return value != func.trunc(value, after.scale)
    too_big: ColumnElement[bool] = func.abs(value) >= Decimal(10) ** (28 - after.scale)
    return too_big


def _place(object_def: ObjectDef, field: str) -> Location:
    definition = object_def.fields.get(field)
    return definition.at if definition is not None else object_def.at
