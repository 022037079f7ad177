"""Compiles what stands in one rule: values, values for fields, inputs, and the records an action is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from engine.automation import program as built
from metamodel.apps import Metamodel
from workflow_dsl import checked_rules as checked
from workflow_dsl.compiler import compile_expression
from workflow_dsl.typed import FieldPath, InverseSource, ObjectSource, Typed

Common = dict[str, Any]
"""What every action has: its index, text and `unless`."""


class Place:
    """Compiles what stands in one rule."""

    def __init__(self, metamodel: Metamodel, object_key: str | None, build_block: BuildBlock) -> None:
        self.metamodel = metamodel
        self.object = object_key
        self._build_block = build_block

    def compiled(self, typed: Typed, text: str = "") -> built.Value:
        """Compile a typed tree."""
        return built.Value(evaluator=compile_expression(typed, typed.at.text), text=text)

    def value(self, value: checked.CheckedValue) -> built.Value:
        """Compile a value."""
        return self.compiled(value.typed, value.text)

    def optional(self, value: checked.CheckedValue | None) -> built.Value | None:
        """Compile a value where there is one."""
        return None if value is None else self.value(value)

    def fields(
        self, object_key: str | None, fields: Iterable[checked.FieldValue]
    ) -> tuple[tuple[str, built.Value], ...]:
        """Compile the values of fields of an object."""
        return tuple((each.field, self._field_value(object_key, each)) for each in fields)

    def _field_value(self, object_key: str | None, given: checked.FieldValue) -> built.Value:
        value = self.value(given.value)
        definition = self.metamodel.objects[object_key].fields.get(given.field) if object_key is not None else None
        relation = definition.relation if definition is not None else None
        objects = given.value.typed.type.objects
        if relation is None or relation.single_target is not None or len(objects) != 1:
            return value
        return replace(value, reference=objects[0])

    def inputs(self, inputs: Iterable[checked.NamedInput]) -> tuple[tuple[str, built.Value], ...]:
        """Compile what is sent along."""
        return tuple((each.name, self.value(each.value)) for each in inputs)

    def rows(self, rows: checked.CheckedRows) -> built.Rows:
        """Take apart which records are meant."""
        if rows.one is not None or rows.many is None:
            return built.Rows(object=rows.object, one=self.optional(rows.one))
        many = rows.many
        base: built.Value | None = None
        base_object = list_name = None
        if isinstance(many.source, InverseSource):
            base, list_name = self.compiled(many.source.base), many.source.inverse.name
            base_object = _object_at_end(many.source.base)
        order = many.sorted_by
        return built.Rows(
            object=many.source.object,
            given=many.source.given if isinstance(many.source, ObjectSource) else None,
            base=base,
            base_object=base_object,
            list_name=list_name,
            where=self.compiled(many.where) if many.where is not None else None,
            sorted_by=self.compiled(order.path) if order is not None else None,
            descending=order is not None and order.descending,
        )

    def optional_rows(self, rows: checked.CheckedRows | None) -> built.Rows | None:
        """Take apart which records are meant, where the action names any."""
        return None if rows is None else self.rows(rows)

    def actions(self, actions: Iterable[checked.CheckedAction]) -> tuple[built.Action, ...]:
        """Build a block."""
        return self._build_block(self, actions)


BuildBlock = Callable[[Place, Iterable[checked.CheckedAction]], tuple[built.Action, ...]]
Build = Callable[[Place, Any, Common], built.Action]
"""Builds one kind of checked action."""


def _object_at_end(base: FieldPath) -> str | None:
    objects = base.type.objects
    return objects[0] if len(objects) == 1 else None
