"""What the scopes of roles read that has another meaning after a change: computed fields, and territories.

A scope that is written as before holds for other records once what it reads is computed otherwise. Names are compared
without their objects, so that a change may be held to raise a right which it does not; never the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from metamodel.apps import Metamodel
from metamodel.diff import renamed_from, renamed_names
from metamodel.fields import FieldDef

TERRITORY = "territory"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def names_in(text: str) -> frozenset[str]:
    """Give the names that stand in an expression."""
    return frozenset(_NAME.findall(text))


def defined_otherwise(before: Metamodel, after: Metamodel) -> frozenset[str]:
    """Give the names of the computed fields that are computed otherwise now, and `territory` where those differ."""
    found = set(_computed_otherwise(before, after))
    computed = [(field.name, names_in(" ".join(_texts(field)))) for field in _computed(after)]
    grows = bool(found)
    while grows:
        more = {name for name, reads in computed if name not in found and reads & found}
        found |= more
        grows = bool(more)
    if _territories(before) != _territories(after):
        found.add(TERRITORY)
    return frozenset(found)


def _computed_otherwise(before: Metamodel, after: Metamodel) -> Iterator[str]:
    for key, was in renamed_from(before.objects, after.objects).items():
        fields = before.objects[was].fields
        for name, earlier in renamed_names(fields, after.objects[key].fields).items():
            if _texts(fields[earlier]) != _texts(after.objects[key].fields[name]):
                yield name


def _computed(metamodel: Metamodel) -> Iterator[FieldDef]:
    for object_def in metamodel.objects.values():
        yield from (field for field in object_def.fields.values() if field.formula is not None or field.rollup)


def _texts(field: FieldDef) -> tuple[str, ...]:
    """Give what a field is computed of; () for one that is stored."""
    if field.formula is not None:
        return (field.formula.text,)
    if field.rollup is None:
        return ()
    parts: Iterable[Any] = (field.rollup.of, field.rollup.where, field.rollup.sorted_by)
    return (str(field.rollup.function), *(part.text if part is not None else "" for part in parts))


def _territories(metamodel: Metamodel) -> Mapping[str, Any]:
    return {
        name: (each.parent, each.members, {key: text.text for key, text in each.objects.items()})
        for name, each in metamodel.territories.items()
    }
