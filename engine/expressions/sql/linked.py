"""The records that lists of links lead to, in SQL: one text a record, so that a page needs no statement more for them.

Who may not read both sides of a link does not get it; what the text becomes for people is `engine/records/link_cells`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, Text, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from engine.expressions.sql.aggregates import AggregateRows
from engine.expressions.sql.comparing import by_code_point
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.values import Sql
from workflow_dsl import typed as t
from workflow_dsl.types import INTEGER

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def linked_records(builder: SqlBuilder, source: t.InverseSource, environment: Environment, at_most: int | None) -> Sql:
    """Give a JSON text of `[link, record, title, how many there are in all]`, by title; NULL where nothing is linked.

    at_most: how many are in the text; None = all.

    Raises: NotInSql.
    """
    counted = t.Aggregate(
        type=INTEGER, at=source.base.at, function=t.AggregateKind.COUNT, source=source, level=len(environment.rows)
    )
    rows = AggregateRows(builder, counted, environment)
    other = builder.field_def(source.object, source.inverse.other or "")
    assert other.relation is not None
    target = other.relation.targets[0]
    far = rows.row.reference_to(other.name, target)
    # Whether the record may be read, the link's own condition has said.
    title = by_code_point(rows.row.with_eyes(None).follow(other, target).title(), builder.numbers)
    rows.conditions.append(far.is_not(None))
    inside = rows.select(
        rows.alias.c["id"].label("link"),
        far.label("far"),
        cast(title, Text()).label("title"),
        cast(func.count().over(), Integer()).label("count"),
    )
    order = (title, rows.alias.c["id"])
    inside = inside.order_by(*order)
    if at_most is not None:
        inside = inside.limit(at_most)
    found = inside.subquery()
    parts = (found.c.link, found.c.far, found.c.title, found.c.count)
    if builder.numbers.sqlite:
        made: Sql = func.nullif(func.json_group_array(func.json_array(*parts)), "[]")
    else:
        again = (by_code_point(found.c.title, builder.numbers), found.c.link)
        made = cast(func.json_agg(aggregate_order_by(func.json_build_array(*parts), *again)), Text())
    return select(made).scalar_subquery()
