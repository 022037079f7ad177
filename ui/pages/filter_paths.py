"""What the filter of a list reaches beyond its own fields: those of looked-up records, and counts of related lists.

Each is a field of its own to the bar and the chips: its name is the expression that stands left of the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from flask_babel import gettext as _

from metamodel.fields import FieldDef
from metamodel.links import LINKS
from metamodel.objects import InverseDef
from metamodel.source import LocatedText
from metamodel.texts import Label, label_text
from ui.context import language, release
from ui.pages.filters import period_label
from ui.pages.list_plan import ListPlan, path_label, resolve_path
from ui.pages.rights import access_of

PERIODS = ("last 7 days", "last 30 days", "last 90 days", "this month", "this quarter", "this year")
_CREATED, _UNFILTERED = "created_at", frozenset({"id", "version", "deleted_at"})
_COUNT = re.compile(r"count\((?P<list>[a-z]\w*)(?: where created_at in (?P<period>(?:last|this) [0-9a-z ]+))?\)")
_MOST_STEPS = 4


def field_at(plan: ListPlan, left: str) -> FieldDef | None:
    """Give what stands left of an operator as a field with that name; None where it may not be read or is no such."""
    own = plan.filterable.get(left)
    if own is not None or not plan.reaches:
        return own
    if (match := _COUNT.fullmatch(left)) is not None:
        return _count_field(plan, left, match["list"], match["period"] or "")
    way, _point, last = left.rpartition(".")
    if not way or last in _UNFILTERED or left.count(".") > _MOST_STEPS:
        return None
    found = resolve_path(release().metamodel, access_of(), plan.object_def, left)
    if found is None or found[1] or found[0].type == LINKS:
        return None
    return _named(found[0], left, path_label(release().metamodel, plan.object_def, left, language()))


def fields_of_lookup(plan: ListPlan, path: str) -> Iterator[tuple[str, str]]:
    """Give path and label of the fields of the records that a lookup at a path leads to; none where it is no lookup."""
    target, looked_up = target_of(plan, path), field_at(plan, path)
    if target is None or not plan.reaches or looked_up is None or looked_up.holds_several:
        return
    object_def = release().metamodel.objects[target]
    for name, field in object_def.fields.items() if object_def.source is None else ():
        if field_at(plan, f"{path}.{name}") is not None:
            yield f"{path}.{name}", label_text(field.label, language(), name)


def target_of(plan: ListPlan, path: str) -> str | None:
    """Give the object that the lookup at a path leads to, where it is one alone."""
    field = field_at(plan, path)
    targets = field.relation.targets if field is not None and field.relation is not None else ()
    return targets[0] if len(targets) == 1 and targets[0] in release().metamodel.objects else None


def counted_lists(plan: ListPlan) -> Iterator[tuple[str, str]]:
    """Give the counts of related lists that the bar offers: the expression and its label."""
    for name in plan.object_def.inverses if plan.reaches else ():
        field = field_at(plan, f"count({name})")
        if field is not None:
            yield field.name, label_text(field.label, language(), name)


def periods_of(plan: ListPlan, counted: str) -> tuple[str, ...]:
    """Give the periods of making that a count may be of; none where that moment may not be read."""
    match = _COUNT.fullmatch(counted)
    inverse = _inverse(plan, match["list"]) if match is not None else None
    return PERIODS if inverse is not None and access_of().may_read(inverse.object, _CREATED) else ()


def counted_in(counted: str, period: str) -> str:
    """Give a count of a related list as one of records made in a period."""
    return f"{counted.removesuffix(')')} where {_CREATED} in {period})" if period in PERIODS else counted


def _count_field(plan: ListPlan, left: str, name: str, period: str) -> FieldDef | None:
    inverse = _inverse(plan, name)
    if inverse is None or (period and not access_of().may_read(inverse.object, _CREATED)):
        return None
    child = release().metamodel.objects[inverse.object]
    many = label_text(child.plural or child.label, language(), name)
    words = _("Number of %(list)s, created %(period)s", list=many, period=period_label(period))
    label = str(words if period else _("Number of %(list)s", list=many))
    made_by = child.fields[inverse.field]
    return _named(FieldDef(name=left, type="integer", app=made_by.app, at=made_by.at), left, label)


def _inverse(plan: ListPlan, name: str) -> InverseDef | None:
    inverse = plan.object_def.inverses.get(name)
    if inverse is None or inverse.other is not None or not access_of().may_read(inverse.object, inverse.field):
        return None
    outside = {plan.object_def.source, release().metamodel.objects[inverse.object].source} - {None}
    return None if outside else inverse


def _named(field: FieldDef, name: str, label: str) -> FieldDef:
    return replace(field, name=name, label=Label(texts=((language(), LocatedText.plain(label)),)))
