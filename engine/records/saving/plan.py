"""What a save of an object does, compiled once per release: defaults, formulas, checks, relations, roll-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expressions.language import ReleaseLanguage
from engine.records.parts import ReleaseParts
from engine.records.rounding import keep_form, rounder
from engine.records.saving.narrowing import Narrowed, narrowed_choices
from engine.records.saving.rollup_plans import starts_at_zero
from engine.storage.codecs import MoneyCodec
from engine.storage.tables import ObjectTable
from metamodel.currency_rates import rated_fields
from metamodel.field_types import FieldType, FieldTypeRegistry
from metamodel.field_types.files import holds_files
from metamodel.fields import FieldDef, RelationKind
from metamodel.masks import MASK
from metamodel.objects import ObjectDef, ValidationDef, ValidationSeverity
from metamodel.source import LocatedText
from workflow_dsl.context import Context
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.types import type_of_field

Evaluate = Callable[[Context], Any]
Tell = Callable[[Context, str], str]
SETTABLE_SYSTEM = frozenset(("owner",))


@dataclass(frozen=True, slots=True)
class Filler:
    """A value given to a field: a constant, or an expression over the new record."""

    name: str
    evaluate: Evaluate | None
    constant: Any = None


@dataclass(frozen=True, slots=True)
class Copier:
    """`copy_from`: fills an empty field when the lookup that the path starts with is set."""

    name: str
    lookup: str
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Computed:
    """A kept formula, and the own fields it reads."""

    name: str
    evaluate: Evaluate
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation; `message` gives what it says of a record in a language, asked for when it fails."""

    name: str
    field: str | None
    severity: ValidationSeverity
    check: Evaluate
    when: Evaluate | None
    active: Evaluate | None
    message: Tell


@dataclass(frozen=True, slots=True)
class Link:
    """A field that points at records.

    where: target → what limits its records, where something does: the target is its row, the record its `this`.
    """

    name: str
    definition: FieldDef
    targets: tuple[str, ...]
    where: Mapping[str, Callable[[Context, Any], Any]]

    @property
    def is_parent(self) -> bool:
        """Whether it makes the record a part of what it points at."""
        return self.definition.relation is not None and self.definition.relation.kind is RelationKind.CHILD_OF


@dataclass(frozen=True, slots=True)
class SavePlan:
    """All that saves of one object need.

    plain: fields kept in one column as they are → the column. money: fields of money → their columns. rated: those
    that people enter, where there are several currencies. json: what makes the JSON form of a field's value, None where
    the value is its own. narrowed: choices that depend on others, parents first. required_by_type: record type → fields
    that its records must have. paths: stage fields whose stays are kept.
    """

    object: ObjectDef
    table: ObjectTable
    settable: frozenset[str]
    booleans: tuple[str, ...]
    zeroes: tuple[str, ...]
    defaults: tuple[Filler, ...]
    copiers: tuple[Copier, ...]
    computed: tuple[Computed, ...]
    title: Evaluate | None
    title_reads: frozenset[str]
    required: tuple[str, ...]
    required_if: Mapping[str, Evaluate]
    visible_if: Mapping[str, Evaluate]
    readonly_if: Mapping[str, Evaluate]
    validations: tuple[Validation, ...]
    choices: tuple[FieldDef, ...]
    paths: frozenset[str]
    narrowed: tuple[Narrowed, ...]
    required_by_type: Mapping[str, tuple[str, ...]]
    links: tuple[Link, ...]
    uniques: tuple[tuple[str, ...], ...]
    numbers: tuple[FieldDef, ...]
    files: tuple[FieldDef, ...]
    keep: Mapping[str, Callable[[Any], Any]]
    types: FieldTypeRegistry
    reads_along: frozenset[str]
    plain: Mapping[str, str]
    money: Mapping[str, tuple[str, ...]]
    rated: tuple[str, ...]
    json: Mapping[str, Callable[[Any], Any] | None]


