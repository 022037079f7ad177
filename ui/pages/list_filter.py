"""The filter bar of a list as templates take it: chips, the form that adds a condition, the text with its error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.errors import RecordNotFound, UnknownObject
from metamodel.fields import FieldDef
from metamodel.source import Problem
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.page_parts import Chip, Control, Option
from ui.pages.controls import read_form
from ui.pages.counts import records_text
from ui.pages.filters import Condition, filter_parts, joined, operator_label, operators_of, split_filter
from ui.pages.list_plan import ListPlan
from ui.pages.list_state import ListState
from ui.pages.new_condition import condition_text
from ui.pages.rights import user_formats

_VALUE_WIDGETS = {
    "integer": "integer",
    "rating": "integer",
    "decimal": "number",
    "percent": "percent",
    "money": "number",
    "date": "date",
    "time": "time",
}
_MOST_COUNTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBar:
    """The controls that add a condition: fields, then operators and value of the chosen field, and the whole text."""

    fields: tuple[Option, ...]
    operators: tuple[Option, ...]
    value: Control | None
    chosen: str
    text: str
    problem: Problem | None
    opened: bool
    hidden: dict[str, str]


def make_chips(plan: ListPlan, state: ListState) -> tuple[Chip, ...]:
    """Make a chip for each part of the filter, and one for the words searched for."""
    parts = split_filter(state.filter, plan.filterable, user_formats())
    texts = [part.text for part in parts]
    chips = [
        Chip(
            label=part.label or _("Expression"),
            operator=part.operator,
            value=_shown(part),
            drop_url=state.url(filter=joined(texts[:index] + texts[index + 1 :])),
        )
        for index, part in enumerate(parts)
    ]
    if state.search:
        chips.append(Chip(label=_("Search"), operator="", value=state.search, drop_url=state.url(search="")))
    return tuple(chips)


def counted_chips(plan: ListPlan, state: ListState) -> tuple[Chip, ...]:
    """Make the chips of a list that has no rows: each with how many records there would be without it."""
    parts = [part.text for part in split_filter(state.filter, plan.filterable, user_formats())]
    others = [replace(state, filter=joined(parts[:index] + parts[index + 1 :])) for index in range(len(parts))]
    if state.search:
        others.append(replace(state, search=""))
    chips = make_chips(plan, state)
    with platform().records.reading(actor(), release=release()) as transaction:
        counts = [transaction.count(each.query(plan.paths, plan.view)) for each in others[:_MOST_COUNTED]]
    texts = [records_text(count) for count in counts]
    return (*(replace(chip, count=text) for chip, text in zip(chips, texts, strict=False)), *chips[len(texts) :])


def make_bar(plan: ListPlan, state: ListState, problem: Problem | None, refused: str = "") -> FilterBar:
    """Make the bar; `field` in the address chooses what the next condition is about. refused: why its value is none."""
    chosen = request.args.get("field", "")
    field = plan.filterable.get(chosen)
    operator = request.args.get("operator", "")
    return FilterBar(
        fields=tuple(
            Option(value=name, label=label_text(each.label, language(), name), selected=name == chosen)
            for name, each in plan.filterable.items()
        ),
        operators=tuple(
            Option(value=each, label=operator_label(each, field), selected=each == operator)
            for each in operators_of(field)
        )
        if field is not None
        else (),
        value=_value_control(plan, field, refused) if field is not None else None,
        chosen=chosen if field is not None else "",
        text=state.filter,
        problem=problem,
        opened=field is not None or problem is not None,
        hidden=state.hidden("filter"),
    )


def with_condition(plan: ListPlan, state: ListState) -> str:
    """Give the address of the list with the posted condition added.

    Raises: FieldValueError where its value is missing or none of the field's.
    """
    field = plan.filterable.get(request.args.get("field", ""))
    if field is None:
        return state.url()
    added = condition_text(field, request.args.get("operator", ""), request.args.get("value", ""), _read_value)
    return state.url(filter=joined([*filter_parts(state.filter), added])) if added else state.url()


def _read_value(field: FieldDef, given: str) -> object:
    """Read a value as a form does; bounds of the field are no bounds of what is looked for."""
    raw = read_form((field,), MultiDict({field.name: given}), user_formats())[field.name]
    return release().field_types.of(field).read(raw, field, platform().records.parts(release()).value_context)


def _value_control(plan: ListPlan, field: FieldDef, refused: str) -> Control:
    options: tuple[Option, ...] = ()
    widget, lookup_url = _VALUE_WIDGETS.get(field.value_type, "text"), ""
    if field.choice is not None:
        widget = "select"
        options = tuple(
            Option(value=option.name, label=label_text(option.label, language(), option.name))
            for option in field.choice.options
        )
    elif field.relation is not None:
        widget, lookup_url = "lookup", f"/o/{quote(plan.object_def.key)}/choices/{quote(field.name)}?bare=1"
    return Control(
        id=f"filter-value-{field.name}",
        name="value",
        label=str(_("Value")),
        widget=widget,
        options=options,
        lookup_url=lookup_url,
        value=request.args.get("value", "") if refused else "",
        error=refused,
    )


def _shown(part: Condition) -> str:
    if not part.label:
        return part.text
    if not part.reference or part.field is None or part.field.relation is None:
        return part.value
    for target in part.field.relation.targets:
        try:
            return platform().records.get(actor(), target, part.reference, fields=("id",)).title
        except (RecordNotFound, UnknownObject):
            continue
    return "–"
