"""The closed set of what kept trees are made of, each class and each choice known by its number.

Data names no class and no function by a word of its own: a number that stands for nothing is refused. The numbers are
those of one version of the program; who keeps data keeps with it which program wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum
from inspect import getmembers, isclass
from types import ModuleType

from metamodel.source import Location
from metamodel.values import Duration, Money, Ref
from workflow_dsl import checked_rules, reads, syntax, typed, types
from workflow_dsl.reads import Read
from workflow_dsl.typed import aggregates, base, conditions, paths, values

_MODULES: tuple[ModuleType, ...] = (
    types, reads, base, paths, values, conditions, aggregates, checked_rules, syntax,
)  # fmt: skip
# What these modules merely import of others is none of it: definitions and functions are named, never made of data.
_PACKAGES = tuple(module.__name__ for module in (types, reads, typed, checked_rules, syntax))
_TUPLES: tuple[type[tuple[object, ...]], ...] = (Read, Location, Money, Duration, Ref)


class Mark(IntEnum):
    """First item of a list: what the items after it are. Numbers from `len(Mark)` on are classes of `Forms`."""

    TUPLE = 0
    SET = 1
    SPAN = 2
    DECIMAL = 3
    DATE = 4
    DATETIME = 5
    TIME = 6
    INTEGER = 7
    FOREIGN = 8


class Shared(IntEnum):
    """First item of what is told once and pointed at: what it is."""

    VALUE = 0
    CHOICE = 1
    TEXT = 2
    FILE = 3
    FIELD = 4
    LIST = 5
    FUNCTION = 6
    SIGNATURE = 7


class NotKeepable(Exception):
    """A tree holds what has no form as data (what a plugin put there), or data holds what is no tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The classes by number; `choices` are enumerations. parts: names of a class's fields, in order."""

    nodes: tuple[type, ...]
    choices: tuple[type[Enum], ...]
    parts: Mapping[type, tuple[str, ...]]


def forms() -> Forms:
    """Give the classes that there are: the definitions of the language's own modules, in the order of their names."""
    found = {member for module in _MODULES for _, member in getmembers(module, isclass) if _is_ours(member)}
    ordered = sorted(found, key=lambda each: (each.__module__, each.__qualname__))
    choices = tuple(each for each in ordered if issubclass(each, Enum))
    plain = tuple(each for each in ordered if is_dataclass(each))
    parts = {each: tuple(field.name for field in fields(each)) for each in plain}
    named = {each: tuple(getattr(each, "_fields", ())) for each in _TUPLES}
    return Forms(nodes=(*plain, *_TUPLES), choices=choices, parts={**parts, **named})


def _is_ours(member: type) -> bool:
    return (issubclass(member, Enum) or is_dataclass(member)) and member.__module__.startswith(_PACKAGES)
