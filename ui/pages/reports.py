"""`/reports` and `/reports/{report}`: the reports of the apps under a filter, each figure leading to its records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.records.reports import dashboards_for, reports_for
from metamodel.field_types import FieldValueError, message
from metamodel.source import Problem
from metamodel.texts import label_text
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Chip, Crumb
from ui.pages.fragments import is_htmx
from ui.pages.list_filter import FilterBar, make_bar, make_chips, with_condition
from ui.pages.list_plan import ListPlan, list_plan
from ui.pages.list_state import read_state
from ui.pages.report_parts import ShownReport, report_title, shown_report
from ui.pages.rights import access_of, user_formats

blueprint = Blueprint("reports", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A report or dashboard in the list of them."""

    title: str
    href: str
    about: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """The context `page` of templates/pages/reports.html."""

    dashboards: tuple[Entry, ...]
    reports: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """The filter of a report or dashboard: what it is now, and the bar that changes it."""

    bar: FilterBar
    chips: tuple[Chip, ...]
    base_url: str
    clear_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The context `page` of templates/pages/report.html."""

    crumbs: tuple[Crumb, ...]
    report: ShownReport
    narrowing: Narrowing
    as_of: str


@blueprint.get("/reports")
def show_overview() -> ResponseReturnValue:
    """List the dashboards and reports that are for the person."""
    metamodel, access = release().metamodel, access_of()
    dashboards = tuple(
        Entry(
            title=label_text(each.label, language(), each.name),
            href=f"/dashboards/{quote(each.name)}",
            about="",
            icon="layout-dashboard",
        )
        for each in dashboards_for(metamodel, access)
    )
    reports = []
    for each in reports_for(metamodel, access):
        object_def = metamodel.objects[each.object or ""]
        plural = label_text(object_def.plural or object_def.label, language(), object_def.name)
        about = label_text(each.help, language(), plural) if each.help is not None else plural
        href = f"/reports/{quote(each.name)}"
        reports.append(Entry(title=report_title(each), href=href, about=about, icon="chart-bar"))
    return render_template("pages/reports.html", page=OverviewPage(dashboards=dashboards, reports=tuple(reports)))


@blueprint.get("/reports/<report_name>")
def show_report(report_name: str) -> ResponseReturnValue:
    """Show a report: its chart, its figures with their totals, its rows."""
    formats, base = user_formats(), f"/reports/{quote(report_name)}"
    narrowed = request.args.get("filter", "").strip()
    with platform().records.reading(actor(), release=release()) as transaction:
        shown = shown_report(transaction, report_name, formats, narrowed_by=narrowed)
    object_def = release().metamodel.objects[release().metamodel.reports[report_name].object or ""]
    plan = list_plan(release(), access_of(), object_def, None, formats)
    return narrowed_answer(
        plan,
        base,
        shown.problem,
        lambda narrowing: render_template(
            "pages/report.html",
            page=ReportPage(crumbs=crumbs(shown.title), report=shown, narrowing=narrowing, as_of=as_of(formats)),
        ),
    )


def narrowed_answer(
    plan: ListPlan, base: str, problem: Problem | None, write: Callable[[Narrowing], str]
) -> ResponseReturnValue:
    """Answer with a page that has a filter: the page, only the form of its filter, or the way to a filter added."""
    state, refused = read_state(plan.object_def.key, request.args, base), ""
    state = replace(state, view="", search="", sort="", cursor="", exact=False, size=50)
    if request.args.get("add"):
        try:
            return redirect(with_condition(plan, state), 303)
        except FieldValueError as fault:
            refused = message(fault.code, language(), **fault.params)
    bar = make_bar(plan, state, problem if state.filter else None, refused)
    if is_htmx() and request.headers.get("HX-Target") == "filter-form":
        drawn: str = current_app.jinja_env.globals["ui"].filter_form(bar, base)  # type: ignore[attr-defined]
        return drawn
    narrowing = Narrowing(bar=bar, chips=make_chips(plan, state), base_url=base, clear_url=base)
    return write(narrowing), 400 if bar.problem is not None or refused else 200


def crumbs(title: str) -> tuple[Crumb, ...]:
    """Give the way to a report or dashboard."""
    return (Crumb(label=str(_("Reports")), href="/reports"), Crumb(label=title))


def as_of(formats: Formats) -> str:
    """Say when what is shown was read, in the person's time zone, which is named."""
    now = platform().clock.now()
    return str(_("As of %(time)s (%(zone)s)", time=formats.datetime(now), zone=formats.zone.key))


__all__ = ["Narrowing", "as_of", "blueprint", "crumbs", "narrowed_answer"]
