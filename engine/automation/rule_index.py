"""Which rules look at which event: by object, kind and field, made once a release; a save looks at no other rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from engine.automation.program import OnHeld, OnMoment, OnRecord, Program
from engine.automation.waiting.awaited import awaited_by, by_object
from engine.records.hooks import SaveKind

_Key = tuple[str, str]


class RuleIndex:
    """The rules of one release, findable by what happens.

    awaited_before: (object, lookup field) of what runs of earlier releases may wait for.
    """

    def __init__(self, programs: Iterable[Program], awaited_before: Iterable[tuple[str, str]] = ()) -> None:
        self.programs: Mapping[str, Program] = {program.name: program for program in programs}
        active = sorted((each for each in self.programs.values() if each.active), key=lambda each: each.order)
        self._before = _by_kind(active, before=True)
        self._after = _by_kind(active, before=False)
        self._by_field = _by_field(active)
        self._moments: dict[str, list[tuple[Program, OnMoment]]] = defaultdict(list)
        for program in active:
            for moment in program.on_moment:
                self._moments[moment.object].append((program, moment))
        self._held: dict[str, list[tuple[Program, OnHeld]]] = defaultdict(list)
        for program in active:
            for held in program.on_held:
                self._held[held.object].append((program, held))
        self.own_awaited = awaited_by(self.programs.values())
        self.awaited = by_object((*self.own_awaited, *awaited_before))
        indexed = {object_key for object_key, _ in (*self._after, *self._by_field)}
        self._watched = frozenset((*indexed, *self._moments, *self._held, *self.awaited))
        self.scheduled = tuple(program for program in active if program.on_schedule)

    def before(self, object_key: str, kind: SaveKind) -> tuple[Program, ...]:
        """Give the before rules for an object and a kind of save, in their order."""
        return self._before.get((object_key, kind.value), ())

    def watches(self, object_key: str) -> bool:
        """Say whether any after rule or timer looks at an object."""
        return object_key in self._watched

    def names(self, object_key: str, name: str) -> bool:
        """Say whether a word is in the text of any rule that an event of an object may start."""
        return any(
            name in program.text
            for program in self.programs.values()
            if any(trigger.object == object_key for trigger in program.on_record)
        )

    def after(self, object_key: str, kind: SaveKind, changed: Iterable[str]) -> tuple[Program, ...]:
        """Give the after rules that one of an event's object, kind and fields belongs to, in their order."""
        found = {program.name: program for program in self._after.get((object_key, kind.value), ())}
        if kind in (SaveKind.CREATED, SaveKind.UPDATED):
            for field in changed:
                for program in self._by_field.get((object_key, field), ()):
                    found[program.name] = program
        return tuple(sorted(found.values(), key=lambda each: each.order))

    def moments(self, object_key: str) -> tuple[tuple[Program, OnMoment], ...]:
        """Give the relative times that depend on an object's fields."""
        return tuple(self._moments.get(object_key, ()))

    def held(self, object_key: str, kind: SaveKind, changed: frozenset[str]) -> tuple[tuple[Program, OnHeld], ...]:
        """Give the conditions that have to hold for a time and that a save may turn."""
        found = self._held.get(object_key, ())
        if kind is not SaveKind.UPDATED:
            return tuple(found) if kind is not SaveKind.MERGED else ()
        return tuple((program, held) for program, held in found if not held.watched.isdisjoint(changed))

    @property
    def moment_objects(self) -> frozenset[str]:
        """The objects that relative times depend on."""
        return frozenset(self._moments)


def triggers_for(program: Program, object_key: str, kind: SaveKind, changed: frozenset[str]) -> tuple[OnRecord, ...]:
    """Give the triggers of a rule that an event's object, kind and changed fields fit; values are not compared yet."""
    return tuple(
        trigger
        for trigger in program.on_record
        if trigger.object == object_key and _looks_at(trigger, kind.value, changed)
    )


def _looks_at(trigger: OnRecord, kind: str, changed: frozenset[str]) -> bool:
    if kind not in trigger.kinds:
        return False
    return kind in _kinds_whatever_changed(trigger) or not _fields(trigger).isdisjoint(changed)


def _kinds_whatever_changed(trigger: OnRecord) -> frozenset[str]:
    """Give the kinds of events that a trigger looks at whichever fields they change."""
    if trigger.match is not None:
        # A condition may hold of a new record that fills none of its fields: `amount is empty`.
        return trigger.kinds & {SaveKind.CREATED.value}
    return trigger.kinds if trigger.field is None else frozenset()


def _fields(trigger: OnRecord) -> frozenset[str]:
    """Give the fields whose change a trigger looks at."""
    return trigger.watched if trigger.field is None else frozenset((trigger.field,))


def _by_kind(programs: Iterable[Program], *, before: bool) -> dict[_Key, tuple[Program, ...]]:
    found: dict[_Key, dict[str, Program]] = defaultdict(dict)
    for program in programs:
        for trigger in program.on_record:
            # A before rule on one field is looked at in every save of its object: rules before it may set the field.
            if program.is_before is before:
                for kind in trigger.kinds if before else _kinds_whatever_changed(trigger):
                    found[trigger.object, kind][program.name] = program
    return {key: tuple(each.values()) for key, each in found.items()}


def _by_field(programs: Iterable[Program]) -> dict[_Key, tuple[Program, ...]]:
    found: dict[_Key, dict[str, Program]] = defaultdict(dict)
    for program in programs:
        for trigger in program.on_record:
            if not program.is_before:
                for field in _fields(trigger):
                    found[trigger.object, field][program.name] = program
    return {key: tuple(each.values()) for key, each in found.items()}
