"""What saving many new records of an object by columns needs beside its plan: expressions with what decides them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from engine.records.parts import ReleaseParts
from engine.records.saving.asking import Asked, asked_of
from engine.records.saving.plan import Copier, Evaluate, SavePlan
from metamodel.source import LocatedText
from workflow_dsl.types import type_of_field


@dataclass(frozen=True, slots=True)
class AskedValidation:
    """A validation: its check is asked where all of `conditions` hold."""

    conditions: tuple[Asked, ...]
    check: Asked


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The expressions of an object as they are asked of many new records.

    defaults: those that read the record itself, in their order. in_order: no default reads what a later one fills.
    copied: what the plan's copiers copy. bounded: fields whose values have bounds to be checked unless they were given;
    money: whose currency is checked.
    """

    defaults: tuple[tuple[str, Asked], ...]
    in_order: bool
    copied: tuple[Asked, ...]
    computed: tuple[tuple[str, Asked], ...]
    title: Asked | None
    required_if: tuple[tuple[str, Asked], ...]
    validations: tuple[AskedValidation, ...]
    bounded: tuple[str, ...]
    money: tuple[str, ...]


def column_plan(parts: ReleaseParts, plan: SavePlan) -> ColumnPlan:
    """Give the column plan of an object, made once a release."""
    return parts.made(("column plan", plan.object.key), lambda: _Maker(parts, plan).make())


class _Maker:
    def __init__(self, parts: ReleaseParts, plan: SavePlan) -> None:
        self._parts = parts
        self._plan = plan
        self._object = plan.object
        self._ask = partial(asked_of, parts, plan.object.key)

    def make(self) -> ColumnPlan:
        defaults, in_order = self._defaults()
        fields = self._object.fields
        bounded = tuple(
            name
            for name in self._plan.table.codecs
            if not fields[name].system and fields[name].type not in ("autonumber", "rollup")
        )
        return ColumnPlan(
            defaults=defaults,
            in_order=in_order,
            copied=tuple(self._copied(copier) for copier in self._plan.copiers),
            computed=tuple((item.name, self._formula(item.name, item.evaluate)) for item in self._plan.computed),
            title=self._title(),
            required_if=tuple(
                (name, self._condition(text, evaluate))
                for name, evaluate in self._plan.required_if.items()
                if (text := fields[name].required_if) is not None
            ),
            validations=tuple(self._validations()),
            bounded=bounded,
            money=tuple(name for name in bounded if fields[name].value_type == "money"),
        )

    def _defaults(self) -> tuple[tuple[tuple[str, Asked], ...], bool]:
        key, language = self._object.key, self._parts.language
        found: list[tuple[str, Asked]] = []
        later = {filler.name for filler in self._plan.defaults}
        in_order = True
        for filler in self._plan.defaults:
            definition = self._object.fields[filler.name]
            later.discard(filler.name)
            if filler.evaluate is None or definition.default is None or definition.default.expression is None:
                continue
            text = definition.default.expression
            typed = language.expression(text, key, type_of_field(definition))
            reads = language.expression_reads(text, key)
            asked = self._ask(filler.evaluate, typed, reads)
            if asked.keys != ():
                found.append((filler.name, asked))
                in_order = in_order and filler.name != "owner" and not reads.own & {*later, filler.name}
        return tuple(found), in_order

    def _copied(self, copier: Copier) -> Asked:
        definition = self._object.fields[copier.name]
        assert definition.copy_from is not None
        language, key = self._parts.language, self._object.key
        typed = language.expression(definition.copy_from, key, type_of_field(definition))
        return self._ask(copier.evaluate, typed, language.expression_reads(definition.copy_from, key))

    def _formula(self, name: str, evaluate: Evaluate) -> Asked:
        language, key = self._parts.language, self._object.key
        return self._ask(evaluate, language.formula(key, name), language.formula_reads(key, name))

    def _title(self) -> Asked | None:
        if self._plan.title is None:
            return None
        language, key = self._parts.language, self._object.key
        return self._ask(self._plan.title, language.title(key), language.title_reads(key))

    def _condition(self, text: LocatedText, evaluate: Evaluate) -> Asked:
        language, key = self._parts.language, self._object.key
        return self._ask(evaluate, language.condition(text, key), language.condition_reads(text, key))

    def _validations(self) -> list[AskedValidation]:
        found = []
        for item, made in zip(self._object.validations, self._plan.validations, strict=True):
            pairs = ((item.active, made.active), (item.when, made.when))
            conditions = tuple(
                self._condition(text, evaluate) for text, evaluate in pairs if text is not None and evaluate is not None
            )
            found.append(AskedValidation(conditions, self._condition(item.check, made.check)))
        return found
