"""The filter bar of a list as templates take it: chips, the form that adds a condition, the text with its error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote, urlencode

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
from ui.pages.filter_facets import Facet, facets_of
from ui.pages.filter_groups import MOST_STEPS, Place, dropped, extended, read_place, write_place
from ui.pages.filter_paths import counted_in, counted_lists, field_at, fields_of_lookup, periods_of, target_of
from ui.pages.filters import (
    WITHOUT_VALUE,
    Condition,
    filter_parts,
    operator_label,
    operators_of,
    period_label,
    split_filter,
)
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
    """The controls that add a condition: fields, then operators and value of the chosen field, and the whole text.

    counts: counts of related lists, beside the fields. further: fields of the records that the chosen lookup leads to.
    periods: when what is counted was made. into: the place in the filter that the condition is put beside, and what is
    told of it. facets: values of the chosen field with how many records of the list have each.
    """

    fields: tuple[Option, ...]
    counts: tuple[Option, ...]
    further: tuple[Option, ...]
    periods: tuple[Option, ...]
    operators: tuple[Option, ...]
    value: Control | None
    chosen: str
    text: str
    problem: Problem | None
    opened: bool
    hidden: dict[str, str]
    into: str
    into_note: str
    facets: tuple[Facet, ...]


def make_chips(plan: ListPlan, state: ListState, *, grows: bool = False) -> tuple[Chip, ...]:
    """Make a chip for each part of the filter, and one for the words searched for; grows: with ways to add to each."""
    parts = split_filter(state.filter, partial(field_at, plan), user_formats())
    chips = [_chip(state, part, (index,), "or" if grows else "") for index, part in enumerate(parts)]
    if state.search:
        chips.append(Chip(label=_("Search"), operator="", value=state.search, drop_url=state.url(search="")))
    return tuple(chips)


def _chip(state: ListState, part: Condition, place: Place, beside: str) -> Chip:
    """Make the chip of a part; beside: what joins a condition that is put beside it, nothing where none is."""
    other = {"or": "and", "and": "or"}.get(beside, "")
    word, joins = part.word or beside, _join_word(part.word)
    parts = tuple(_chip(state, each, (*place, index), other) for index, each in enumerate(part.parts))
    return Chip(
        label=f" {joins} ".join(map(_said, parts)) if parts else part.label or str(_("Expression")),
        operator=part.operator,
        value="" if parts else _shown(part),
        drop_url=state.url(filter=dropped(state.filter, place)),
        word=joins,
        parts=parts,
        into_url=_adding(state, into=write_place(place)) if beside and len(place) < MOST_STEPS else "",
        into_word=_join_word(word),
    )


def _join_word(word: str) -> str:
    return str(_("or") if word == "or" else _("and")) if word else ""


def _adding(state: ListState, **asked: str) -> str:
    """Give the address of the list with the form open that adds a condition."""
    url = state.url()
    return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"


def counted_chips(plan: ListPlan, state: ListState) -> tuple[Chip, ...]:
    """Make the chips of a list that has no rows: each with how many records there would be without it."""
    parts = filter_parts(state.filter)
    others = [replace(state, filter=dropped(state.filter, (index,))) for index in range(len(parts))]
    if state.search:
        others.append(replace(state, search=""))
    chips = make_chips(plan, state, grows=True)
    with platform().records.reading(actor(), release=release()) as transaction:
        counts = [transaction.count(each.query(plan.paths, plan.view)) for each in others[:_MOST_COUNTED]]
    texts = [records_text(count) for count in counts]
    return (*(replace(chip, count=text) for chip, text in zip(chips, texts, strict=False)), *chips[len(texts) :])


def make_bar(plan: ListPlan, state: ListState, problem: Problem | None, refused: str = "") -> FilterBar:
    """Make the bar; `field` in the address chooses what the next condition is about. refused: why its value is none."""
    chosen, into = _asked(), read_place(request.args.get("into", ""))
    field = field_at(plan, chosen)
    own = tuple((name, label_text(each.label, language(), name)) for name, each in plan.filterable.items())
    counts = tuple(counted_lists(plan))
    if field is not None and chosen not in dict((*own, *counts)):
        own = ((chosen, label_text(field.label, language(), chosen)), *own)
    return FilterBar(
        fields=_options(own, chosen),
        counts=_options(counts, chosen),
        further=_options(fields_of_lookup(plan, chosen)),
        periods=_options(
            ((each, period_label(each)) for each in periods_of(plan, chosen)), request.args.get("period", "")
        ),
        operators=_options(
            ((each, operator_label(each, field)) for each in _operators(field)), request.args.get("operator", "")
        )
        if field is not None
        else (),
        value=_value_control(plan, field, refused) if field is not None else None,
        chosen=chosen if field is not None else "",
        text=state.filter,
        problem=problem,
        opened=field is not None or problem is not None or bool(into),
        hidden=state.hidden("filter") | ({"into": write_place(into)} if into else {}),
        into=write_place(into),
        into_note=_beside_what(plan, state, into),
        facets=facets_of(plan, state, field, into) if field is not None and problem is None else (),
    )


def _beside_what(plan: ListPlan, state: ListState, place: Place) -> str:
    """Say beside which part of the filter a condition is put."""
    chips: Sequence[Chip] = make_chips(plan, state, grows=True) if place else ()
    chip: Chip | None = None
    for step in place:
        if step >= len(chips):
            return ""
        chip, chips = chips[step], chips[step].parts
    if chip is None:
        return ""
    return f"{chip.label if chip.parts else _said(chip)} {chip.into_word} …"


def _said(chip: Chip) -> str:
    if chip.parts:
        return f"({chip.label})"
    return " ".join(each for each in (chip.label, chip.operator, chip.value) if each)


def _asked() -> str:
    """Give what the next condition is about: the field of a looked-up record that was chosen last, else the field."""
    field, further = request.args.get("field", ""), request.args.get("of", "")
    return further if further.startswith(f"{field}.") else field


def _options(pairs: Iterable[tuple[str, str]], chosen: str = "") -> tuple[Option, ...]:
    return tuple(Option(value=value, label=label, selected=value == chosen) for value, label in pairs)


def _operators(field: FieldDef) -> Sequence[str]:
    offered = operators_of(field)
    return tuple(each for each in offered if each not in WITHOUT_VALUE) if field.name.endswith(")") else offered


def with_condition(plan: ListPlan, state: ListState) -> str:
    """Give the address of the list with the posted condition added.

    Where a field of a looked-up record was chosen, its condition is asked for first.
    Raises: FieldValueError where its value is missing or none of the field's.
    """
    chosen = request.args.get("field", "")
    if _asked() != chosen:
        into = request.args.get("into", "")
        return _adding(state, field=_asked(), **({"into": into} if into else {}))
    field = field_at(plan, counted_in(chosen, request.args.get("period", "")))
    if field is None:
        return state.url()
    added = condition_text(field, request.args.get("operator", ""), request.args.get("value", ""), _read_value)
    place = read_place(request.args.get("into", ""))
    return state.url(filter=extended(state.filter, place, added)) if added else state.url()


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
        widget, lookup_url = "lookup", _choices_url(plan, field.name)
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


def _choices_url(plan: ListPlan, path: str) -> str:
    way, _point, name = path.rpartition(".")
    holder = target_of(plan, way) if way else None
    return f"/o/{quote(holder or plan.object_def.key)}/choices/{quote(name)}?bare=1"


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
