"""Kinds of records of one object (`record_types`), and which options of a choice go with a record's other values.

The values that decide are the parent of a dependent choice (`depends_on`, `for`) and the record type. Form, save, board
and stage path all ask here, so that what is not offered is what is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metamodel.fields import FieldDef, OptionDef
from metamodel.source import Location
from metamodel.texts import Label

if TYPE_CHECKING:
    from metamodel.objects import ObjectDef

RECORD_TYPE = "record_type"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTypeDef:
    """One record type; the first of an object is the default.

    options: (choice field, its options in the order of this type's path); other fields keep all of theirs.
    layout: name of a layout that counts as written for this type.
    """

    name: str
    at: Location
    label: Label | None = None
    required: tuple[str, ...] = ()
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    layout: str | None = None

    def options_of(self, field: str) -> tuple[str, ...] | None:
        """Give the options this type has of a field, in their order; None = all, in the field's own order."""
        return next((names for name, names in self.options if name == field), None)


def standing_against(
    object_def: ObjectDef, field: FieldDef, option: OptionDef, values: Mapping[str, object]
) -> str | None:
    """Name the field whose value an option does not go with; None where the option fits the record."""
    parent = field.choice.depends_on if field.choice is not None else None
    if parent is not None and option.only_for and not _is_for(option, values.get(parent)):
        return parent
    names = pipeline(object_def, field, values)
    return RECORD_TYPE if names is not None and option.name not in names else None


def fitting_options(object_def: ObjectDef, field: FieldDef, values: Mapping[str, object]) -> tuple[OptionDef, ...]:
    """Give the options that go with a record's other values, in the order of its record type."""
    if field.choice is None:
        return ()
    options = pipeline_options(field, pipeline(object_def, field, values))
    if field.choice.depends_on is None:
        return options
    return tuple(option for option in options if standing_against(object_def, field, option, values) is None)


def pipeline_options(field: FieldDef, names: tuple[str, ...] | None) -> tuple[OptionDef, ...]:
    """Give the options of those names in their order; None = all, in the field's own order."""
    if field.choice is None:
        return ()
    if names is None:
        return field.choice.options
    return tuple(option for name in names if (option := field.choice.option(name)) is not None)


def pipeline(object_def: ObjectDef, field: FieldDef, values: Mapping[str, object]) -> tuple[str, ...] | None:
    """Give the options that a record's type has of a field; None where the type says nothing of it."""
    if not object_def.record_types:
        return None
    found = object_def.record_type(values.get(RECORD_TYPE))
    return found.options_of(field.name) if found is not None else None


def deciding_fields(object_def: ObjectDef, field: FieldDef) -> tuple[str, ...]:
    """Name the fields whose change may take an option of a choice away."""
    found = [field.choice.depends_on] if field.choice is not None and field.choice.depends_on is not None else []
    if any(kind.options_of(field.name) is not None for kind in object_def.record_types):
        found.append(RECORD_TYPE)
    return tuple(found)


def _is_for(option: OptionDef, value: object) -> bool:
    if isinstance(value, tuple):
        return any(each in option.only_for for each in value)
    if isinstance(value, bool):
        return ("true" if value else "false") in option.only_for
    return value in option.only_for
