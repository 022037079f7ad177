"""Lists that are grouped: rows in the order of one or two fields, with a head over each group.

A head has the count and the sums of the whole group, over all pages, from one aggregate with the list's own filter and
rights; they add up to the count and totals of the list. Money is summed in base currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from engine.records.aggregates import AggregateQuery, Measure
from engine.records.sortable import can_sort_by
from engine.records.transaction import Transaction
from engine.records.types import ListQuery, Record
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Money, Ref
from metamodel.views import SortKey
from ui.context import language, platform, release
from ui.formats import Formats
from ui.page_parts import Option
from ui.pages.list_plan import ListPlan
from ui.pages.list_state import ListState, parse_sort
from ui.pages.report_values import GroupColumn
from ui.pages.rights import access_of
from ui.pages.totals import sum_text
from ui.rows import RowColumn
from ui.written import html_text, written

MOST_GROUPS = 2
_MOST_SUMS = 3
_SUMMED = frozenset({"money", "decimal", "integer"})

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """What a list is grouped by, and the figures that its heads show beside the count."""

    columns: tuple[GroupColumn, ...]
    sums: tuple[RowColumn, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """What is read of each record for it."""
        return tuple(each.column.path for each in self.columns)

    def query(self, object_def: ObjectDef, query: ListQuery, order: Sequence[SortKey]) -> ListQuery:
        """Put a list in the order of its groups first; order: its own."""
        asked = {key.path: key for key in order}
        first = tuple(key for each in self.columns for key in _keys(each, object_def, asked))
        rest = tuple(key for key in order if key.path not in self.paths)
        fields = tuple(dict.fromkeys((*(query.fields or ()), *self.paths)))
        return replace(query, sort=(*first, *rest), fields=fields)


def can_group_by(plan: ListPlan) -> Mapping[str, FieldDef]:
    """Give the fields that a list can be grouped by."""
    if plan.object_def.source is not None:
        return {}
    return {
        name: field
        for name, field in plan.filterable.items()
        if _has_groups(field) and _sorts(plan.object_def, f"{name}.id" if field.relation is not None else name)
    }


def list_groups(plan: ListPlan, state: ListState) -> Groups | None:
    """Give what an address groups a list by; None where that is nothing."""
    if not state.group:
        return None
    known = can_group_by(plan)
    names = [name for name in dict.fromkeys(state.group.split(",")) if name in known][:MOST_GROUPS]
    if not names:
        return None
    columns = []
    for name in names:
        label = label_text(known[name].label, language(), name)
        columns.append(GroupColumn(column=RowColumn(path=name, field=known[name], label=label), label=label, by=None))
    return Groups(columns=tuple(columns), sums=_sums(plan))


def list_order(plan: ListPlan, state: ListState) -> Sequence[SortKey]:
    """Give the order of a list: the address's, else its view's."""
    return parse_sort(state.sort) or (plan.view.sort if plan.view is not None else ())


def group_options(plan: ListPlan, state: ListState) -> tuple[tuple[Option, ...], ...]:
    """Give what the panel offers to group by, first and then."""
    known, chosen = can_group_by(plan), state.group.split(",")
    if not known:
        return ()
    options = [(name, label_text(field.label, language(), name)) for name, field in known.items()]
    return tuple(
        tuple(
            Option(value=name, label=label, selected=name == (chosen[at] if at < len(chosen) else ""))
            for name, label in (("", str(_("Nothing"))), *options)
        )
        for at in range(MOST_GROUPS)
    )


def grouped_rows(
    transaction: Transaction,
    plan: ListPlan,
    state: ListState,
    groups: Groups,
    records: Sequence[Record],
    formats: Formats,
) -> Markup:
    """Write a page of a grouped list: a head wherever a group begins or goes on from the page before."""
    heads = _Heads(groups, _figures(transaction, plan, state, groups), len(plan.columns) + plan.selects, formats)
    parts: list[str] = []
    before: Key = ()
    for first, run in _runs(records, groups):
        key = _key(first, groups)
        parts += [
            heads.write(first, key, depth)
            for depth in range(len(groups.columns))
            if key[: depth + 1] != before[: depth + 1]
        ]
        parts.append(plan.write_rows(run))
        before = key
    return written(parts)


@dataclass(frozen=True, slots=True)
class _Heads:
    """Writes the heads of one page. figures: by the values down to a group; width: cells of a row."""

    groups: Groups
    figures: Mapping[Key, tuple[Any, ...]]
    width: int
    formats: Formats

    def write(self, record: Record, key: Key, depth: int) -> str:
        """Write the head of the group that a record is in."""
        column = self.groups.columns[depth]
        value, title = record.values.get(column.column.path), record.titles.get(column.column.path)
        label = html_text(column.text(value, title, self.formats))
        if column.column.field.choice:
            label = f'<span class="pill pill-{column.color(value) or "gray"}">{label}</span>'
        told = f'<span class="group-of">{html_text(column.label)}</span>{label}{self._told(key[: depth + 1])}'
        start = f'<tr class="group-head depth-{depth}"><th scope="rowgroup" colspan="{self.width}">'
        return f"{start}<div>{told}</div></th></tr>\n"

    def _told(self, key: Key) -> str:
        figures = self.figures.get(key)
        if figures is None:
            return ""
        parts = [f'<span class="count">{self.formats.number(Decimal(figures[0]))}</span>']
        for each, value in zip(self.groups.sums, figures[1:], strict=True):
            if text := sum_text(each.field, value, self.formats):
                strong = f'<strong class="num">{html_text(text)}</strong>'
                parts.append(f'<span class="group-sum">{html_text(each.label)} {strong}</span>')
        return "".join(parts)


def _keys(group: GroupColumn, object_def: ObjectDef, asked: Mapping[str, SortKey]) -> Sequence[SortKey]:
    """Give the order of a group; records of one name are two groups, so that their ids tell them apart."""
    path = group.column.path
    key = asked.get(path, SortKey(path=path))
    if group.column.field.relation is None:
        return (key,)
    # What points at one of several objects has no order of its own.
    named = [each for each in (path, f"{path}.name") if _sorts(object_def, each)]
    return tuple(SortKey(path=each, descending=key.descending) for each in (*named[:1], f"{path}.id"))


def _sorts(object_def: ObjectDef, path: str) -> bool:
    return can_sort_by(platform().records.parts(release()), access_of(), object_def, path)


def _has_groups(field: FieldDef) -> bool:
    if field.encrypted or field.holds_several:
        return False
    return field.choice is not None or field.value_type == "boolean" or field.relation is not None


def _sums(plan: ListPlan) -> tuple[RowColumn, ...]:
    found = [
        column
        for column in plan.columns
        if column.field.value_type in _SUMMED and column.path in plan.filterable and not column.masked
    ]
    if plan.total is not None and all(column.path != plan.total.name for column in found):
        label = label_text(plan.total.label, language(), plan.total.name)
        found.insert(0, RowColumn(path=plan.total.name, field=plan.total, label=label))
    return tuple(found[:_MOST_SUMS])


def _runs(records: Sequence[Record], groups: Groups) -> Iterator[tuple[Record, Sequence[Record]]]:
    """Give the records that follow one another in the same group, with the first of them."""
    start, keys = 0, [_key(each, groups) for each in records]
    for at in range(1, len(records) + 1):
        if at == len(records) or keys[at] != keys[start]:
            yield records[start], records[start:at]
            start = at


def _figures(transaction: Transaction, plan: ListPlan, state: ListState, groups: Groups) -> dict[Key, tuple[Any, ...]]:
    """Give the figures of each group and of those that it is part of, by the values down to it."""
    query = AggregateQuery(
        object=plan.object_def.key,
        filter=state.filter or None,
        view=plan.view.name if plan.view is not None else None,
        search=state.search or None,
        groups=groups.paths,
        measures=(Measure(function="count"), *(Measure(function="sum", path=each.path) for each in groups.sums)),
    )
    found: dict[Key, tuple[Any, ...]] = {}
    for row in transaction.aggregate(query):
        key = tuple(_plain(value) for value in row.groups)
        for depth in range(1, len(key) + 1):
            above = found.get(key[:depth])
            measures = row.measures if above is None else tuple(map(_added, above, row.measures))
            found[key[:depth]] = measures
    return found


def _key(record: Record, groups: Groups) -> Key:
    return tuple(_plain(record.values.get(path)) for path in groups.paths)


def _plain(value: object) -> object:
    return value.id if isinstance(value, Ref) else value


def _added(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, Money):
        return Money(one.amount + other.amount, one.currency)
    return one + other
