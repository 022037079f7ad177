"""One path of a select: its SQL parts, and how a value, its API form or its mask is made of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.engine import Dialect as SqlDialect

from engine.access.compiler import Access
from engine.access.eyes import MaskedEyes
from engine.expressions.sql.builder import SqlBuilder
from engine.expressions.sql.environment import Environment
from engine.expressions.sql.paths import path_holders
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.values import Sql, parts_of
from engine.records.statements import result_converter
from metamodel.field_types import FieldTypeRegistry
from metamodel.masks import MASK
from workflow_dsl import typed as t

Read = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One path of a row.

    columns: its SQL, in the row's order from `first`. read: row → Python value. json: row → API form. title: row →
    title of the record a lookup points at. masked: row → what stands for a value that is not shown in clear.
    """

    name: str
    columns: tuple[Sql, ...]
    read: Read
    json: Read
    title: Read | None = None
    masked: Read | None = None


class CellMasker:
    """Adds to cells what an actor sees masked of them; for who sees nothing masked it leaves them as they are."""

    def __init__(
        self,
        builder: SqlBuilder,
        environment: Environment,
        dialect: SqlDialect,
        access: Access,
        types: FieldTypeRegistry,
    ) -> None:
        self._builder, self._environment, self._dialect, self._types = builder, environment, dialect, types
        self._access, self._eyes = access, MaskedEyes(access)

    def mask(self, cell: Cell, node: t.FieldPath, take: Callable[[], int]) -> Cell:
        """Give the cell of a path with its mask; take: gives the place of the column that it adds to a row."""
        field = node.field
        masking = [key for key in node.holders if field is not None and field.name in self._access.of(key).masked]
        if field is None or not masking:
            return cell
        field_type = self._types.of(field)
        whole = field_type.mask is None or node.attribute is not None
        column = self._column(node, field.name, whole=whole)
        convert = None if whole else result_converter(column.type, self._dialect)
        clear, at = cell.json, take()

        def masked(row: Sequence[Any]) -> str | None:
            raw = row[at]
            if whole:
                return MASK if raw else None
            return None if raw is None else field_type.masked(raw if convert is None else convert(raw))

        def json(row: Sequence[Any]) -> Any:
            found = masked(row)
            return clear(row) if found is None else found

        return replace(cell, columns=(*cell.columns, column), json=json, masked=masked)

    def _column(self, node: t.FieldPath, name: str, *, whole: bool) -> Sql:
        """Give the text that is masked, or whether there is a value; the way to it is one that the actor sees."""
        bare = replace(node, attribute=None)
        holders = path_holders(self._builder, bare, self._environment)
        seen = [each.with_eyes(self._eyes) for each in holders if isinstance(each, RowScope)]
        parts = [parts_of(each.value(name)) for each in seen if each.object_key in node.holders]
        if whole:
            return or_(*(part.is_not(None) for each in parts for part in each))
        texts = [part for each in parts for part in each]
        return texts[0] if len(texts) == 1 else func.coalesce(*texts, type_=texts[0].type)
