"""Compares definitions by what they say, not by where they stand in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from metamodel.source import LocatedText, Location


def essence(value: object) -> object:
    """Give a definition as plain nested tuples, without any place; equal essences say the same.

    The order of a mapping counts: it is the order in which people see fields, options and views.
    """
    if isinstance(value, LocatedText):
        return value.text
    if isinstance(value, Location):
        return None
    if is_dataclass(value) and not isinstance(value, type):
        kept = (item for item in fields(value) if item.compare and item.name != "at")
        return tuple((item.name, essence(getattr(value, item.name))) for item in kept)
    if isinstance(value, Mapping):
        return tuple((key, essence(inner)) for key, inner in value.items())
    if isinstance(value, tuple):
        return tuple(essence(inner) for inner in value)
    return value


def says_the_same(first: object, second: object) -> bool:
    """Tell whether two definitions differ in nothing but their places."""
    return first is second or first == second or essence(first) == essence(second)


def changed_keys(first: object, second: object, ignored: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Name the attributes in which two definitions of one kind differ."""
    assert is_dataclass(first)
    assert not isinstance(first, type)
    return tuple(
        item.name
        for item in fields(first)
        if item.name != "at"
        and item.name not in ignored
        and not says_the_same(getattr(first, item.name), getattr(second, item.name))
    )
