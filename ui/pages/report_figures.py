"""The figures of a report as a table: rows by group, columns by measure or by what stands across, and their totals.

Each figure leads to the records behind it. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from engine.records.aggregates import AggregateRow
from metamodel.values import Money
from ui.formats import Formats
from ui.pages.report_values import GroupColumn, MeasureColumn

Key = tuple[Any, ...]
LinkTo = Callable[[Sequence[str]], str]
"""Gives the address of the records that meet conditions besides the report's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: as written, as computed, and the list of the records behind it."""

    text: str
    value: Any = None
    href: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head of columns; span: how many it stands over."""

    label: str
    span: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A row: the texts of its groups' values, and its figures. colors: of its groups' values, "" = none."""

    labels: tuple[str, ...]
    figures: tuple[Figure, ...]
    href: str = ""
    key: Key = ()
    colors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """The whole table.

    groups: the heads of the groups. over: () or heads over those of the figures, where something stands across.
    heads: of the figures. total: the figures of the whole, () where nothing is grouped. cut: whether there are more
    groups than a report reads. across: the texts of the values that stand across; colors: theirs.
    """

    groups: tuple[str, ...]
    over: tuple[Head, ...]
    heads: tuple[Head, ...]
    rows: tuple[FigureRow, ...]
    total: tuple[Figure, ...]
    measures: tuple[MeasureColumn, ...]
    across: tuple[str, ...]
    colors: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """One combination of groups' values: as written, as a condition (None = nobody can ask for it), in colour."""

    key: Key
    texts: tuple[str, ...]
    conditions: tuple[str, ...] | None
    colors: tuple[str, ...]


_WHOLE = _Entry(key=(), texts=(), conditions=(), colors=())


def _entries(
    columns: Sequence[GroupColumn], found: Mapping[Key, Sequence[str | None]], formats: Formats
) -> list[_Entry]:
    """Give the combinations in their order. found: with the titles of the records that their values point at."""
    placed = []
    for key, titles in found.items():
        triples = list(zip(columns, key, titles, strict=True))
        texts = tuple(column.text(value, title, formats) for column, value, title in triples)
        conditions = [column.condition(value, title) for column, value, title in triples]
        entry = _Entry(
            key=key,
            texts=texts,
            conditions=None if None in conditions else tuple(each for each in conditions if each is not None),
            colors=tuple(column.color(value) for column, value, _title in triples),
        )
        order = [column.order(value, text) for (column, value, _title), text in zip(triples, texts, strict=True)]
        placed.append((order, entry))
    return [entry for _order, entry in sorted(placed, key=lambda each: each[0])]


def figure_table(
    rows: Sequence[AggregateRow],
    total: AggregateRow | None,
    groups: tuple[GroupColumn, ...],
    across: GroupColumn | None,
    measures: tuple[MeasureColumn, ...],
    *,
    formats: Formats,
    link_to: LinkTo,
    cut: bool,
) -> FigureTable:
    """Make the table of what was read."""
    split = len(groups)
    down = _entries(groups, {row.groups[:split]: row.titles[:split] for row in rows}, formats)
    aside = [_WHOLE]
    if across is not None:
        aside = _entries((across,), {row.groups[split:]: row.titles[split:] for row in rows}, formats)
    cells = {(row.groups[:split], row.groups[split:]): row.measures for row in rows}
    table = _Cells(cells, measures, link_to, aside)
    adding = [measure for measure in measures if measure.adds_up] if across is not None else []
    names = tuple(entry.texts[0] for entry in aside if entry.texts)
    over = [Head(label=name, span=len(measures)) for name in names]
    over += [Head(label=str(_("Total")), span=len(adding))] if adding and over else []
    return FigureTable(
        groups=tuple(group.label for group in groups),
        over=tuple(over),
        heads=tuple(Head(label=each.label) for each in (*measures * len(aside), *adding)),
        rows=tuple(table.row(entry) for entry in down),
        total=table.whole(total, down) if total is not None and not cut else (),
        measures=measures,
        across=names,
        colors=tuple(color for entry in aside for color in entry.colors),
        cut=cut,
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The figures by row and column, which it writes with their addresses."""

    cells: Mapping[tuple[Key, Key], Sequence[Any]]
    measures: tuple[MeasureColumn, ...]
    link_to: LinkTo
    aside: Sequence[_Entry]

    def row(self, entry: _Entry) -> FigureRow:
        """Give the row of a combination of groups' values."""
        nothing = (None,) * len(self.measures)
        found = [
            self._figure(measure, value, entry, other)
            for other in self.aside
            for measure, value in zip(self.measures, self.cells.get((entry.key, other.key), nothing), strict=True)
        ]
        if self.aside != [_WHOLE]:
            parts = [self.cells[entry.key, other.key] for other in self.aside if (entry.key, other.key) in self.cells]
            found += [
                self._figure(measure, _added(part[index] for part in parts), entry, _WHOLE, str(_("Total")))
                for index, measure in enumerate(self.measures)
                if measure.adds_up
            ]
        href = self.link_to(entry.conditions) if entry.conditions is not None else ""
        return FigureRow(labels=entry.texts, figures=tuple(found), href=href, key=entry.key, colors=entry.colors)

    def whole(self, total: AggregateRow, down: Sequence[_Entry]) -> tuple[Figure, ...]:
        """Give the figures of the last row: of the whole, and of each value that stands across where they add up."""
        pairs = list(zip(self.measures, total.measures, strict=True))
        if self.aside == [_WHOLE]:
            return tuple(self._figure(measure, value, _WHOLE, _WHOLE) for measure, value in pairs)
        found = []
        for other in self.aside:
            parts = [self.cells[each.key, other.key] for each in down if (each.key, other.key) in self.cells]
            for index, measure in enumerate(self.measures):
                value = _added(part[index] for part in parts) if measure.adds_up else None
                found.append(self._figure(measure, value, _WHOLE, other))
        word = str(_("Total"))
        return (*found, *(self._figure(each, value, _WHOLE, _WHOLE, word) for each, value in pairs if each.adds_up))

    def _figure(self, measure: MeasureColumn, value: Any, row: _Entry, col: _Entry, over: str = "") -> Figure:
        over = over or (col.texts[0] if col.texts else "")
        label = f"{over} · {measure.label}" if over else measure.label
        if value is None:
            return Figure(text="", label=label)
        href = ""
        if row.conditions is not None and col.conditions is not None:
            href = self.link_to((*row.conditions, *col.conditions))
        return Figure(text=measure.write(value), value=value, href=href, label=label)


def _added(values: Iterable[Any]) -> Any:
    """Add up counts, numbers, or money of one currency."""
    found = [value for value in values if value is not None]
    if found and isinstance(found[0], Money):
        return Money(sum((each.amount for each in found), Decimal()), found[0].currency)
    return sum(found) if found else 0
