"""Facets of the filter bar: the values of a field in a list, how many of its records have each, and the way to them."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from engine.errors import QueryProblem
from engine.records.aggregates import AggregateQuery
from engine.records.types import Count
from metamodel.fields import FieldDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.pages.counts import count_text
from ui.pages.filter_groups import Place, extended
from ui.pages.list_plan import ListPlan
from ui.pages.list_state import ListState
from workflow_dsl.printer import quote

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A value, how many records of the list have it, and the address of the list of these."""

    label: str
    count: str
    url: str


def facets_of(plan: ListPlan, state: ListState, field: FieldDef, place: Place) -> tuple[Facet, ...]:
    """Give the facets of a field with few values, those of most records first, by one statement; none of others.

    place: where in the filter a condition is put; beside a part of it, counts would not be of the list, so none.
    """
    if place or field.holds_several or not (field.choice or field.value_type == "boolean" or _is_lookup(field)):
        return ()
    query = AggregateQuery(
        object=plan.object_def.key,
        filter=state.filter or None,
        view=plan.view.name if plan.view is not None else None,
        search=state.search or None,
        groups=(field.name,),
    )
    try:
        with platform().records.reading(actor(), release=release()) as transaction:
            rows = transaction.aggregate(query)
    except QueryProblem:
        # What can't be grouped by has no facets.
        return ()
    found = [(int(str(row.measures[0])), row.groups[0], row.titles[0] if row.titles else None) for row in rows]
    found.sort(key=lambda each: -each[0])
    return tuple(
        Facet(label=_label(field, value, title), count=count_text(Count(value=count)), url=_url(state, field, value))
        for count, value, title in found[:MOST]
        if title is not None or value is None or field.relation is None
    )


def _is_lookup(field: FieldDef) -> bool:
    return field.relation is not None and len(field.relation.targets) == 1


def _label(field: FieldDef, value: object, title: str | None) -> str:
    if value is None:
        return str(_("empty"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    option = field.choice.option(str(value)) if field.choice is not None else None
    return label_text(option.label, language(), option.name) if option is not None else title or str(value)


def _url(state: ListState, field: FieldDef, value: object) -> str:
    return state.url(filter=extended(state.filter, (), _condition(field, value)))


def _condition(field: FieldDef, value: object) -> str:
    if value is None:
        return f"{field.name} is empty"
    if isinstance(value, bool):
        return field.name if value else f"not {field.name}"
    left = f"{field.name}.id" if field.relation is not None else field.name
    return f"{left} = {quote(str(value))}"
