"""A conversion compiled once per release: what each target's fields are computed from, and where lists are carried to.

It reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.expressions.language import BrokenExpression
from engine.records.parts import ReleaseParts
from metamodel.definitions.intake import ConversionDef, ConversionTargetDef
from metamodel.fields import FieldDef
from metamodel.objects import InverseDef, ObjectDef
from metamodel.source import LocatedText
from metamodel.values import Ref
from workflow_dsl.checker import check_condition, check_text
from workflow_dsl.context import Context
from workflow_dsl.typed import Typed
from workflow_dsl.types import Type, record_of, type_of_field

Evaluate = Callable[[Context], Any]


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One record that is made. when: None = always."""

    name: str
    object: ObjectDef
    fields: Mapping[str, Evaluate]
    match: tuple[str, ...]
    when: Evaluate | None


@dataclass(frozen=True, slots=True)
class CarriedList:
    """A related list that goes along; takers: names of the targets that its lookup may point at, in their order."""

    inverse: InverseDef
    single: bool
    takers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversionPlan:
    """All that one conversion does."""

    definition: ConversionDef
    source: ObjectDef
    targets: tuple[TargetPlan, ...]
    values: Mapping[str, Evaluate]
    carried: tuple[CarriedList, ...]
    when: Evaluate | None


def conversion_plans(parts: ReleaseParts, object_key: str) -> Sequence[ConversionPlan]:
    """Give the conversions of an object's records, compiled at the first question."""

    def make() -> tuple[ConversionPlan, ...]:
        found = [each for each in parts.metamodel.conversions.values() if each.source == object_key]
        return tuple(_Compiler(parts, each).plan() for each in found)

    return parts.made(("conversions", object_key), make)


class _Compiler:
    """Compiles one conversion; names of records made before are known in the expressions of later ones."""

    def __init__(self, parts: ReleaseParts, definition: ConversionDef) -> None:
        assert definition.source is not None
        self._parts = parts
        self._definition = definition
        self._source = parts.metamodel.objects[definition.source]
        self._given: dict[str, Type] = {}

    def plan(self) -> ConversionPlan:
        when = self._condition(self._definition.when)
        targets = []
        for each in self._definition.targets:
            targets.append(self._target(each))
            self._given[each.name] = record_of(targets[-1].object.key)
        return ConversionPlan(
            definition=self._definition,
            source=self._source,
            targets=tuple(targets),
            values={
                name: self._value(text, self._source.fields[name]) for name, text in self._definition.values.items()
            },
            carried=tuple(self._carried(name, targets) for name in self._definition.carry),
            when=when,
        )

    def _target(self, target: ConversionTargetDef) -> TargetPlan:
        assert target.object is not None
        made = self._parts.metamodel.objects[target.object]
        return TargetPlan(
            name=target.name,
            object=made,
            fields={name: self._value(text, made.fields[name]) for name, text in target.fields.items()},
            match=target.match,
            when=self._condition(target.when),
        )

    def _carried(self, name: str, targets: Sequence[TargetPlan]) -> CarriedList:
        inverse = self._source.inverses[name]
        relation = self._parts.metamodel.objects[inverse.object].fields[inverse.field].relation
        assert relation is not None
        takers = tuple(each.name for each in targets if not relation.targets or each.object.key in relation.targets)
        return CarriedList(inverse, relation.single_target is not None, takers)

    def _condition(self, text: LocatedText | None) -> Evaluate | None:
        if text is None:
            return None
        scope = self._parts.language.scope(self._source.key, "a conversion", given=dict(self._given))
        checked = check_condition(text, scope)
        if checked.typed is None:
            raise BrokenExpression(checked, text)
        return self._parts.language.evaluator(checked.typed)

    def _value(self, text: LocatedText, field: FieldDef) -> Evaluate:
        scope = self._parts.language.scope(self._source.key, "a conversion", given=dict(self._given))
        checked = check_text(text, scope, wanted=type_of_field(field))
        if checked.typed is None:
            raise BrokenExpression(checked, text)
        return _as_reference(self._parts.language.evaluator(checked.typed), checked.typed, field)


def _as_reference(evaluate: Evaluate, typed: Typed, field: FieldDef) -> Evaluate:
    """Let a lookup of several objects get the object beside the id."""
    objects = typed.type.objects
    if field.relation is None or field.relation.single_target is not None or len(objects) != 1:
        return evaluate

    def refer(context: Context) -> Any:
        found = evaluate(context)
        return Ref(objects[0], found) if isinstance(found, str) else found

    return refer
