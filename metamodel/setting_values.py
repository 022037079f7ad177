"""Reads the value of a setting as its type does: the default of app.yaml, a value for a role, one of an environment.

Where values of environments are kept, and who may set them, is no matter of this module.
"""

from __future__ import annotations

from metamodel.field_types import FieldTypeRegistry, ValueContext
from metamodel.fields import FieldDef
from metamodel.source import NOWHERE


def parse_setting(text: str, *, name: str, type_name: str, types: FieldTypeRegistry, context: ValueContext) -> object:
    """Give the value that a text stands for; None for an empty one or a type that is not known.

    Raises:
        FieldValueError: it is none of the type.
    """
    field_type = types.find(type_name)
    if field_type is None:
        return None
    return field_type.parse(text, FieldDef(name=name, type=type_name, app="", at=NOWHERE), context)
