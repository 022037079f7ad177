"""Trees to plain data: numbers, texts, lists. What many of them have in common is written once and pointed at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from metamodel.values import ForeignMoney
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.keeping.forms import Forms, Mark, NotKeepable, Shared, forms
from workflow_dsl.reads import Reads
from workflow_dsl.syntax import Span
from workflow_dsl.typed import Root
from workflow_dsl.types import Type

Plain = Any
_LARGEST = 2**53
_SHARED = (Type, Root, Reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Trees as data: `shared` is pointed at by `values`, one data a tree."""

    shared: list[Plain]
    values: list[Plain]


class TreeWriter:
    """Writes trees of one metamodel; definitions and functions are named, not copied."""

    def __init__(self, metamodel: Metamodel, functions: FunctionRegistry) -> None:
        made = forms()
        self._forms: Forms = made
        self._numbers = {each: number for number, each in enumerate(made.nodes, start=len(Mark))}
        self._choices = {each: number for number, each in enumerate(made.choices)}
        # By identity: what stands here lives as long as the metamodel and the registry, which are held.
        self._held = (metamodel, functions)
        self._named: dict[int, list[Plain]] = {}
        for key, object_def in metamodel.objects.items():
            for name, field in object_def.fields.items():
                self._named[id(field)] = [Shared.FIELD, key, name]
            for name, inverse in object_def.inverses.items():
                self._named[id(inverse)] = [Shared.LIST, key, name]
        for text in (text for app in metamodel.apps for text in app.rule_files):
            self._named[id(text)] = [Shared.FILE, text.at.file]
        for function in functions:
            self._named[id(function)] = [Shared.FUNCTION, function.name]
            for number, signature in enumerate(function.signatures):
                self._named[id(signature)] = [Shared.SIGNATURE, function.name, number]

    def write(self, trees: Iterable[object]) -> Kept:
        """Write trees that share what they have in common.

        Raises: NotKeepable: one of them holds what has no form.
        """
        job = _Writing(self._forms, self._numbers, self._choices, self._named)
        values = [job.plain(tree) for tree in trees]
        return Kept(shared=job.shared, values=values)


class _Writing:
    def __init__(
        self,
        made: Forms,
        numbers: dict[type, int],
        choices: dict[type[Enum], int],
        named: dict[int, list[Plain]],
    ) -> None:
        self._forms, self._numbers, self._choices, self._named = made, numbers, choices, named
        self.shared: list[Plain] = []
        self._places: dict[object, list[int]] = {}
        self._alive: list[object] = []

    def plain(self, value: object) -> Plain:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if type(value) is int:
            return value if abs(value) < _LARGEST else [Mark.INTEGER, str(value)]
        if id(value) in self._named:
            return self._once(id(value), value, lambda: self._named[id(value)])
        if kind in _SHARED:
            return self._once((kind, value), value, lambda: [Shared.VALUE, self._parts(value)])
        if isinstance(value, Enum):
            return self._once((kind, value), value, lambda: self._choice(value))
        if isinstance(value, Span):
            return [Mark.SPAN, value.start, value.end, self._text(value.text)[0]]
        if isinstance(value, LocatedText):
            return self._text(value)
        return self._parts(value) if kind in self._numbers else self._simple(value)

    def _parts(self, value: object) -> list[Plain]:
        kind = type(value)
        return [self._numbers[kind], *(self.plain(getattr(value, name)) for name in self._forms.parts[kind])]

    def _simple(self, value: object) -> list[Plain]:
        match value:
            case ForeignMoney():
                return [Mark.FOREIGN, self.plain(value.amount), value.currency, self.plain(value.base)]
            case Decimal():
                return [Mark.DECIMAL, str(value)]
            case dt.datetime():
                return [Mark.DATETIME, value.isoformat()]
            case dt.date():
                return [Mark.DATE, value.isoformat()]
            case dt.time():
                return [Mark.TIME, value.isoformat()]
            case frozenset():
                # In one order, so that the same trees are the same data.
                items = [self.plain(item) for item in sorted(value, key=repr)]
                return [Mark.SET, items]
        if type(value) is tuple:
            if all(type(item) is str for item in value):
                return self._once((tuple, value), value, lambda: [Shared.VALUE, [Mark.TUPLE, list(value)]])
            return [Mark.TUPLE, [self.plain(item) for item in value]]
        raise NotKeepable(f"a {type(value).__name__} has no form as data")

    def _text(self, text: LocatedText) -> list[int]:
        named = self._named.get(id(text))
        anchors = [[anchor.offset, anchor.line, anchor.column] for anchor in text.anchors]
        return self._once(id(text), text, lambda: named or [Shared.TEXT, text.text, *text.at, anchors])

    def _choice(self, value: Enum) -> list[Plain]:
        kind = type(value)
        if kind not in self._choices:
            raise NotKeepable(f"a {kind.__name__} has no form as data")
        return [Shared.CHOICE, self._choices[kind], list(kind).index(value)]

    def _once(self, key: object, value: object, write: Any) -> list[int]:
        """Give a pointer to a value, written at the first time; a list of one number is nothing else."""
        found = self._places.get(key)
        if found is None:
            written = write()
            self._alive.append(value)
            found = self._places[key] = [len(self.shared)]
            self.shared.append(written)
        return found
