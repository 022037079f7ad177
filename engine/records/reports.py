"""The reports of an app, read for somebody: what its file says, with the eyes of who reads it.

A report has rows, groups with measures, or both, each by one statement. Its filter, columns and measures are judged as
if the reader had brought them: a record that may not be read counts nowhere, and what it would show is empty. Nothing
is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from engine.access.compiler import Access
from engine.errors import QueryProblem, RecordNotFound
from engine.records.aggregates import MAX_ROWS, AggregateQuery, AggregateRow, Function, Grouping, Measure
from engine.records.asked_texts import computable
from engine.records.types import ListQuery, Page
from metamodel.apps import Metamodel
from metamodel.definitions.analytics import DashboardDef, DashboardPartDef, GroupDef, ReportDef
from metamodel.source import LocatedText
from workflow_dsl import parse_expression

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_COUNT = (Measure(function="count"),)
_UNREADABLE = "this report uses a field that is not there for you"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """What a report shows.

    page: its rows, None where it names no columns. groups: () where it groups nothing. total: its figures over all
    that its filter lets through, where they were asked for.
    """

    definition: ReportDef
    page: Page | None
    groups: Sequence[AggregateRow]
    total: AggregateRow | None = None


def read_report(
    transaction: Transaction, name: str, *, narrowed_by: str = "", with_total: bool = False, most_rows: int = MAX_ROWS
) -> ReportResult:
    """Read a report by its name.

    narrowed_by: an expression that its rows have to meet besides. with_total: whether its figures over everything are
    asked for too, by one statement more. most_rows: how many rows are read, if the report itself says no fewer.

    Raises:
        RecordNotFound: there is none, or it is not for the actor's roles.
        QueryProblem: it filters or measures by something that the actor may not read.
    """
    report = transaction.parts.metamodel.reports.get(name)
    if report is None or report.object is None or not is_report_for(report, transaction.access):
        raise RecordNotFound("report", name)
    try:
        return _read(transaction, report, report.object, narrowed_by, most_rows, with_total=with_total)
    except QueryProblem as refused:
        if transaction.access.full or (narrowed_by and _is_sound(transaction, report, report.object)):
            raise
        # What the report names is its author's to know: its reader has named nothing.
        raise QueryProblem([replace(each, message=_UNREADABLE, hint="") for each in refused.problems]) from None


def _is_sound(transaction: Transaction, report: ReportDef, object_key: str) -> bool:
    try:
        _read(transaction, report, object_key, "", 1, with_total=False)
    except QueryProblem:
        return False
    return True


def _read(
    transaction: Transaction, report: ReportDef, object_key: str, narrowed_by: str, most_rows: int, *, with_total: bool
) -> ReportResult:
    condition = report_filter(report, narrowed_by)
    page = _rows(transaction, report, object_key, condition, most_rows) if report.columns else None
    groups: Sequence[AggregateRow] = ()
    total: AggregateRow | None = None
    if report.groups or report.measures:
        query = AggregateQuery(
            object=object_key,
            filter=condition,
            groups=tuple(_grouping(report, group) for group in report.groups),
            across=_grouping(report, report.across) if report.across is not None else None,
            measures=tuple(_measures(report)) or _COUNT,
        )
        groups = transaction.aggregate(query)[: report.limit]
        if with_total and (query.groups or query.across is not None):
            (total,) = transaction.aggregate(replace(query, groups=(), across=None))
    return ReportResult(definition=report, page=page, groups=groups, total=total)


def report_filter(report: ReportDef, narrowed_by: str = "") -> str | None:
    """Give the condition of a report and what it is narrowed by as one expression; None where there is neither."""
    own, more = report.where.text if report.where is not None else "", narrowed_by.strip()
    if not own or not more:
        return own or more or None
    # What is no expression by itself shall not become one by the brackets around it.
    if parse_expression(LocatedText.plain(more)).expression is None:
        return more
    return f"({own}) and ({more})"


def find_dashboard(transaction: Transaction, name: str) -> DashboardDef:
    """Give a dashboard by its name.

    Raises: RecordNotFound: there is none, or it is not for the actor's roles.
    """
    found = transaction.parts.metamodel.dashboards.get(name)
    if found is None or not is_dashboard_for(found, transaction.parts.metamodel, transaction.access):
        raise RecordNotFound("dashboard", name)
    return found


def reports_for(metamodel: Metamodel, access: Access) -> tuple[ReportDef, ...]:
    """Give the reports that are for somebody's roles and whose objects they may read, by name."""
    return tuple(each for _, each in sorted(metamodel.reports.items()) if is_report_for(each, access))


def dashboards_for(metamodel: Metamodel, access: Access) -> tuple[DashboardDef, ...]:
    """Give the dashboards that are for somebody, by name."""
    return tuple(each for _, each in sorted(metamodel.dashboards.items()) if is_dashboard_for(each, metamodel, access))


def is_report_for(report: ReportDef, access: Access) -> bool:
    """Say whether a report is for somebody's roles, and its object one that they may read."""
    return report.object is not None and access.of(report.object).visible and _has_role(access, report.roles)


def is_dashboard_for(dashboard: DashboardDef, metamodel: Metamodel, access: Access) -> bool:
    """Say whether a dashboard is for somebody: by their roles; one that names none, by a part that they may read."""
    if dashboard.roles:
        return _has_role(access, dashboard.roles)
    return any(is_part_for(part, metamodel, access) for part in dashboard.parts)


def is_part_for(part: DashboardPartDef, metamodel: Metamodel, access: Access) -> bool:
    """Say whether somebody may read what a part of a dashboard shows."""
    report = metamodel.reports.get(part.report or "")
    if report is not None:
        return is_report_for(report, access)
    if part.object is None or not access.of(part.object).visible:
        return False
    view = metamodel.objects[part.object].views.get(part.view or "")
    return view is None or _has_role(access, view.roles)


def _has_role(access: Access, roles: Sequence[str]) -> bool:
    return access.full or not roles or not access.roles.isdisjoint(roles)


def _rows(transaction: Transaction, report: ReportDef, object_key: str, condition: str | None, most_rows: int) -> Page:
    # A column that the reader may not read is left out, as in a view.
    object_def = transaction.object_def(object_key)
    columns = transaction.reader.shown_paths(object_def, [path.text for path in report.columns])
    query = ListQuery(object=object_key, filter=condition, fields=tuple(columns) or ("id",), sort=report.sort)
    with computable():
        return next(iter(transaction.reader.pages(object_def, query, min(report.limit or MAX_ROWS, most_rows))))


def _grouping(report: ReportDef, group: GroupDef) -> Grouping:
    falls = any(key.descending for key in report.sort if key.path == group.path.text)
    return Grouping(path=group.path.text, by=group.by, descending=falls)


def _measures(report: ReportDef) -> Iterator[Measure]:
    for measure in report.measures:
        path = measure.of.text if measure.of is not None else None
        yield Measure(function=cast(Function, measure.function), path=path)


__all__ = [
    "ReportResult",
    "dashboards_for",
    "find_dashboard",
    "is_dashboard_for",
    "is_part_for",
    "is_report_for",
    "read_report",
    "report_filter",
    "reports_for",
]
