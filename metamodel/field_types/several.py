"""Fields that hold several values: multi_choice, tags (in `tags`), and texts with `multiple: true`.

A value is a tuple without doubles, in an order of its own: that of the options, of the alphabet, or as they were given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm, option_cell, option_of_cell
from metamodel.fields import FieldDef

MOST_VALUES = 200
_SIGNS = "\n,;，；、"
SEPARATORS = re.compile(f"[{_SIGNS}]")
_LINES = re.compile(r"\n")
_ADDRESS_LINES = re.compile(r"[\n;；]|,\s|，")


class SeveralType(FieldType):
    """What the types of several values share: how they are read, kept and given back."""

    text_default = True
    separators = SEPARATORS

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.TEXTS

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        found = [self.read_one(part, field, context) for part in self._parts(raw)]
        return self.keep(tuple(each for each in found if each is not None), field)

    def keep(self, value: object, field: FieldDef) -> object:
        """Bring the values that a rule or formula gives into their order, without doubles."""
        if not isinstance(value, list | tuple):
            return value
        kept = self.in_order([each for each in value if each is not None], field)
        return tuple(kept) or None

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, tuple):
            raise FieldValueError("not_list")
        if len(value) > MOST_VALUES:
            raise FieldValueError("too_many", count=len(value), most=MOST_VALUES)
        for each in value:
            self.check_one(each, field)

    def to_json(self, value: object, field: FieldDef) -> object:
        assert isinstance(value, tuple)
        return list(value)

    def read_one(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        """Read one of the values.

        Raises: FieldValueError.
        """
        if not isinstance(raw, str):
            raise FieldValueError("not_list")
        return raw.strip() or None

    def check_one(self, value: object, field: FieldDef) -> None:
        """Check one of the values.

        Raises: FieldValueError.
        """

    def in_order(self, values: list[object], field: FieldDef) -> Iterable[object]:
        """Give the values without doubles, in their order."""
        return dict.fromkeys(values)

    def _parts(self, raw: object) -> Iterable[object]:
        if isinstance(raw, str):
            return self.separators.split(raw.replace("\r", "\n"))
        if isinstance(raw, list | tuple):
            return raw
        raise FieldValueError("not_list")


class MultiChoiceType(SeveralType):
    """Some of the field's options, by their names."""

    name: str = "multi_choice"
    dsl_type: str = "list"
    widget: str = "checks"
    keys = frozenset(("options", "depends_on"))
    required_keys = frozenset(("options",))

    def check_one(self, value: object, field: FieldDef) -> None:
        names = field.choice.names if field.choice is not None else ()
        if value not in names:
            raise FieldValueError("unknown_option", value=str(value)[:80], options=names)

    def in_order(self, values: list[object], field: FieldDef) -> Iterable[object]:
        places = {name: place for place, name in enumerate(field.choice.names)} if field.choice is not None else {}
        return sorted(dict.fromkeys(values), key=lambda name: places.get(str(name), len(places)))

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        choice = field.choice
        names = [str(each) for each in value] if isinstance(value, tuple) else []
        if choice is None:
            return ("; ".join(names),)
        return ("; ".join(option_cell(choice, name, form, forbidden=_SIGNS) for name in names),)

    def of_cell(self, text: str, field: FieldDef) -> str:
        choice = field.choice
        if choice is None:
            return text
        return "\n".join(option_of_cell(choice, part.strip()) for part in self.separators.split(text))


class ManyType(SeveralType):
    """Several values of a text type, each read and checked as one of that type is."""

    takes_formula = False

    def __init__(self, single: FieldType) -> None:
        self.single = single
        self.name = single.name
        self.dsl_type = "list"
        self.widget = "lines"
        self.keys = single.keys
        self.separators = _LINES if single.name == "url" else _ADDRESS_LINES

    def read_one(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, str) and not raw.strip():
            return None
        return self.single.read(raw, field, context)

    def check_one(self, value: object, field: FieldDef) -> None:
        self.single.check(value, field)

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return ("\n".join(str(each) for each in value) if isinstance(value, tuple) else str(value),)
