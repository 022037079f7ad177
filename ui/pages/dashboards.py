"""`/dashboards/{dashboard}`: reports and lists side by side under one filter, each read through the same door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.errors import QueryProblem
from engine.records.reports import find_dashboard, is_part_for
from engine.records.transaction import Transaction
from metamodel.definitions.analytics import DashboardDef, DashboardPartDef
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Crumb
from ui.pages.list_plan import ListPlan, list_plan
from ui.pages.list_state import ListState
from ui.pages.report_parts import ShownReport, ShownRows, heads_of, shown_report
from ui.pages.reports import Narrowing, as_of, crumbs, narrowed_answer
from ui.pages.rights import access_of, user_formats

blueprint = Blueprint("dashboards", __name__)

_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part; report: None where the person may not read what it shows. width: in columns."""

    title: str
    width: int
    report: ShownReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardPage:
    """The context `page` of templates/pages/dashboard.html. narrowing: None where its parts have no field in common."""

    title: str
    crumbs: tuple[Crumb, ...]
    columns: int
    parts: tuple[Part, ...]
    narrowing: Narrowing | None
    as_of: str


@blueprint.get("/dashboards/<dashboard_name>")
def show_dashboard(dashboard_name: str) -> ResponseReturnValue:
    """Show the parts of a dashboard."""
    formats = user_formats()
    narrowed = request.args.get("filter", "").strip()
    with platform().records.reading(actor(), release=release()) as transaction:
        definition = find_dashboard(transaction, dashboard_name)
        parts = tuple(_part(transaction, each, formats, narrowed) for each in definition.parts)

    def write(narrowing: Narrowing | None) -> str:
        title = label_text(definition.label, language(), definition.name)
        page = DashboardPage(
            title=title, crumbs=crumbs(title), columns=definition.columns, parts=parts, narrowing=narrowing,
            as_of=as_of(formats),
        )  # fmt: skip
        return render_template("pages/dashboard.html", page=page)

    plan = _common_plan(definition, formats)
    if plan is None:
        return write(None)
    # A filter that some part knows is none that is wrong; the others say by themselves that it is not for them.
    problems = [part.report.problem for part in parts if part.report is not None]
    problem = problems[0] if problems and all(each is not None for each in problems) else None
    return narrowed_answer(plan, f"/dashboards/{quote(definition.name)}", problem, write)


def _part(transaction: Transaction, part: DashboardPartDef, formats: Formats, narrowed: str) -> Part:
    title = label_text(part.label, language(), "") if part.label is not None else ""
    if not is_part_for(part, release().metamodel, access_of()):
        return Part(title=title, width=part.width)
    if part.report is not None:
        found = shown_report(transaction, part.report, formats, narrowed_by=narrowed, chart=part.chart, rows=_ROWS)
    else:
        found = _list_part(transaction, part, formats, narrowed)
    return Part(title=title or found.title, width=part.width, report=found)


def _list_part(transaction: Transaction, part: DashboardPartDef, formats: Formats, narrowed: str) -> ShownReport:
    object_def = release().metamodel.objects[part.object or ""]
    view = object_def.views.get(part.view or "")
    plan = list_plan(release(), access_of(), object_def, view, formats)
    state = ListState(object=object_def.key, view=view.name if view is not None else "", filter=narrowed, size=_ROWS)
    label = (view.label if view is not None else None) or object_def.plural or object_def.label
    title, href = label_text(label, language(), object_def.name), replace(state, size=50).url()
    try:
        page = transaction.list(state.query(plan.paths, view))
    except QueryProblem as refused:
        return ShownReport(title=title, href=href, problem=refused.problems[0])
    more = href if page.next_cursor is not None else ""
    listed = ShownRows(columns=heads_of(plan.columns), rows=plan.write_rows(page.rows), more_url=more)
    return ShownReport(title=title, href=href, listed=listed, records_url=href)


def _common_plan(definition: DashboardDef, formats: Formats) -> ListPlan | None:
    """Give the list plan of the first part, its filter narrowed to fields that all readable parts have alike."""
    plans = [list_plan(release(), access_of(), each, None, formats) for each in _objects(definition)]
    if not plans:
        return None
    common = {
        name: field
        for name, field in plans[0].filterable.items()
        if all(_alike(name, field, plan.filterable) for plan in plans[1:])
    }
    return replace(plans[0], filterable=common, reaches=False) if common else None


def _objects(definition: DashboardDef) -> Iterator[ObjectDef]:
    metamodel, access = release().metamodel, access_of()
    shown = [part for part in definition.parts if is_part_for(part, metamodel, access)]
    keys = [metamodel.reports[part.report].object if part.report is not None else part.object for part in shown]
    return (metamodel.objects[key] for key in dict.fromkeys(keys) if key is not None)


def _alike(name: str, field: FieldDef, others: Mapping[str, FieldDef]) -> bool:
    other = others.get(name)
    if other is None or other.value_type != field.value_type or other.multiple != field.multiple:
        return False
    if field.choice is not None and other.choice is not None:
        return [each.name for each in field.choice.options] == [each.name for each in other.choice.options]
    targets = [each.relation.targets if each.relation is not None else () for each in (field, other)]
    return targets[0] == targets[1]
