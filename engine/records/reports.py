"""The reports of an app, read for somebody: what its file says, with the eyes of who reads it.

A report has rows, groups with measures, or both, each by one statement. Its filter, columns and measures are judged as
if the reader had brought them: a record that may not be read counts nowhere, and what it would show is empty. Nothing
is drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from engine.errors import RecordNotFound
from engine.records.aggregates import MAX_ROWS, AggregateQuery, AggregateRow, Function, Grouping, Measure
from engine.records.asked_texts import computable
from engine.records.types import ListQuery, Page
from metamodel.definitions.analytics import GroupDef, ReportDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_COUNT = (Measure(function="count"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """What a report shows. page: its rows, None where it names no columns. groups: () where it groups nothing."""

    definition: ReportDef
    page: Page | None
    groups: Sequence[AggregateRow]


def read_report(transaction: Transaction, name: str) -> ReportResult:
    """Read a report by its name.

    Raises:
        RecordNotFound: there is none, or it is not for the actor's roles.
        QueryProblem: it filters or measures by something that the actor may not read.
    """
    report = transaction.parts.metamodel.reports.get(name)
    if report is None or report.object is None or not _is_for(transaction, report, report.object):
        raise RecordNotFound("report", name)
    page = _rows(transaction, report, report.object) if report.columns else None
    groups: Sequence[AggregateRow] = ()
    if report.groups or report.measures:
        query = AggregateQuery(
            object=report.object,
            filter=_filter(report),
            groups=tuple(_grouping(report, group) for group in report.groups),
            across=_grouping(report, report.across) if report.across is not None else None,
            measures=tuple(_measures(report)) or _COUNT,
        )
        groups = transaction.aggregate(query)[: report.limit]
    return ReportResult(definition=report, page=page, groups=groups)


def reports_for(transaction: Transaction) -> tuple[ReportDef, ...]:
    """Give the reports that are for the actor's roles, by name."""
    reports = transaction.parts.metamodel.reports
    found = (reports[name] for name in sorted(reports))
    return tuple(each for each in found if each.object is not None and _is_for(transaction, each, each.object))


def _is_for(transaction: Transaction, report: ReportDef, object_key: str) -> bool:
    access = transaction.access
    if not access.of(object_key).visible:
        return False
    return access.full or not report.roles or not access.roles.isdisjoint(report.roles)


def _rows(transaction: Transaction, report: ReportDef, object_key: str) -> Page:
    # A column that the reader may not read is left out, as in a view.
    object_def = transaction.object_def(object_key)
    columns = transaction.reader.shown_paths(object_def, [path.text for path in report.columns])
    query = ListQuery(object=object_key, filter=_filter(report), fields=tuple(columns) or ("id",), sort=report.sort)
    with computable():
        return next(iter(transaction.reader.pages(object_def, query, report.limit or MAX_ROWS)))


def _filter(report: ReportDef) -> str | None:
    return report.where.text if report.where is not None else None


def _grouping(report: ReportDef, group: GroupDef) -> Grouping:
    falls = any(key.descending for key in report.sort if key.path == group.path.text)
    return Grouping(path=group.path.text, by=group.by, descending=falls)


def _measures(report: ReportDef) -> Iterator[Measure]:
    for measure in report.measures:
        path = measure.of.text if measure.of is not None else None
        yield Measure(function=cast(Function, measure.function), path=path)


__all__ = ["ReportResult", "read_report", "reports_for"]
