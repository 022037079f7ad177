"""Plain data to trees, as `writing` made it: values are set into nodes by their places, nothing is looked up by a word
but fields, lists, rule files and functions that the release and the installation have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from metamodel.apps import Metamodel
from metamodel.source import Anchor, LocatedText, Location
from metamodel.values import ForeignMoney
from workflow_dsl.functions import Function, FunctionRegistry
from workflow_dsl.keeping.forms import Mark, NotKeepable, Shared, forms
from workflow_dsl.syntax import Span

Plain = Any
_Value = Callable[[Plain], Any]
_Make = Callable[[list[Plain], _Value, list[Any]], Any]
"""Makes what a list stands for; it is given what makes the parts, and what was shared."""


class TreeReader:
    """Reads trees of one metamodel; one reader serves many threads, each reading is on its own."""

    def __init__(self, metamodel: Metamodel, functions: FunctionRegistry) -> None:
        self._metamodel = metamodel
        self._functions = functions
        self._forms = forms()
        self._makers: tuple[_Make, ...] = (*(_SIMPLE[mark] for mark in Mark), *map(_maker, self._forms.nodes))
        self._files = {text.at.file: text for app in metamodel.apps for text in app.rule_files}

    def read(self, shared: Sequence[Plain], values: Sequence[Plain]) -> Iterator[Any]:
        """Give the trees, one after the other.

        Raises: NotKeepable: this is not what a `TreeWriter` of this program over this metamodel wrote.
        """
        made: list[Any] = []
        makers = self._makers

        def value(data: Plain) -> Any:
            # A list of one number points at what was shared; else its first number says what to make.
            if type(data) is not list:
                return data
            return made[data[0]] if len(data) == 1 else makers[data[0]](data, value, made)

        try:
            for each in shared:
                made.append(self._shared(each, value))
            for each in values:
                yield value(each)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as fault:
            raise NotKeepable(f"{type(fault).__name__}: {fault}") from fault

    def _shared(self, data: list[Plain], value: _Value) -> Any:
        objects = self._metamodel.objects
        match data:
            case [Shared.VALUE, written]:
                return value(written)
            case [Shared.CHOICE, number, place]:
                return list(self._forms.choices[number])[place]
            case [Shared.FILE, file]:
                return self._files[file]
            case [Shared.FIELD, key, name]:
                return objects[key].fields[name]
            case [Shared.LIST, key, name]:
                return objects[key].inverses[name]
            case [Shared.FUNCTION, name]:
                return self._function(name)
            case [Shared.SIGNATURE, name, number]:
                return self._function(name).signatures[number]
            case [Shared.TEXT, text, file, line, column, anchors]:
                held = tuple(Anchor(offset=each[0], line=each[1], column=each[2]) for each in anchors)
                return LocatedText(text=text, at=Location(file, line, column), anchors=held)
        raise NotKeepable(f"{data!r} stands for nothing")

    def _function(self, name: str) -> Function:
        found = self._functions.find(name)
        if found is None:
            raise NotKeepable(f"there is no function '{name}'")
        return found


_SIMPLE: Mapping[Mark, _Make] = MappingProxyType(
    {
        Mark.TUPLE: lambda data, value, _: tuple([value(item) for item in data[1]]),
        Mark.SET: lambda data, value, _: frozenset([value(item) for item in data[1]]),
        Mark.SPAN: lambda data, _, shared: tuple.__new__(Span, (data[1], data[2], shared[data[3]])),
        Mark.DECIMAL: lambda data, *_: Decimal(data[1]),
        Mark.DATE: lambda data, *_: dt.date.fromisoformat(data[1]),
        Mark.DATETIME: lambda data, *_: dt.datetime.fromisoformat(data[1]),
        Mark.TIME: lambda data, *_: dt.time.fromisoformat(data[1]),
        Mark.INTEGER: lambda data, *_: int(data[1]),
        Mark.FOREIGN: lambda data, value, _: ForeignMoney(value(data[1]), data[2], value(data[3])),
    }
)


def _maker(kind: type) -> _Make:
    if not is_dataclass(kind):
        return lambda data, value, _: kind(*[value(item) for item in data[1:]])
    # The nodes are frozen: their slots are filled beside `__init__`, which is what takes the time of making them.
    fillers = [getattr(kind, name).__set__ for name in kind.__dataclass_fields__]
    new = object.__new__

    def make(data: list[Plain], value: _Value, _: list[Any]) -> Any:
        node = new(kind)
        for fill, item in zip(fillers, data[1:], strict=True):
            fill(node, value(item) if type(item) is list else item)
        return node

    return make
