"""The figures of a report as ui/frontend/js/charts.js draws them: categories, series, and where each figure leads.

A chart shows nothing that the table beside it doesn't; without JavaScript the table is all there is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import orjson

from ui.formats import Formats
from ui.pages.report_figures import Figure, FigureRow, FigureTable
from ui.pages.report_values import next_period, number_of, period_text

DRAWN = ("bar", "column", "line", "area", "pie", "funnel")
_MOST_CATEGORIES = 200
_ONE_SERIES = ("pie", "funnel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of points: a figure for each category (None = there is none), as a number, as text, as an address."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    hrefs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """What charts.js draws. colors: of the categories of a pie or funnel, else of the series, "" = any."""

    kind: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    colors: tuple[str, ...]


def chart_json(kind: str | None, table: FigureTable, by: str | None, formats: Formats) -> str:
    """Give the chart as JSON; "" where there is nothing to draw. by: the period of the first group."""
    if kind not in DRAWN or not table.rows or not table.groups:
        return ""
    rows = list(_without_gaps(table, by, formats) if kind in ("line", "area", "column") else table.rows)
    if len(rows) > _MOST_CATEGORIES or not any(
        number_of(each.value) is not None for row in rows for each in row.figures
    ):
        return ""
    series = _series(table, rows) if len(table.groups) == 1 or table.across else None
    colors = table.colors
    if series is None:
        categories, series = _by_second_group(table, rows)
        colors = tuple({row.labels[1]: row.colors[1] for row in rows}.values())
    else:
        categories = tuple(" · ".join(row.labels) for row in rows)
    if kind in _ONE_SERIES:
        series, colors = series[:1], tuple(row.colors[0] for row in rows)
    found = ChartData(kind=kind, categories=categories, series=tuple(series), colors=colors)
    return orjson.dumps(asdict(found)).decode()


def _series(table: FigureTable, rows: Sequence[FigureRow]) -> list[Series]:
    """Give a series for each value across, of the first measure; else one for each measure of the first one's kind."""
    count = len(table.measures)
    if table.across:
        named = [(name, index * count) for index, name in enumerate(table.across)]
    else:
        kinds = [{type(row.figures[index].value) for row in rows} - {type(None)} for index in range(count)]
        named = [(each.label, index) for index, each in enumerate(table.measures) if kinds[index] == kinds[0]]
    return [_points(name, [row.figures[index] for row in rows]) for name, index in named]


def _by_second_group(table: FigureTable, rows: Sequence[FigureRow]) -> tuple[tuple[str, ...], list[Series]]:
    """Give a series for each value of the second group over the values of the first, of the first measure."""
    first = list(dict.fromkeys(row.labels[0] for row in rows))
    second = list(dict.fromkeys(row.labels[1] for row in rows))
    found = {row.labels: row.figures[0] for row in rows}
    nothing = Figure(text="")
    return tuple(first), [_points(name, [found.get((each, name), nothing) for each in first]) for name in second]


def _points(name: str, figures: Sequence[Figure]) -> Series:
    return Series(
        name=name,
        values=tuple(number_of(each.value) for each in figures),
        texts=tuple(each.text for each in figures),
        hrefs=tuple(each.href for each in figures),
    )


def _without_gaps(table: FigureTable, by: str | None, formats: Formats) -> Iterator[FigureRow]:
    """Give rows by period with those between them of which there are no records: a line goes down to zero there."""
    expected: dt.date | None = None
    for row in table.rows:
        first = row.key[0]
        if by is None or len(table.groups) > 1 or not isinstance(first, dt.date):
            yield row
            continue
        missing = 0
        while expected is not None and expected < first and missing < _MOST_CATEGORIES:
            empty = tuple(_nothing(table, index) for index in range(len(row.figures)))
            yield FigureRow(labels=(period_text(expected, by, formats),), figures=empty, key=(expected,))
            expected, missing = next_period(expected, by), missing + 1
        yield row
        expected = next_period(first, by)


def _nothing(table: FigureTable, index: int) -> Figure:
    adds_up = table.measures[index % len(table.measures)].adds_up
    return Figure(text="0" if adds_up else "", value=0 if adds_up else None)


__all__ = ["DRAWN", "ChartData", "Series", "chart_json"]
