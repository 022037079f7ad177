"""Checks every expression of an app's definitions before they can become a release: in objects, views and layouts.

Each is checked in the scope in which it will be used. Scopes of roles are in `role_checks`; rules have a checker of
their own in the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.releases.stored_choice import KnownExpressions
from metamodel.apps import Metamodel
from metamodel.child_paths import child_path
from metamodel.fields import FieldDef, RollupDef
from metamodel.link_lists import links_at
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Problem
from metamodel.texts import Label
from workflow_dsl.checker import CheckedExpression, check_condition, check_message, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Read, Reads
from workflow_dsl.scope import Scope
from workflow_dsl.types import DURATION, type_of_field


def check_expressions(
    metamodel: Metamodel, functions: FunctionRegistry, known: KnownExpressions | None = None
) -> Iterator[Problem]:
    """Give the problems of all expressions of all objects; those found sound are noted in `known`."""
    scope = Scope(metamodel=metamodel, functions=functions)
    noted: KnownExpressions = {} if known is None else known
    for key, object_def in metamodel.objects.items():
        yield from _ObjectCheck(replace(scope, object=key), object_def, noted).problems()


class _ObjectCheck:
    def __init__(self, scope: Scope, object_def: ObjectDef, known: KnownExpressions) -> None:
        self._scope = scope
        self._object = object_def
        self._places: dict[tuple[object, ...], Scope] = {}
        # What was found without a mistake is not checked again where the same words stand in the same kind of place.
        self._sound: set[tuple[object, ...]] = set()
        self._known = known

    def problems(self) -> Iterator[Problem]:
        for definition in self._object.fields.values():
            if definition.required_if or definition.visible_if or definition.readonly_if:
                yield from self._conditions(definition)
            if definition.default is not None or definition.copy_from is not None:
                yield from self._values(definition)
            if definition.relation is not None or definition.rollup is not None:
                yield from self._rows(definition)
        yield from self._formulas()
        yield from self._title()
        yield from self._searched()
        yield from self._validations()
        yield from self._pool()
        yield from self._privacy()
        yield from self._views()
        for layout in self._object.all_layouts:
            yield from self._condition(layout.when, "a layout")
            for section in layout.sections:
                yield from self._condition(section.visible_if, "a layout")

    def _title(self) -> Iterable[Problem]:
        title = check_message(self._object.title, self._place("a title"))
        if not title.problems:
            self._known["title", self._object.key, self._object.title.text] = title
        return title.problems

    def _searched(self) -> Iterator[Problem]:
        for path in self._object.search:
            named = self._object.fields.get(path.text)
            if named is not None and named.formula is None and not named.encrypted:
                continue  # a field that has a column
            place = self._place("a search", needs_sql=True)
            rows = child_path(self._object, path)
            if rows is None:
                yield from check_text(path, place).problems
            else:
                yield from check_text(rows[1], replace(place, object=rows[0].object)).problems

    def _place(
        self, place: str, *, needs_sql: bool = False, allows_old: bool = False, allows_matches: bool = False
    ) -> Scope:
        key = (place, needs_sql, allows_old, allows_matches)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = Scope(
                metamodel=self._scope.metamodel,
                functions=self._scope.functions,
                object=self._object.key,
                place=place,
                needs_sql=needs_sql,
                allows_old=allows_old,
                allows_matches=allows_matches,
            )
        return found

    def _condition(
        self, text: LocatedText | None, place: str, *, needs_sql: bool = False, allows_old: bool = False
    ) -> Iterable[Problem]:
        if text is None:
            return ()
        key = (text.text, place, needs_sql, allows_old)
        if key in self._sound:
            return ()
        found = check_condition(text, self._place(place, needs_sql=needs_sql, allows_old=allows_old))
        if not found.problems:
            self._sound.add(key)
            self._known["condition", self._object.key, text.text] = found
        return found.problems

    def _pool(self) -> Iterator[Problem]:
        pool = self._object.pool
        if pool is not None:
            yield from self._condition(pool.fall_back, "a pool's condition", needs_sql=True)
            if pool.protect is not None:
                place = self._place("a pool's protection", needs_sql=True)
                yield from check_text(pool.protect, place, wanted=DURATION, what="'protect'").problems

    def _privacy(self) -> Iterator[Problem]:
        privacy = self._object.privacy
        if privacy is None:
            return
        yield from self._condition(privacy.consent, "a consent", needs_sql=True)
        if privacy.retention is not None:
            yield from self._condition(privacy.retention.where, "a retention's condition", needs_sql=True)
            place = self._place("a retention's time", needs_sql=True)
            yield from check_text(privacy.retention.after, place, wanted=DURATION, what="'after'").problems

    def _conditions(self, field: FieldDef) -> Iterator[Problem]:
        for text in (field.required_if, field.visible_if, field.readonly_if):
            if text is not None:
                yield from self._condition(text, "a condition of a field", allows_old=True)

    def _values(self, field: FieldDef) -> Iterator[Problem]:
        wanted, what = type_of_field(field), f"'{field.name}'"
        default = field.default.expression if field.default is not None else None
        if default is not None:
            yield from check_text(default, self._place("a default", allows_old=True), wanted=wanted, what=what).problems
        if field.copy_from is not None:
            yield from check_text(field.copy_from, self._place("copy_from"), wanted=wanted, what=what).problems

    def _formulas(self) -> Iterator[Problem]:
        """Check formulas: one that is kept may use what only runs in memory, one computed when read may not."""
        checked: dict[str, CheckedExpression] = {}
        for name, field in self._object.fields.items():
            if field.formula is None:
                continue
            wanted, what = type_of_field(field), f"'{name}'"
            found = check_text(field.formula, self._place("a formula", allows_matches=True), wanted=wanted, what=what)
            if not found.problems:
                self._known["formula", self._object.key, field.formula.text] = found
            checked[name] = found
            if found.typed is not None and not found.reads.is_stable and found.reads.memory_only:
                found = check_text(
                    field.formula, self._place("a formula over other records", needs_sql=True), wanted=wanted, what=what
                )
            yield from found.problems
        yield from self._circles({name: found.reads.own & checked.keys() for name, found in checked.items()})

    def _circles(self, reads: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
        for name in reads:
            formula = self._object.fields[name].formula
            if formula is not None and (chain := _chain(reads, name)):
                message = f"the formula of '{name}' needs its own value: {' → '.join(chain)}"
                yield Problem(code="OBJ451", message=message, at=formula.at, length=len(formula.text))

    def _rows(self, field: FieldDef) -> Iterator[Problem]:
        """Check conditions over rows of another object: which records a lookup offers, which a roll-up counts."""
        relation, rollup = field.relation, field.rollup
        if relation is not None and relation.where is not None:
            for target in relation.targets:
                scope = replace(self._place("the `where` of a lookup"), row_object=target)
                yield from check_condition(relation.where, scope).problems
        if rollup is None:
            return
        inverse = self._object.inverses.get(rollup.list_name)
        if rollup.where is not None and inverse is not None:
            scope = replace(self._place("the `where` of a roll-up", needs_sql=True), row_object=inverse.object)
            yield from check_condition(rollup.where, scope).problems
        if inverse is not None:
            yield from self._rollup_of_encrypted(rollup, inverse.object)
            yield from self._rollup_settings(field, inverse.object)

    def _rollup_of_encrypted(self, rollup: RollupDef, child: str) -> Iterator[Problem]:
        read = self._scope.metamodel.objects[child].fields.get(rollup.field_name or "")
        if read is not None and read.encrypted:
            message = f"'{read.name}' is encrypted, so no roll-up can read it"
            yield Problem(code="EXP409", message=message, at=rollup.of.at, length=len(rollup.of.text))

    def _rollup_settings(self, field: FieldDef, child: str) -> Iterator[Problem]:
        """Refuse a roll-up that reads a setting: it is kept in a column, and no save tells of a new value."""
        rollup = field.rollup
        assert rollup is not None
        text = rollup.where
        if text is not None:
            reads = check_condition(text, replace(self._scope, row_object=child)).reads
            found = _settings_behind(self._scope, reads)
            if found:
                yield _reads_setting(field, found, text)
        if rollup.field_name is not None:
            found = _settings_behind(self._scope, Reads(fields=frozenset((Read(child, rollup.field_name),))))
            if found:
                yield _reads_setting(field, found, rollup.of)

    def _validations(self) -> Iterator[Problem]:
        for validation in self._object.validations:
            for text in (validation.check, validation.when):
                yield from self._condition(text, "a validation", allows_old=True)
            if validation.active is not None:
                scope = replace(self._place("`active`"), object=None)
                yield from check_condition(validation.active, scope).problems
            yield from self._messages(validation.message)

    def _messages(self, label: Label) -> Iterator[Problem]:
        for _, text in label.texts:
            if "{" not in text.text and "}" not in text.text:
                continue  # it is told as it is
            yield from check_message(text, self._place("a message", allows_old=True)).problems

    def _views(self) -> Iterator[Problem]:
        shown = replace(self._place("a view", needs_sql=True), shows_encrypted=True)
        for view in self._object.views.values():
            yield from self._condition(view.where, "a view's filter", needs_sql=True)
            for text in (*view.columns, *view.card):
                if text.text in self._object.fields:
                    continue  # a field of the object itself can be shown; a path may lead where no list can follow
                if links_at(self._scope.metamodel.objects, self._object.key, text.text) is not None:
                    continue
                yield from check_text(text, shown).problems


def _settings_behind(scope: Scope, reads: Reads) -> frozenset[str]:
    """Find the settings that are read, also by way of formulas."""
    found, seen, waiting = set(reads.settings), set[Read](), set(reads.fields)
    while waiting:
        read = waiting.pop()
        seen.add(read)
        object_def = scope.metamodel.objects.get(read.object)
        definition = object_def.fields.get(read.field) if object_def is not None else None
        if definition is not None and definition.formula is not None:
            behind = check_text(definition.formula, replace(scope, object=read.object, row_object=None)).reads
            found |= behind.settings
            waiting |= behind.fields - seen
    return frozenset(found)


def _reads_setting(field: FieldDef, settings: frozenset[str], text: LocatedText) -> Problem:
    named = ", ".join(f"app.{name}" for name in sorted(settings))
    message = f"the roll-up '{field.name}' reads {named}; it is kept in a column, and a new value would not reach it"
    hint = "roll up without it and compare with the setting in a formula"
    return Problem(code="OBJ452", message=message, at=text.at, hint=hint, length=len(text.text))


def _chain(reads: Mapping[str, frozenset[str]], name: str) -> tuple[str, ...]:
    """Give the shortest way on which a formula reads itself, from it and back to it; () where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:
        for following in sorted(reads[way[-1]]):
            if following == name:
                return (*way, name)
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()
