"""Do new records make sense, asked of many at once: the checks of a save, a column at a time, for doubts only.

What is found here refuses nothing: a record in doubt is judged on its own by `checks`, `relations` and `parents`, which
say what is wrong with it and where. A record without doubt has nothing that they would find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.access.predicates import EVERYONE
from engine.expressions.context import RecordContext
from engine.records.saving.asking import Asked, answers
from engine.records.saving.holding import hold_now
from engine.records.saving.new_columns import NewGroup
from engine.records.saving.plan import Link
from engine.records.saving.record_columns import RowView
from engine.records.saving.relations import Found, Target, find_targets
from metamodel.field_types import FieldValueError
from metamodel.fields import ChoiceDef, FieldDef, OptionDef
from metamodel.record_types import RECORD_TYPE, standing_against
from metamodel.values import ForeignMoney, Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_NOT_CHECKED = ("created_by", "modified_by")


def doubts(group: NewGroup, transaction: Transaction, found: dict[Target, Found]) -> set[int]:
    """Give the places of the records of a group that have to be judged on their own."""
    judge = _Doubts(group, transaction, found)
    judge.relations()
    judge.bounds()
    judge.required()
    judge.choices()
    judge.validations()
    return judge.places


def pointed_at(groups: Iterable[NewGroup], transaction: Transaction) -> dict[Target, Found]:
    """Look up all that the records of groups point at, but who acts; what is found stays there until the commit."""
    wanted: dict[str, dict[str, None]] = {}
    for group in groups:
        for link in _links(group):
            for target in {_target(link, value) for value in {*group.values[link.name]} if value is not None}:
                if target != ("user", transaction.actor.user_id):
                    wanted.setdefault(target[0], {})[target[1]] = None
    hold_now(transaction, wanted)
    return find_targets(transaction, wanted)


class _Doubts:
    def __init__(self, group: NewGroup, transaction: Transaction, found: dict[Target, Found]) -> None:
        self._group = group
        self._plan = group.plan
        self._transaction = transaction
        self._found = found
        self.places: set[int] = set()

    def relations(self) -> None:
        for link in _links(self._group):
            self._doubt_values(link.name, partial(self._is_sound, link))
            if link.where:
                self._fitting(link)

    def bounds(self) -> None:
        fields, types = self._plan.object.fields, self._plan.types
        for name in self._group.asked.bounded:
            definition = fields[name]
            if name in self._group.given and definition.formula is None:
                continue
            self._doubt_values(name, partial(_is_within, types.of(definition).check, definition))
        for name in self._group.asked.money:
            check = types.of(fields[name]).check
            for place, value in enumerate(self._values(name)):
                if type(value) is ForeignMoney and not (
                    value.base is not None and _is_within(check, fields[name], value)
                ):
                    self.places.add(place)

    def required(self) -> None:
        for name in self._plan.required:
            values = self._values(name)
            if None in values:
                self.places.update(place for place, value in enumerate(values) if value is None)
        for kind, names in self._plan.required_by_type.items():
            places = [place for place, value in enumerate(self._values(RECORD_TYPE)) if value == kind]
            for name in names:
                values = self._values(name)
                self.places.update(place for place in places if values[place] is None)
        for name, asked in self._group.asked.required_if:
            if name in self._plan.required:
                continue
            empty = [place for place, value in enumerate(self._values(name)) if value is None]
            self._doubt_unless(False, asked, empty)

    def choices(self) -> None:
        narrowed = {each.definition.name for each in self._plan.narrowed}
        for definition in self._plan.choices:
            choice = definition.choice
            if choice is None:
                continue
            values = self._values(definition.name)
            if definition.type == "multi_choice":
                # Options chosen together are few and rarely judged by more than their names.
                self.places.update(place for place, value in enumerate(values) if not _all_free(choice, value))
                if definition.name in narrowed:
                    self.places.update(place for place, value in enumerate(values) if value is not None)
                continue
            for name in {*values} - {None}:
                option = choice.option(name)
                if option is None:
                    continue
                if option.active and not option.requires and definition.name not in narrowed:
                    continue
                places = [place for place, value in enumerate(values) if value == name]
                self._option(definition, option, places, narrowed=definition.name in narrowed)

    def _option(self, definition: FieldDef, option: OptionDef, places: Sequence[int], *, narrowed: bool) -> None:
        """Doubt records that have an option for what it asks of them."""
        if not option.active:
            self.places.update(places)
        if narrowed:
            against = partial(standing_against, self._plan.object, definition, option)
            view = RowView(self._group.values)
            self.places.update(place for place in places if against(view.moved(place)) is not None)
        for needed in option.requires:
            others = self._group.values.get(needed)
            self.places.update(place for place in places if others is None or others[place] is None)

    def validations(self) -> None:
        for validation in self._group.asked.validations:
            places: Sequence[int] = range(len(self._group))
            for condition in validation.conditions:
                places = self._doubt_unless(None, condition, places)
            self._doubt_unless(True, validation.check, places)

    def _doubt_unless(self, wanted: bool | None, asked: Asked, places: Sequence[int]) -> Sequence[int]:
        """Ask of the records at some places; doubt those with another answer, or with none. Give those that hold."""
        some = None if len(places) == len(self._group) else places
        found = answers(asked, self._group, self._transaction.around, some)
        if all([answer is True for answer in found]) and wanted is not False:
            return places
        holding = []
        for place, answer in zip(places, found, strict=True):
            holds = bool(answer) if answer is True or answer is False or answer is None else None
            if holds:
                holding.append(place)
            if holds is None or (wanted is not None and holds is not wanted):
                self.places.add(place)
        return holding

    def _doubt_values(self, name: str, is_sound: Callable[[Any], bool]) -> None:
        values = self._values(name)
        unsound = [value for value in _distinct(values) if value is not None and not is_sound(value)]
        if unsound:
            self.places.update(place for place, value in enumerate(values) if value in unsound)

    def _is_sound(self, link: Link, value: Any) -> bool:
        target = _target(link, value)
        if target != ("user", self._transaction.actor.user_id):
            found = self._found.get(target)
            if found is None or (link.name in self._group.given and not found.readable):
                return False
        return not link.is_parent or self._may_have_children(link, value)

    def _may_have_children(self, link: Link, value: Any) -> bool:
        transaction = self._transaction
        predicate = transaction.access.of(link.targets[0]).actions["update"]
        if predicate is EVERYONE or link.name not in self._group.given or not isinstance(value, str):
            return True
        above = transaction.context(self._plan.object.key, {}).of(link.targets[0], value)
        return above is None or predicate.test(above)

    def _fitting(self, link: Link) -> None:
        around, key, name = self._transaction.around, self._plan.object.key, link.name
        asked = {place: _target(link, value) for place, value in enumerate(self._values(name)) if value is not None}
        for target_key in link.targets:
            ids = {record_id: None for target, record_id in asked.values() if target == target_key}
            self._transaction.cache.prefetch(target_key, ids)
        for place, (target_key, record_id) in asked.items():
            context = RecordContext(around, key, self._group.row(place))
            target, where = context.related(target_key, record_id), link.where.get(target_key)
            try:
                fits = where is not None and target is not None and bool(where(context, target))
            except EvaluationError:
                fits = False
            if not fits:
                self.places.add(place)

    def _values(self, name: str) -> list[Any]:
        return self._group.values[name]


def _all_free(choice: ChoiceDef, names: Any) -> bool:
    """Say whether none of the options chosen needs a closer look."""
    options = [choice.option(name) for name in names or ()]
    return all(each is None or (each.active and not each.only_for and not each.requires) for each in options)


def _distinct(values: list[Any]) -> Iterable[Any]:
    try:
        return set(values)
    except TypeError:
        # A field type of a plugin may have values that can't be members of a set.
        return values


def _is_within(check: Callable[[Any, FieldDef], None], definition: FieldDef, value: Any) -> bool:
    try:
        check(value, definition)
    except FieldValueError:
        return False
    return True


def _links(group: NewGroup) -> list[Link]:
    return [link for link in group.plan.links if link.name not in _NOT_CHECKED]


def _target(link: Link, value: Any) -> Target:
    return (value.object, value.id) if isinstance(value, Ref) else (link.targets[0], str(value))
