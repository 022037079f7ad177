"""Follows paths over lookups (`account.owner.name`, `stage.probability`) through the objects of a metamodel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from metamodel.field_types.compound import parts_of_field
from metamodel.fields import FieldDef
from metamodel.names import did_you_mean
from metamodel.quick_making import quickly_made

MAX_STEPS = 8


class HasFields(Protocol):
    """What a path is followed through: an object with fields."""

    @property
    def key(self) -> str: ...

    @property
    def fields(self) -> Mapping[str, FieldDef]: ...


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class PathEnd:
    """Where a path leads: a field, or an option attribute of a choice field."""

    field: FieldDef
    attribute: str | None = None
    attribute_type: str | None = None

    @property
    def value_type(self) -> str:
        """The field type name of the value at the end."""
        return self.attribute_type or self.field.value_type


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFault:
    """Why a path leads nowhere: what is wrong, from which character of the path."""

    message: str
    hint: str
    offset: int
    length: int


def follow_path(objects: Mapping[str, HasFields], key: str, path: str) -> PathEnd | PathFault | None:
    """Follow a path from an object; None where it leads into an object that could not be read."""
    steps = path.split(".")
    if len(steps) > MAX_STEPS:
        message = f"'{path}' has {len(steps)} steps; at most {MAX_STEPS} are allowed"
        return PathFault(message=message, hint="", offset=0, length=len(path))
    keys: tuple[str, ...] = (key,)
    offset = 0
    for number, step in enumerate(steps):
        here = [objects[k] for k in keys if k in objects]
        if not here:
            return None
        found = next((o.fields[step] for o in here if step in o.fields), None)
        if found is None:
            return _unknown(here, step, offset)
        rest = steps[number + 1 :]
        if not rest:
            return PathEnd(field=found)
        offset += len(step) + 1
        if found.choice is not None or parts_of_field(found):
            return _attribute(found, rest, offset)
        if found.relation is None:
            message = f"'{step}' is {found.value_type}, it leads to no other record"
            return PathFault(message=message, hint="", offset=offset - len(step) - 1, length=len(step))
        if not found.relation.targets:
            message = f"'{step}' may point at any object, so '{rest[0]}' can't be looked up in it"
            return PathFault(message=message, hint="", offset=offset, length=len(rest[0]))
        keys = found.relation.targets
    return None


def _unknown(here: list[HasFields], step: str, offset: int) -> PathFault:
    names = " or ".join(o.key for o in here)
    known = [name for o in here for name in o.fields]
    message = f"'{step}' is not a field of {names}"
    return PathFault(message=message, hint=did_you_mean(step, known), offset=offset, length=len(step))


def _attribute(field: FieldDef, rest: list[str], offset: int) -> PathEnd | PathFault:
    types = dict(field.choice.attribute_types) if field.choice is not None else {}
    types |= {part.name: part.type for part in parts_of_field(field)}
    if len(rest) == 1 and rest[0] in types:
        return PathEnd(field=field, attribute=rest[0], attribute_type=types[rest[0]])
    what = "an attribute of the options" if field.choice is not None else "a part"
    message = f"'{rest[0]}' is not {what} of '{field.name}'"
    return PathFault(message=message, hint=did_you_mean(rest[0], types), offset=offset, length=len(rest[0]))
