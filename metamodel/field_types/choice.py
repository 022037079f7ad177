"""Closed values: boolean and choice."""

from __future__ import annotations

from metamodel.field_types.base import FieldType, FieldValueError, StorageKind, ValueContext
from metamodel.field_types.cells import CellForm, option_cell, option_of_cell
from metamodel.fields import FieldDef

_TRUE = frozenset(("true", "yes", "on", "1", "是"))
_FALSE = frozenset(("false", "no", "off", "0", "否"))


class BooleanType(FieldType):
    """True or false; never empty."""

    name: str = "boolean"
    dsl_type: str = "boolean"
    widget: str = "checkbox"

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.BOOLEAN

    def empty(self) -> object:
        return False

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        if isinstance(raw, bool):
            return raw
        word = str(raw).strip().lower() if isinstance(raw, str | int) else ""
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise FieldValueError("not_boolean")

    def check(self, value: object, field: FieldDef) -> None:
        if not isinstance(value, bool):
            raise FieldValueError("not_boolean")

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        words = ("是", "否") if form.language.startswith("zh") else ("Yes", "No")
        return ((words if form.labelled else ("true", "false"))[not value],)


class ChoiceType(FieldType):
    """One of the field's options, by its name; whether an inactive one may stand depends on the record's old value."""

    name: str = "choice"
    dsl_type: str = "choice"
    widget: str = "select"
    keys = frozenset(("options", "attributes", "transitions", "depends_on"))
    required_keys = frozenset(("options",))
    text_default: bool = True

    def storage(self, field: FieldDef) -> StorageKind:
        return StorageKind.CHOICE

    def read(self, raw: object, field: FieldDef, context: ValueContext) -> object:
        return str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else _refuse(raw, field)

    def check(self, value: object, field: FieldDef) -> None:
        if field.choice is None or not isinstance(value, str) or field.choice.option(value) is None:
            _refuse(value, field)

    def to_cells(self, value: object, field: FieldDef, form: CellForm, title: str | None = None) -> tuple[str, ...]:
        return (option_cell(field.choice, str(value), form) if field.choice is not None else str(value),)

    def of_cell(self, text: str, field: FieldDef) -> str:
        return option_of_cell(field.choice, text) if field.choice is not None else text


def _refuse(raw: object, field: FieldDef) -> object:
    names = field.choice.names if field.choice is not None else ()
    raise FieldValueError("unknown_option", value=str(raw)[:80], options=names)
