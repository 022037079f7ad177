"""What controls of forms are called and hold: the widget of a field type, a value as its input's text, and back.

The widget follows from the field type alone. The markup of controls is made in ui/pages/field_controls.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from metamodel.field_types import FieldTypeRegistry
from metamodel.field_types.compound import part_values, parts_of_field
from metamodel.field_types.files import files_in, holds_files
from metamodel.field_types.json_documents import pretty
from metamodel.field_types.spans import time_text
from metamodel.fields import FieldDef
from metamodel.values import Duration, Money, Ref
from ui.formats import Formats

_WIDGETS: Mapping[str, str] = {
    "text": "text",
    "long_text": "long_text",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "integer": "integer",
    "decimal": "number",
    "percent": "percent",
    "money": "money",
    "boolean": "switch",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "duration": "duration",
    "rating": "rating",
    "color": "color",
    "barcode": "barcode",
    "rich_text": "rich_text",
    "json": "json",
    "choice": "select",
    "multi_choice": "checks",
    "tags": "tags",
    "person_name": "parts",
    "address": "parts",
    "geo": "parts",
    "lookup": "lookup",
    "child_of": "lookup",
    "user": "user",
}
CURRENCY_SUFFIX = "__currency"
PART = "__"
_NUMBERS = ("integer", "rating", "decimal", "money", "percent")
_FULL_WIDTH = ("long_text", "rich_text")


def control_id(object_key: str, record_id: str | None, name: str) -> str:
    """Give the id of a field's control, stable for a record."""
    return f"{object_key}-{record_id or 'new'}-{name}".replace(".", "-")


def widget_of(field: FieldDef, types: FieldTypeRegistry) -> str:
    """Give the widget of a field's type; a type that a plugin adds says its own."""
    if field.multiple:
        return "lines"
    return _WIDGETS.get(field.value_type) or types.of(field).widget


def posted_text(field: FieldDef, given: MultiDict[str, str]) -> str:
    """Give what a control posted as one text: boxes that were ticked with commas between them, else the last value."""
    if holds_files(field):
        return ",".join(text for text in given.getlist(field.name) if text)
    if parts_of_field(field):
        return _posted_parts(field, given)
    if field.holds_several:
        return joined_text(field, [text for text in given.getlist(field.name) if text])
    return given.getlist(field.name)[-1]


def is_posted(field: FieldDef, given: MultiDict[str, str]) -> bool:
    """Say whether a field's control was on the form."""
    if holds_files(field):
        return field.name in given
    return field.name in given or any(f"{field.name}{PART}{part.name}" in given for part in parts_of_field(field))


def _posted_parts(field: FieldDef, given: MultiDict[str, str]) -> str:
    """Give the parts that a control posted as lines of one text; a page of conflicts posts them so."""
    parts = [f"{field.name}{PART}{part.name}" for part in parts_of_field(field)]
    if not any(name in given for name in parts):
        return given.getlist(field.name)[-1]
    lines = [" ".join(given.get(name, "").split()) for name in parts]
    return "\n".join(lines) if any(lines) else ""


def joined_text(field: FieldDef, values: Sequence[str]) -> str:
    """Write several values as one text, as the control of the field shows them."""
    return ("\n" if field.multiple else ", ").join(values)


def input_text(field: FieldDef, value: object, formats: Formats) -> str:
    """Write a value as its input shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else ""
        case Money():
            return formats.input_number(value.amount)
        case Decimal() if field.value_type == "percent":
            return formats.input_number(value * 100)
        case Decimal() | int():
            return formats.input_number(value)
        case Duration() | dt.time():
            return time_text(value) if isinstance(value, dt.time) else formats.duration(value)
        case dt.datetime():
            return formats.input_datetime(value)
        case dt.date():
            return value.isoformat()
        case Ref():
            return reference_text(value)
        case _:
            return _text_of_several(field, value)


def _text_of_several(field: FieldDef, value: object) -> str:
    """Write several values, or the parts of a compound one, as one text; any other value as its text."""
    if field.value_type == "json":
        return pretty(str(value))
    if holds_files(field):
        return ",".join(file.id for file in files_in(value))
    if field.holds_several and isinstance(value, tuple):
        return joined_text(field, value)
    # A line a part: a street of several lines is shown in one.
    parts = [_part_text(part) for part in part_values(value)]
    return "\n".join(parts) if parts else str(value)


def _part_text(part: object) -> str:
    if isinstance(part, Decimal):
        return f"{part.normalize():f}"
    return "" if part is None else str(part).replace("\n", ", ")


def read_form(fields: Sequence[FieldDef], given: MultiDict[str, str], formats: Formats) -> dict[str, object]:
    """Read posted controls as raw values for the door; a control that was not posted is left out."""
    return {field.name: _raw(field, given, formats) for field in fields if is_posted(field, given)}


def _raw(field: FieldDef, given: MultiDict[str, str], formats: Formats) -> object:
    text = posted_text(field, given).replace("\r\n", "\n")
    if field.value_type == "boolean":
        return is_ticked(text)
    if holds_files(field):
        # A file that is chosen stands behind the one that was there, and takes its place.
        return (text if field.value_type == "files" else text.rpartition(",")[2]) or None
    if parts_of_field(field):
        return (
            dict(zip((part.name for part in parts_of_field(field)), text.split("\n"), strict=False)) if text else None
        )
    text = text.strip() if field.value_type not in _FULL_WIDTH else text
    if not text:
        return None
    if field.value_type in _NUMBERS:
        number = formats.read_number(text)
        if field.value_type == "percent":
            return number if number.endswith("%") else f"{number}%"
        currency = given.get(field.name + CURRENCY_SUFFIX, "")
        return f"{number} {currency}" if field.value_type == "money" and currency else number
    if field.value_type == "datetime":
        return formats.read_datetime(text)
    if field.relation is not None and field.relation.single_target is None and ":" in text:
        object_key, record_id = text.split(":", 1)
        return {"object": object_key, "id": record_id}
    return text


def is_ticked(text: str) -> bool:
    """Say whether a box was ticked, from what its control posts."""
    return text in ("true", "on", "1")


def reference_text(value: object) -> str:
    """Write a choice's or lookup's value as its control posts it; one of several objects with the object's key."""
    if isinstance(value, Ref):
        return f"{value.object}:{value.id}"
    return str(value) if value is not None else ""
