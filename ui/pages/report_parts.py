"""A report as its own page and dashboards show it: figures, chart, rows, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from engine.errors import QueryProblem
from engine.records.aggregates import MAX_ROWS
from engine.records.reports import ReportResult, read_report, report_filter
from engine.records.transaction import Transaction
from metamodel.definitions.analytics import GroupDef, MeasureDef, ReportDef
from metamodel.objects import ObjectDef
from metamodel.source import Problem
from metamodel.texts import label_text
from ui.context import language, release
from ui.formats import Formats
from ui.page_parts import Column
from ui.pages.filters import joined
from ui.pages.list_plan import is_number, make_columns, row_words
from ui.pages.list_state import ListState, print_sort
from ui.pages.report_charts import chart_json
from ui.pages.report_figures import FigureTable, figure_table
from ui.pages.report_values import GroupColumn, MeasureColumn, group_column, measure_column
from ui.pages.rights import access_of
from ui.rows import RowColumn, compile_rows

_COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRows:
    """Records as rows of a list, which is written already; more_url: the list with the others, if there are any."""

    columns: tuple[Column, ...]
    rows: Markup
    more_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReport:
    """What a page shows of a report.

    table: its figures, None where it has none. chart: what charts.js draws, as JSON. listed: its rows, None where it
    names no columns. records_url: the list of the records that it is about. problem: why it can't be computed.
    """

    title: str
    help: str = ""
    href: str = ""
    kind: str = "table"
    table: FigureTable | None = None
    chart: str = ""
    listed: ShownRows | None = None
    records_url: str = ""
    problem: Problem | None = None


def report_title(report: ReportDef) -> str:
    """Give the label of a report in the language of who asks."""
    return label_text(report.label, language(), report.name)


def shown_report(
    transaction: Transaction,
    name: str,
    formats: Formats,
    *,
    narrowed_by: str = "",
    chart: str | None = None,
    rows: int = MAX_ROWS,
) -> ShownReport:
    """Read a report and make it ready for a page.

    narrowed_by: an expression its rows have to meet besides. chart: how it is drawn, if not as it says itself. rows:
    how many of its rows are shown; on fewer than all no totals are read either.

    Raises: RecordNotFound: there is none, or it is not for the actor's roles.
    """
    whole = rows >= MAX_ROWS
    definition = release().metamodel.reports.get(name)
    kind = chart or (definition.chart if definition is not None else None) or "table"
    try:
        found = read_report(
            transaction, name, narrowed_by=narrowed_by, with_total=whole or kind == "number", most_rows=rows
        )
    except QueryProblem as refused:
        definition = release().metamodel.reports[name]
        return ShownReport(title=report_title(definition), problem=refused.problems[0])
    return _shown(found, formats, narrowed_by, kind)


def _shown(found: ReportResult, formats: Formats, narrowed_by: str, kind: str) -> ShownReport:
    report = found.definition
    object_def = release().metamodel.objects[report.object or ""]
    base = report_filter(report, narrowed_by) or ""
    state = ListState(object=object_def.key)

    def link_to(conditions: Sequence[str]) -> str:
        return state.url(filter=joined([*([_bound(base)] if base else ()), *conditions]) if conditions else base)

    table = None
    if report.groups or report.measures:
        groups = tuple(_group(object_def, each) for each in report.groups)
        table = figure_table(
            found.groups,
            found.total or (found.groups[0] if found.groups and not report.groups else None),
            groups,
            _group(object_def, report.across) if report.across is not None else None,
            tuple(_measure(object_def, each, formats) for each in report.measures or (_counted(report),)),
            formats=formats,
            link_to=link_to,
            cut=len(found.groups) >= (report.limit or MAX_ROWS),
        )
    query = f"?filter={quote(narrowed_by)}" if narrowed_by else ""
    records_url = state.url(filter=base, sort=print_sort(report.sort))
    return ShownReport(
        title=report_title(report),
        help=label_text(report.help, language(), "") if report.help is not None else "",
        href=f"/reports/{quote(report.name)}{query}",
        kind=kind,
        table=table,
        chart=chart_json(kind, table, report.groups[0].by if report.groups else None, formats) if table else "",
        listed=_listed(found, object_def, formats, records_url),
        records_url=records_url,
    )


def _listed(found: ReportResult, object_def: ObjectDef, formats: Formats, records_url: str) -> ShownRows | None:
    if found.page is None:
        return None
    columns = _columns(object_def, [path.text for path in found.definition.columns])
    write = compile_rows(object_def.key, columns, formats, row_words(), select=False)
    more_url = records_url if found.page.next_cursor is not None else ""
    return ShownRows(columns=heads_of(columns), rows=write(found.page.rows), more_url=more_url)


def heads_of(columns: Sequence[RowColumn]) -> tuple[Column, ...]:
    """Give the heads of a list that nobody sorts or edits."""
    return tuple(
        Column(label=each.label, name=each.path, end=is_number(each.field), title=index == 0)
        for index, each in enumerate(columns)
    )


def _bound(text: str) -> str:
    """Give an expression as one that others may be joined to."""
    return f"({text})"


def _columns(object_def: ObjectDef, paths: Sequence[str]) -> tuple[RowColumn, ...]:
    return make_columns(release().metamodel, access_of(), object_def, paths, language())


def _group(object_def: ObjectDef, group: GroupDef) -> GroupColumn:
    (column,) = _columns(object_def, [group.path.text])
    return group_column(group, column, language())


def _measure(object_def: ObjectDef, measure: MeasureDef, formats: Formats) -> MeasureColumn:
    columns = _columns(object_def, [measure.of.text]) if measure.of is not None else ()
    return measure_column(measure, columns[0] if columns else None, formats)


def _counted(report: ReportDef) -> MeasureDef:
    return MeasureDef(function=_COUNT, at=report.at)


__all__ = ["ShownReport", "ShownRows", "heads_of", "report_title", "shown_report"]
