"""Lists of records: `/o/{object}` with its views, filter bar, sorting, keyset pages, count and total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from engine.errors import QueryProblem
from engine.records.cursor import FOREIGN_CURSOR
from engine.records.sortable import can_sort_by
from engine.records.transaction import Transaction
from engine.records.types import Count
from metamodel.field_types import FieldValueError, message
from metamodel.source import Problem
from metamodel.texts import label_text
from metamodel.views import SortKey, ViewType
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Chip, Column, Crumb
from ui.pages.board import board_page
from ui.pages.calendar import calendar_page
from ui.pages.column_panel import PANEL, ColumnPanel, column_panel, panel_url
from ui.pages.counts import count_text
from ui.pages.export import export_links
from ui.pages.fragments import is_htmx, render_block
from ui.pages.importing import import_url
from ui.pages.kept_pages import kept_page
from ui.pages.list_acts import ListAct, list_acts
from ui.pages.list_columns import parse_columns
from ui.pages.list_filter import FilterBar, counted_chips, make_bar, make_chips, with_condition
from ui.pages.list_groups import grouped_rows, list_groups, list_order
from ui.pages.list_plan import ListPlan, is_number, is_sortable, list_plan
from ui.pages.list_state import PAGE_SIZES, ListState, chosen_view, print_sort
from ui.pages.mass_edit import mass_edit_url
from ui.pages.press_many import ButtonOfList, list_buttons
from ui.pages.recycle_bin import bin_url, may_see_bin
from ui.pages.rights import access_of, readable_object, user_formats
from ui.pages.totals import total_text
from ui.pages.view_tabs import Opened, ViewBar, note_view, open_state, view_bar
from ui.rows import RowColumn

blueprint = Blueprint("record_list", __name__)

_TEMPLATE = "pages/record_list.html"
_DRAWN = {ViewType.BOARD: board_page, ViewType.CALENDAR: calendar_page}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What of a list page follows from the records: everything that a kept page has slots for."""

    rows: str = ""
    summary: str = ""
    exact_url: str = ""
    total: str = ""
    next_url: str = ""
    first_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The context `page` of templates/pages/record_list.html."""

    title: str
    icon: str
    crumbs: tuple[Crumb, ...]
    views: ViewBar
    state: ListState
    panel: ColumnPanel | None
    panel_url: str
    chips: tuple[Chip, ...]
    bar: FilterBar
    columns: tuple[Column, ...]
    found: Found
    total_label: str
    new_url: str
    exports: tuple[Crumb, ...]
    import_url: str
    mass_edit_url: str
    bin_url: str
    buttons: tuple[ButtonOfList, ...]
    acts: tuple[ListAct, ...]
    hidden: dict[str, str]
    base_url: str
    clear_url: str
    sizes: tuple[tuple[int, str], ...]
    problem_lines: str


@blueprint.get("/o/<object_name>")
def show_list(object_name: str) -> ResponseReturnValue:
    """Show a view of an object, as what its type says."""
    object_def = readable_object(object_name)
    with platform().records.reading(actor(), release=release()) as transaction:
        opened = open_state(transaction, object_def)
        state = opened.state
        view = chosen_view(object_def, state, access_of().roles)
        draw = _DRAWN.get(view.type) if view is not None else None
        plan = list_plan(release(), access_of(), object_def, view, user_formats(), state.paths, select=True)
        is_read = draw is None and not request.args.get("add")
        found, problem = _read(transaction, plan, state, user_formats()) if is_read else (Found(), None)
    if problem is not None and problem.code == FOREIGN_CURSOR and state.cursor:
        # An address that was sent on holds a place in a list that others see; theirs starts at its beginning.
        return redirect(state.url(cursor=""), 303)
    note_view(opened)
    if view is not None and draw is not None:
        return draw(object_def, view, state, view_bar(object_def, opened, view))
    if not is_read:
        try:
            return redirect(with_condition(plan, state), 303)
        except FieldValueError as fault:
            return _refused(plan, opened, message(fault.code, language(), **fault.params))
    if is_htmx() and request.headers.get("HX-Target") == "filter-form":
        return render_block(_TEMPLATE, "filter_form", page=_page(plan, opened, found, problem))
    if problem is None and found.rows and not (state.filter or state.search or {"field", PANEL} & set(request.args)):
        return _kept_text(plan, opened, found)
    page = _page(plan, opened, found, problem)
    if not found.rows and problem is None and page.chips:
        page = replace(page, chips=counted_chips(plan, state))
    return render_template(_TEMPLATE, page=page), 400 if problem is not None else 200


def _refused(plan: ListPlan, opened: Opened, why: str) -> ResponseReturnValue:
    """Show the list with the condition that can't be added to its filter."""
    with platform().records.reading(actor(), release=release()) as transaction:
        found, problem = _read(transaction, plan, opened.state, user_formats())
    return render_template(_TEMPLATE, page=_page(plan, opened, found, problem, why)), 400


