"""Controls of forms: a field with its state and value as a widget, and what a form posts back as raw values.

The widget follows from the field type alone; what is visible, required, read-only or offered is the door's verdict
(`FormState`), the same that the save gives.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict

from engine.records.types import Choice, FieldState, FormState
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Money, Ref
from ui.formats import Formats
from ui.page_parts import Control, Option
from ui.pages.values import shown_value

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
    "choice": "select",
    "lookup": "lookup",
    "child_of": "lookup",
    "user": "user",
}
CURRENCY_SUFFIX = "__currency"
_OF_THIS = re.compile(r"\bthis\.([a-z][a-z0-9_]*)")
_NUMBERS = ("integer", "decimal", "money", "percent")


def control_id(object_key: str, record_id: str | None, name: str) -> str:
    """Give the id of a field's control, stable for a record."""
    return f"{object_key}-{record_id or 'new'}-{name}".replace(".", "-")


def widget_of(field: FieldDef) -> str:
    """Give the widget of a field's type."""
    return _WIDGETS.get(field.value_type, "text")


def make_control(
    object_def: ObjectDef,
    field: FieldDef,
    state: FormState,
    *,
    record_id: str | None,
    formats: Formats,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    currency: str,
    offered: Sequence[Choice] = (),
) -> Control:
    """Make one field's control.

    typed: what the person typed, by control name, as it came; it wins over the value, right or wrong, but an empty
    control shows what the record took from elsewhere. errors: message by field. currency: the base currency, for money
    without one. offered: some records that a lookup may be set to, for people without scripts.
    """
    verdict = state.fields[field.name]
    value, widget = state.values.get(field.name), widget_of(field)
    language = formats.language
    readonly = verdict.readonly or field.is_computed
    own_text = typed.get(field.name, "").strip()
    return Control(
        id=control_id(object_def.key, record_id, field.name),
        name=field.name,
        label=label_text(field.label, language, field.name),
        widget=widget,
        value=typed[field.name] if own_text else input_text(field, value, formats),
        checked=_ticked(typed[field.name]) if field.name in typed else value is True,
        options=_options(field, verdict, own_text or reference_text(value), state, offered, language),
        required=verdict.required and widget != "switch",
        readonly=readonly,
        help=field.help.in_language(language) if field.help is not None else "",
        error=errors.get(field.name, ""),
        max_length=field.max_length,
        currency=_currency(value, typed.get(field.name + CURRENCY_SUFFIX), currency),
        lookup_url=_lookup_url(object_def, field, state),
        full=widget == "long_text",
        keep_no_draft=field.sensitive or field.encrypted,
        shown=shown_value(field, value, state.titles.get(field.name), formats) if readonly else None,
    )


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
        case dt.datetime():
            return formats.input_datetime(value)
        case dt.date():
            return value.isoformat()
        case Ref():
            return reference_text(value)
        case _:
            return str(value)


def read_form(fields: Sequence[FieldDef], given: MultiDict[str, str], formats: Formats) -> dict[str, object]:
    """Read posted controls as raw values for the door; a control that was not posted is left out."""
    return {field.name: _raw(field, given, formats) for field in fields if field.name in given}


def _raw(field: FieldDef, given: MultiDict[str, str], formats: Formats) -> object:
    text = given.getlist(field.name)[-1].replace("\r\n", "\n")
    if field.value_type == "boolean":
        return _ticked(text)
    text = text.strip() if field.value_type != "long_text" else text
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


def _ticked(text: str) -> bool:
    return text in ("true", "on", "1")


def _currency(value: object, typed: str | None, base: str) -> str:
    return typed or (value.currency if isinstance(value, Money) else base)


def reference_text(value: object) -> str:
    """Write a choice's or lookup's value as its control posts it; one of several objects with the object's key."""
    if isinstance(value, Ref):
        return f"{value.object}:{value.id}"
    return str(value) if value is not None else ""


def _lookup_url(object_def: ObjectDef, field: FieldDef, state: FormState) -> str:
    if field.relation is None:
        return ""
    given: dict[str, str] = {}
    if field.relation.where is not None:
        # The picker offers what fits the form's other values, so these travel in its address.
        for name in _OF_THIS.findall(field.relation.where.text):
            if (value := state.values.get(name)) is not None:
                given[name] = reference_text(value)
    query = f"?{urlencode(given)}" if given else ""
    return f"/o/{quote(object_def.key)}/choices/{quote(field.name)}{query}"


def _options(
    field: FieldDef,
    verdict: FieldState,
    chosen: str,
    state: FormState,
    offered: Sequence[Choice],
    language: str,
) -> tuple[Option, ...]:
    if field.choice is not None:
        allowed = verdict.options if verdict.options is not None else field.choice.names
        return tuple(
            Option(
                value=option.name,
                label=label_text(option.label, language, option.name),
                selected=option.name == chosen,
                color=option.color or "",
            )
            for option in field.choice.options
            if option.name in allowed or option.name == chosen
        )
    if field.relation is None:
        return ()
    single = field.relation.single_target is not None
    found = {each.id if single else f"{each.object}:{each.id}": each.title for each in offered}
    if chosen:
        found = {chosen: state.titles.get(field.name) or found.get(chosen, "–"), **found}
    return tuple(Option(value=value, label=title, selected=value == chosen) for value, title in found.items())
