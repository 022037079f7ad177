"""The controls of what a button asks for: the same as on a record's form, over inputs instead of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from engine.automation.calls.index import Button
from engine.automation.calls.inputs import input_field
from engine.errors import FieldError
from engine.records.choosing_titles import choices_by_title
from engine.records.transaction import Transaction
from engine.records.types import ChosenLayout, FieldState, FormState
from metamodel.currency_rates import known_currencies
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from ui.context import release
from ui.formats import Formats
from ui.pages.field_controls import FieldControl
from ui.pages.form_parts import control_words
from ui.pages.offered import NOTHING, OfferedRecords
from ui.written import written


@dataclass(frozen=True, slots=True, kw_only=True)
class InputControls:
    """Written controls, and what is wrong with them for the summary: (control id, label, message)."""

    html: Markup
    summary: tuple[tuple[str, str, str], ...]


def input_fields(object_def: ObjectDef, button: Button) -> tuple[FieldDef, ...]:
    """Give what a button asks for as fields."""
    return tuple(input_field(object_def, each) for each in button.inputs)


def write_inputs(
    transaction: Transaction,
    object_def: ObjectDef,
    button: Button,
    values: Mapping[str, Any],
    typed: Mapping[str, str],
    errors: Sequence[FieldError],
    formats: Formats,
) -> InputControls:
    """Write the controls. values: what inputs start with. typed: what was entered before it was refused."""
    fields = input_fields(object_def, button)
    verdicts = {each.name: FieldState(visible=True, required=each.required, readonly=False) for each in fields}
    targets = [(each, each.relation.targets[0]) for each in fields if each.relation is not None]
    chosen = {each.name: (target, typed.get(each.name) or str(values.get(each.name) or "")) for each, target in targets}
    titles = transaction.reader.titles(place for place in chosen.values() if place[1])
    state = FormState(
        fields=verdicts,
        layout=ChosenLayout(layout=object_def.all_layouts[0]),
        sections=(),
        values=values,
        titles={name: titles.get(place, "") for name, place in chosen.items()},
    )
    told = {(each.field or "").rpartition(".")[2]: each.message for each in errors}
    currencies = known_currencies(release().metamodel)
    words, types = control_words(), release().field_types
    pieces, summary = [], []
    for field in fields:
        url = f"/o/{quote(object_def.key)}/press/{quote(button.name)}/choices/{quote(field.name)}"
        control = FieldControl(object_def, field, formats, words, currencies, types, lookup_url=url)
        offered = NOTHING
        if field.relation is not None:
            offered = OfferedRecords(choices_by_title(transaction, field.relation.targets[0]), bare=True)
        made = control.write(f"press-{button.name}", state, typed, told, offered)
        pieces.append(made.html)
        if field.name in told:
            summary.append((made.id, made.label, told[field.name]))
    return InputControls(html=written(pieces), summary=tuple(summary))