def _read(transaction: Transaction, plan: ListPlan, state: ListState, formats: Formats) -> tuple[Found, Problem | None]:
    groups = list_groups(plan, state)
    query = state.query(plan.paths, plan.view)
    if groups is not None:
        query = groups.query(plan.object_def, query, list_order(plan, state))
    try:
        page = transaction.list(query)
        more = bool(state.cursor) or page.next_cursor is not None
        counted = transaction.count(query, exact=state.exact) if more else None
        total = total_text(transaction, plan, state, formats)
        rows = (
            grouped_rows(transaction, plan, state, groups, page.rows, formats)
            if groups is not None
            else plan.write_rows(page.rows)
        )
    except QueryProblem as refused:
        return Found(first_url=state.url(cursor="") if state.cursor else ""), refused.problems[0]
    capped = counted is not None and counted.capped
    found = Found(
        rows=rows,
        summary=_summary(plan, counted or Count(value=len(page))),
        exact_url=state.url(exact=True, cursor=state.cursor) if capped else "",
        total=total,
        next_url=state.url(cursor=page.next_cursor) if page.next_cursor else "",
        first_url=state.url(cursor="") if state.cursor else "",
    )
    return found, None


def _summary(plan: ListPlan, counted: Count) -> str:
    return plan.counted_one if counted.value == 1 else plan.counted % {"count": count_text(counted)}


def _kept_text(plan: ListPlan, opened: Opened, found: Found) -> str:
    """Give the page of a list without a filter: all but what was found follows from roles, views and address."""
    access, state = access_of(), opened.state
    values = {name: getattr(found, name) for name in Found.__slots__}
    filled = frozenset(name for name, value in values.items() if value)
    view = plan.view.name if plan.view is not None else ""
    key = (plan.object_def.key, view, access.roles, access.full, opened.key, replace(state, cursor=""), filled)

    def make(marks: Mapping[str, Markup]) -> ListPage:
        shown = {name: marks[name] if name in filled else "" for name in values}
        return _page(plan, opened, Found(**shown), None)

    return kept_page(key, _TEMPLATE, tuple(values), make).show(values)


def _page(plan: ListPlan, opened: Opened, found: Found, problem: Problem | None, refused: str = "") -> ListPage:
    object_def, tongue, state = plan.object_def, language(), opened.state
    title = label_text(object_def.plural or object_def.label, tongue, object_def.name)
    return ListPage(
        title=title,
        icon=object_def.icon or "table",
        crumbs=(Crumb(label=title),),
        views=view_bar(object_def, opened, plan.view),
        state=state,
        chips=make_chips(plan, state, grows=True),
        bar=make_bar(plan, state, problem, refused),
        columns=_heads(plan, state),
        panel=column_panel(plan, state),
        panel_url=panel_url(plan, state),
        found=found,
        total_label=label_text(plan.total.label, tongue, plan.total.name) if plan.total is not None else "",
        new_url=f"/o/{quote(object_def.key)}/new" if access_of().of(object_def.key).may("create") else "",
        exports=export_links(object_def, state),
        import_url=import_url(object_def),
        bin_url=bin_url(object_def) if may_see_bin(object_def) else "",
        mass_edit_url=mass_edit_url(state),
        buttons=list_buttons(object_def, state),
        acts=list_acts(plan, state),
        base_url=f"/o/{quote(object_def.key)}",
        clear_url=state.url(filter="", search=""),
        sizes=tuple((size, "" if size == state.size else state.url(size=size)) for size in PAGE_SIZES),
        problem_lines=_pointed(state.filter, problem) if problem is not None else "",
        hidden=state.hidden("q"),
    )


def _sorts(plan: ListPlan, column: RowColumn) -> bool:
    parts = platform().records.parts(release())
    return is_sortable(column) and can_sort_by(parts, access_of(), plan.object_def, column.path)


def _heads(plan: ListPlan, state: ListState) -> tuple[Column, ...]:
    order = list_order(plan, state)
    widths = {each.path: each.width for each in parse_columns(state.columns)}
    return tuple(
        Column(
            label=column.label,
            name=column.path,
            sort_url=state.url(sort=_next_sort(column.path, order)) if _sorts(plan, column) else "",
            sorted=_sorted(column.path, order),
            end=is_number(column.field),
            title=index == 0,
            edited=column.edited,
            width=widths.get(column.path, ""),
        )
        for index, column in enumerate(plan.columns)
    )


def _next_sort(path: str, order: Sequence[SortKey]) -> str:
    descending = bool(order) and order[0].path == path and not order[0].descending
    return print_sort((SortKey(path=path, descending=descending),))


def _sorted(path: str, order: Sequence[SortKey]) -> Literal["", "ascending", "descending"]:
    if not order or order[0].path != path:
        return ""
    return "descending" if order[0].descending else "ascending"


def _pointed(text: str, problem: Problem) -> str:
    lines = text.splitlines() or [""]
    at = min(max(problem.at.line, 1), len(lines)) - 1
    caret = " " * (problem.at.column - 1) + "^" * max(problem.length, 1)
    return "\n".join([*lines[: at + 1], caret, *lines[at + 1 :]])
