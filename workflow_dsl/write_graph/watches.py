"""What starts a rule: the events of objects and fields, also those that reach a figure which is made of them.

A formula is followed to the fields it reads, a roll-up to the children's fields, links and comings and goings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from metamodel.apps import Metamodel
from metamodel.fields import FieldDef, RollupDef
from metamodel.objects import ObjectDef
from workflow_dsl.checked_rules import CheckedRule, RecordTrigger
from workflow_dsl.checker import check_condition, check_text
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.reads import Read
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import EventKind

Source = tuple[str, str, str]
"""What happens: object (or approval), kind (created, updated, approval approved …), field; no field = whichever."""
ANY = ""
_GOES = (EventKind.DELETED.value, EventKind.RESTORED.value)


def of_approval(approval: str, outcome: str) -> Source:
    """Give what happens when something is told of an approval."""
    return approval, f"approval {outcome}", ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One trigger of a rule, and the figure of its object by which something else reaches it; "" = directly."""

    rule: CheckedRule
    trigger: RecordTrigger
    through: str = ""


class Watcher:
    """Finds what triggers watch; what fields are made of is found once a field."""

    def __init__(self, metamodel: Metamodel, functions: FunctionRegistry) -> None:
        self._objects = metamodel.objects
        self._scope = Scope(metamodel=metamodel, functions=functions)
        self._made_of: dict[Read, frozenset[Source]] = {}

    def watches(self, rule: CheckedRule) -> Iterator[tuple[Source, Watch]]:
        """Give what starts a rule, each with its trigger."""
        for told in rule.on_approval:
            decided = RecordTrigger(object=rule.object or "", kinds=frozenset(), text=told.text)
            yield of_approval(told.approval, told.outcome), Watch(rule=rule, trigger=decided)
        for trigger in rule.on_record:
            direct = Watch(rule=rule, trigger=trigger)
            names = self._names(trigger)
            for kind in trigger.kinds:
                if names is None or kind is not EventKind.UPDATED:
                    yield (trigger.object, kind.value, ANY), direct
                else:
                    yield from (((trigger.object, kind.value, name), direct) for name in sorted(names))
            if EventKind.UPDATED in trigger.kinds:
                yield from self._through_figures(rule, trigger, names)

    def made_of(self, object_key: str, name: str) -> frozenset[Source]:
        """Give what changes a field's value besides a save of the field; nothing for what is entered."""
        read = Read(object_key, name)
        if read not in self._made_of:
            self._made_of[read] = frozenset()  # a circle of formulas is told elsewhere
            object_def = self._objects.get(object_key)
            field = object_def.fields.get(name) if object_def is not None else None
            if object_def is not None and field is not None:
                self._made_of[read] = frozenset(self._sources(object_def, field))
        return self._made_of[read]

    def rows_of(self, holder: str, name: str) -> str:
        """Give the object of the rows of a list; without a list's name they are those of the object itself."""
        object_def = self._objects.get(holder)
        inverse = object_def.inverses.get(name) if object_def is not None else None
        return inverse.object if inverse is not None else holder

    def _names(self, trigger: RecordTrigger) -> frozenset[str] | None:
        """Give the fields that a trigger watches; None where any will do."""
        if trigger.field is not None:
            return frozenset((trigger.field,))
        return trigger.watched if trigger.match is not None else None

    def _through_figures(
        self, rule: CheckedRule, trigger: RecordTrigger, names: frozenset[str] | None
    ) -> Iterator[tuple[Source, Watch]]:
        if rule.is_before:
            return  # it runs in saves of the record itself, and a roll-up that moves is none
        object_def = self._objects.get(trigger.object)
        if object_def is None:
            return
        watched = names if names is not None else [f.name for f in object_def.fields.values() if f.rollup is not None]
        for name in sorted(watched):
            through = Watch(rule=rule, trigger=trigger, through=name)
            for source in sorted(self.made_of(trigger.object, name)):
                if names is not None or source[0] != trigger.object:
                    yield source, through

    def _sources(self, object_def: ObjectDef, field: FieldDef) -> Iterator[Source]:
        if field.formula is not None:
            checked = check_text(field.formula, _inside(self._scope, object_def.key))
            yield from self._of_names(object_def.key, checked.reads.own)
        elif field.rollup is not None:
            yield from self._of_rollup(object_def, field.rollup)

    def _of_names(self, object_key: str, names: Iterable[str]) -> Iterator[Source]:
        for name in names:
            yield object_key, EventKind.UPDATED.value, name
            yield from self.made_of(object_key, name)

    def _of_rollup(self, object_def: ObjectDef, rollup: RollupDef) -> Iterator[Source]:
        inverse = object_def.inverses.get(rollup.list_name)
        if inverse is None:
            return
        names = {inverse.field}
        if rollup.field_name is not None:
            names.add(rollup.field_name)
        if rollup.where is not None:
            scope = _inside(self._scope, object_def.key, rows=inverse.object)
            reads = check_condition(rollup.where, scope).reads.fields
            names |= {read.field for read in reads if read.object == inverse.object}
        for kind in (EventKind.CREATED.value, *_GOES):
            yield inverse.object, kind, ANY
        yield from self._of_names(inverse.object, names)


def _inside(scope: Scope, object_key: str, rows: str | None = None) -> Scope:
    return Scope(metamodel=scope.metamodel, functions=scope.functions, object=object_key, row_object=rows)
