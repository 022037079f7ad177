"""Python values of fields as SQL values of the field's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, literal, null

from engine.expressions.sql.constants import python_value
from engine.expressions.sql.values import SqlAnyReference, SqlEmpty, SqlReference, SqlValue
from metamodel.values import Ref
from workflow_dsl import typed as t
from workflow_dsl.syntax import NO_SPAN
from workflow_dsl.types import type_of_field

if TYPE_CHECKING:
    from engine.expressions.sql.builder import SqlBuilder


def stored_literal(builder: SqlBuilder, object_key: str, name: str, value: Any) -> SqlValue:
    """Give the value of a field as bound SQL."""
    definition = builder.field_def(object_key, name)
    if definition.relation is None:
        node = t.Constant(type=type_of_field(definition), at=NO_SPAN, value=value)
        return python_value(builder, value, node)
    id_type = builder.tables.of(object_key).table.c["id"].type
    targets = definition.relation.targets
    if not targets:
        if not isinstance(value, Ref):
            return SqlEmpty()
        return SqlAnyReference(id=literal(value.id, id_type), object=literal(value.object, Text()))
    pointed = value if isinstance(value, Ref) else Ref(targets[0], value) if value is not None else None
    return SqlReference(
        targets=tuple(
            (key, literal(pointed.id, id_type) if pointed is not None and pointed.object == key else null())
            for key in targets
        )
    )
