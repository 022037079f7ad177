"""The controls of an object's fields, compiled once: from a form's state to the markup of one field.

The widget follows from the field type alone; what is visible, required, read-only or offered is the door's verdict
(`FormState`), the same that the save gives. What a form posts back is read in ui/pages/controls.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from engine.records.types import FieldState, FormState
from metamodel.content_types import IMAGE_TYPES
from metamodel.field_types import FieldTypeRegistry
from metamodel.field_types.compound import parts_of_field
from metamodel.field_types.files import files_in, holds_files
from metamodel.field_types.number import most_stars
from metamodel.fields import FieldDef, FileLimits
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Money
from ui.controls import compile_control
from ui.formats import Formats
from ui.page_parts import Control, Option
from ui.pages.controls import CURRENCY_SUFFIX, input_text, is_ticked, reference_text, widget_of
from ui.pages.form_values import started_text
from ui.pages.offered import NOTHING, OfferedRecords
from ui.pages.values import masked_value, shown_value
from ui.widgets import ControlState, ControlWords, option_html

_OF_THIS = re.compile(r"\bthis\.([a-z][a-z0-9_]*)")
# Given the door's verdict, the value chosen (or nothing), the form's state and the records offered: the options as
# markup, and whether the value chosen is among them.
OptionsWriter = Callable[[FieldState, str, FormState, OfferedRecords], tuple[str, bool]]


@dataclass(slots=True, kw_only=True)
class FormControl:
    """One field of a form, written. start: the text it started with; None where it posts nothing."""

    id: str
    name: str
    label: str
    start: str | None
    html: str


class FieldControl:
    """Writes one field of an object for a language and time zone.

    currencies: those of money, that of money without one first. prefix: what the control's name begins with, where it
    stands in a grid. lookup_url: whom its picker asks, where that is not the object's own.
    """

    def __init__(
        self,
        object_def: ObjectDef,
        field: FieldDef,
        formats: Formats,
        words: ControlWords,
        currencies: Sequence[str],
        types: FieldTypeRegistry,
        *,
        prefix: str = "",
        lookup_url: str = "",
    ) -> None:
        self._field, self._formats, self._base_currency = field, formats, currencies[0]
        self._is_in_several = field.value_type == "money" and len(currencies) > 1
        self.name, self.label = field.name, label_text(field.label, formats.language, field.name)
        self._computed = field.is_computed
        widget = widget_of(field, types)
        self._suffix = f"-{field.name}".replace(".", "-")
        self._is_switch = widget == "switch"
        self._ticks, self._parts = widget == "checks", widget == "parts"
        self._files = widget == "file"
        self._options = None if self._ticks else _options_writer(field, formats.language)
        self._lookup_url = _lookup_urls(object_def, field, lookup_url)
        control = Control(
            id="",
            name=prefix + field.name,
            label=self.label,
            widget=widget,
            help=field.help.in_language(formats.language) if field.help is not None else "",
            max_length=field.max_length,
            keep_no_draft=field.sensitive or field.encrypted,
            options=_boxes(field, formats.language),
            **_file_control(object_def, field),
            currency_name=prefix + field.name + CURRENCY_SUFFIX,
            currencies=tuple(Option(value=each, label=each) for each in currencies) if self._is_in_several else (),
        )
        self._write = compile_control(control, words)

    def write(
        self,
        form: str,
        state: FormState,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
        offered: OfferedRecords = NOTHING,
        why: str = "",
    ) -> FormControl:
        """Write the field.

        form: what ids start with, escaped. typed: what the person typed, by control name, as it came; it wins over the
        value, right or wrong, but an empty control shows what the record took from elsewhere. errors: message by field.
        offered: some records that a lookup may be set to, for people without scripts. why: what the address of the
        reasons of its fields starts with, escaped; "" = there is none.
        """
        name, field = self.name, self._field
        verdict, value, mask = state.fields[name], state.values.get(name), state.masked.get(name)
        now = ControlState(id=form + self._suffix, error=errors.get(name, ""))
        is_required = verdict.required and mask is None
        if verdict.readonly or self._computed or (mask is not None and self._files):
            now.readonly = True
            now.why = why + name if why else ""
            now.required = verdict.required and not self._is_switch
            now.shown = masked_value(mask) if mask else shown_value(field, value, state.titles.get(name), self._formats)
            return FormControl(id=now.id, name=name, label=self.label, start=None, html=self._write(now))
        now.masked, own_text = mask or "", typed.get(name, "").strip()
        if self._is_switch:
            now.checked = is_ticked(typed[name]) if name in typed else value is True
            start = "true" if now.checked else ""
        elif self._ticks:
            now.required, now.offered = is_required, verdict.options
            start = typed[name] if name in typed else input_text(field, value, self._formats)
            now.chosen = start.split(", ")
        elif self._files:
            now.required = is_required
            now.files = files_in(value)
            start = input_text(field, value, self._formats)
        elif self._parts:
            now.required = is_required
            start = typed[name] if name in typed else input_text(field, value, self._formats)
            now.chosen = start.split("\n")
            start = started_text(start)
        elif self._options is not None:
            now.required = is_required
            chosen = own_text or reference_text(value)
            if verdict.options is not None and chosen not in verdict.options and not now.error:
                # An option that went with what stood elsewhere before: the person chooses again.
                chosen = reference_text(value)
            now.options, is_known = self._options(verdict, chosen, state, offered)
            now.lookup_url = self._lookup_url(state)
            start = chosen if is_known else ""
        else:
            now.required = is_required
            now.value = typed[name] if own_text else input_text(field, value, self._formats)
            now.currency = typed.get(name + CURRENCY_SUFFIX) or self._currency_of(value)
            start = started_text(now.value, now.currency if self._is_in_several else "")
        return FormControl(id=now.id, name=name, label=self.label, start=start, html=self._write(now))

    def _currency_of(self, value: object) -> str:
        return value.currency if isinstance(value, Money) else self._base_currency


def _file_control(object_def: ObjectDef, field: FieldDef) -> dict[str, Any]:
    """Give what the control of a field of files is told; nothing for other fields."""
    if not holds_files(field):
        return {}
    limits = field.files or FileLimits()
    accepted = limits.accept or (sorted(IMAGE_TYPES) if field.value_type in ("image", "signature") else ())
    return {
        "upload_url": f"/api/v1/files/{quote(object_def.key)}/{quote(field.name)}",
        "accept": ",".join(each if "/" in each else f".{each}" for each in accepted),
        "camera": limits.camera,
        "draws": field.value_type == "signature",
        "multiple": field.value_type == "files",
    }


def _boxes(field: FieldDef, language: str) -> tuple[Option, ...]:
    """Give the options of a field that ticks several of them, or the parts of one that has parts."""
    if (parts := parts_of_field(field)) and not holds_files(field):
        return tuple(Option(value=part.name, label=part.label(language)) for part in parts)
    if field.type != "multi_choice" or field.choice is None:
        return ()
    return tuple(Option(value=o.name, label=label_text(o.label, language, o.name)) for o in field.choice.options)


def _options_writer(field: FieldDef, language: str) -> OptionsWriter | None:
    """Make what writes the options of a choice, rating or lookup; None for a field without options."""
    if field.relation is not None:
        return _records_writer(field)
    if field.choice is not None:
        labels = {o.name: label_text(o.label, language, o.name) for o in field.choice.options}
    elif field.value_type == "rating":
        most = most_stars(field)
        labels = {str(number): "★" * number + "☆" * (most - number) for number in range(1, most + 1)}
    else:
        return None
    plain = {name: option_html(name, label) for name, label in labels.items()}
    selected = {name: option_html(name, label, selected=True) for name, label in labels.items()}

    def write(verdict: FieldState, chosen: str, state: FormState, offered: OfferedRecords) -> tuple[str, bool]:
        allowed = plain if verdict.options is None else verdict.options
        texts = [selected[name] if name == chosen else plain[name] for name in allowed]
        if chosen in plain and chosen not in allowed:
            texts.append(selected[chosen])
        return "".join(texts), chosen in plain

    return write


def _records_writer(field: FieldDef) -> OptionsWriter:
    assert field.relation is not None
    name = field.name

    def write(verdict: FieldState, chosen: str, state: FormState, offered: OfferedRecords) -> tuple[str, bool]:
        return offered.options(chosen, state.titles.get(name, "")), True

    return write


def _lookup_urls(object_def: ObjectDef, field: FieldDef, own: str = "") -> Callable[[FormState], str]:
    """Make what gives the address that a lookup's picker asks; nothing for other fields."""
    if field.relation is None:
        return lambda state: ""
    base = own or f"/o/{quote(object_def.key)}/choices/{quote(field.name)}"
    where = field.relation.where
    # The picker offers what fits the form's other values, so these travel in its address.
    names = tuple(dict.fromkeys(_OF_THIS.findall(where.text))) if where is not None else ()
    if not names:
        return lambda state: base

    def write(state: FormState) -> str:
        given = {name: reference_text(value) for name in names if (value := state.values.get(name)) is not None}
        return f"{base}?{urlencode(given)}" if given else base

    return write