def save_plan(parts: ReleaseParts, object_key: str) -> SavePlan:
    """Give the plan of an object, compiled at its first save."""
    return parts.made(("plan", object_key), lambda: _PlanMaker(parts, object_key).make())


class _PlanMaker:
    def __init__(self, parts: ReleaseParts, object_key: str) -> None:
        self._parts = parts
        self._key = object_key
        self._language: ReleaseLanguage = parts.language
        self._object = parts.metamodel.objects[object_key]
        self._table = parts.tables.of(object_key)
        self._fields = self._object.fields

    def make(self) -> SavePlan:
        kept = {name: item for name, item in self._fields.items() if self._table.is_stored(name)}
        title, title_reads = self._title()
        return SavePlan(
            object=self._object,
            table=self._table,
            settable=frozenset(name for name, item in kept.items() if _is_settable(item)),
            booleans=tuple(name for name, item in kept.items() if _is_plain_boolean(item)),
            zeroes=tuple(name for name, item in kept.items() if starts_at_zero(item)),
            defaults=tuple(filler for item in kept.values() if (filler := self._default(item)) is not None),
            copiers=tuple(self._copier(item) for item in kept.values() if item.copy_from is not None),
            computed=self._computed(kept),
            title=title,
            title_reads=title_reads,
            required=tuple(name for name, item in kept.items() if item.required and not item.is_computed),
            required_if=self._conditions({name: item.required_if for name, item in kept.items()}),
            visible_if=self._conditions({name: item.visible_if for name, item in self._fields.items()}),
            readonly_if=self._conditions({name: item.readonly_if for name, item in kept.items()}),
            validations=self._validations(),
            choices=tuple(item for item in kept.values() if item.choice is not None and item.formula is None),
            paths=frozenset(self._object.path_fields) & kept.keys(),
            narrowed=narrowed_choices(self._object, kept),
            required_by_type={kind.name: kind.required for kind in self._object.record_types if kind.required},
            links=tuple(self._link(item) for item in kept.values() if item.relation is not None and not item.formula),
            uniques=self._uniques(kept),
            numbers=tuple(item for item in kept.values() if item.type == "autonumber"),
            files=tuple(item for item in kept.values() if holds_files(item)),
            keep={name: keep_form(item, self._parts.metamodel) for name, item in kept.items()},
            types=self._parts.release.field_types,
            reads_along=frozenset(self._reads_along()),
            plain={
                name: codec.columns[0].name
                for name, codec in self._table.codecs.items()
                if codec.is_plain and not self._table.has_beside(name) and not self._fields[name].encrypted
            },
            money={name: codec.names for name, codec in self._table.codecs.items() if isinstance(codec, MoneyCodec)},
            rated=rated_fields(kept.values(), self._parts.metamodel),
            json={name: _json_form(self._parts.release.field_types.of(item), item) for name, item in kept.items()},
        )

    def _reads_along(self) -> Iterator[str]:
        """Give the lookups along which expressions read other records (every one that a text names before a dot)."""
        texts = [item.check.text for item in self._object.validations]
        texts += [item.when.text for item in self._object.validations if item.when is not None]
        for item in self._fields.values():
            written = (item.formula, item.required_if, item.readonly_if, item.visible_if, item.copy_from)
            texts += [text.text for text in written if text is not None]
        for name, item in self._fields.items():
            if item.relation is not None and any(f"{name}." in text for text in texts):
                yield name

    def _default(self, item: FieldDef) -> Filler | None:
        if item.default is None:
            return Filler(item.name, None, item.empty_as) if item.empty_as is not None else None
        if item.default.expression is not None:
            typed = self._language.expression(item.default.expression, self._key, type_of_field(item))
            evaluate = rounder(item, self._language.evaluator(typed), self._parts.metamodel)
            return Filler(item.name, evaluate)
        types, context = self._parts.release.field_types, self._parts.value_context
        return Filler(item.name, None, types.parse(item.default.constant, item, context))

    def _copier(self, item: FieldDef) -> Copier:
        assert item.copy_from is not None
        typed = self._language.expression(item.copy_from, self._key, type_of_field(item))
        evaluate = rounder(item, self._language.evaluator(typed), self._parts.metamodel)
        return Copier(item.name, item.copy_from.text.split(".")[0].strip(), evaluate)

    def _computed(self, kept: Mapping[str, FieldDef]) -> tuple[Computed, ...]:
        waiting = {name: item for name, item in kept.items() if item.formula is not None}
        found: list[Computed] = []
        while waiting:
            reads = {name: self._language.formula_reads(self._key, name).own for name in waiting}
            ready = [name for name in waiting if not reads[name] & waiting.keys()]
            # The checker refuses formulas that read each other in a circle; take any to come to an end.
            for name in ready or list(waiting)[:1]:
                evaluate = self._language.evaluator(self._language.formula(self._key, name))
                rounded = rounder(waiting.pop(name), evaluate, self._parts.metamodel)
                found.append(Computed(name, rounded, reads[name]))
        return tuple(found)

    def _title(self) -> tuple[Evaluate | None, frozenset[str]]:
        if self._table.title is None:
            return None, frozenset()
        typed = self._language.title(self._key)
        return self._language.evaluator(typed), self._language.title_reads(self._key).own

    def _conditions(self, texts: Mapping[str, LocatedText | None]) -> Mapping[str, Evaluate]:
        return {
            name: self._language.evaluator(self._language.condition(text, self._key))
            for name, text in texts.items()
            if text is not None
        }

    def _teller(self, validation: ValidationDef) -> Tell:
        """Give what fills the `{expression}` parts of a validation's message; compiled when it is first told."""

        def tell(context: Context, language: str) -> str:
            text = validation.message.located(language)
            if text is None:
                return validation.name
            evaluate = self._parts.language.evaluator(self._parts.language.message(text, self._object.key))
            try:
                return str(evaluate(context) or validation.name)
            except EvaluationError:
                # What can't be filled in must not hide what is wrong with the record.
                return text.text

        return tell

    def _validations(self) -> tuple[Validation, ...]:
        found = []
        for item in self._object.validations:
            check, when, active = (self._condition(text) for text in (item.check, item.when, item.active))
            assert check is not None
            found.append(Validation(item.name, item.field, item.severity, check, when, active, self._teller(item)))
        return tuple(found)

    def _condition(self, text: LocatedText | None) -> Evaluate | None:
        return None if text is None else self._language.evaluator(self._language.condition(text, self._key))

    def _link(self, item: FieldDef) -> Link:
        assert item.relation is not None
        where: dict[str, Callable[[Context, Any], Any]] = {}
        if item.relation.where is not None:
            for target in item.relation.targets:
                typed = self._language.condition(item.relation.where, self._key, row_object=target)
                where[target] = self._language.row_evaluator(typed)
        return Link(item.name, item, item.relation.targets, where)

    def _uniques(self, kept: Mapping[str, FieldDef]) -> tuple[tuple[str, ...], ...]:
        single = [(name,) for name, item in kept.items() if (item.unique or item.external_id) and name != "id"]
        return (*single, *(key.fields for key in self._object.unique))


def _json_form(field_type: FieldType, item: FieldDef) -> Callable[[Any], Any] | None:
    """Give what turns a value into its JSON form; None where it stands as it is."""
    if item.encrypted:
        # The audit log keeps only that it changed.
        return lambda value: MASK
    if type(field_type).to_json is FieldType.to_json:
        return None
    return lambda value: field_type.to_json(value, item)


def _is_settable(item: FieldDef) -> bool:
    return not item.is_computed and (not item.system or item.name in SETTABLE_SYSTEM)


def _is_plain_boolean(item: FieldDef) -> bool:
    return item.type == "boolean" and not item.is_computed
