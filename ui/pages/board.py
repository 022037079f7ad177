"""Boards: the records of a view in a column for each option of a choice field, with counts and totals by column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import QueryProblem, UnknownObject
from engine.records.aggregates import AggregateQuery, Measure
from engine.records.types import ListQuery, Record
from metamodel.fields import FieldDef, OptionDef
from metamodel.objects import ObjectDef
from metamodel.record_types import RECORD_TYPE, RecordTypeDef, deciding_fields
from metamodel.texts import label_text
from metamodel.views import ViewDef
from ui.board_cards import BoardCard
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.link_markup import SHOWN
from ui.page_parts import Chip, Crumb, Item, Option, Tab
from ui.pages.board_types import column_options, type_tabs, types_with_columns
from ui.pages.filters import filter_parts, joined
from ui.pages.form_values import BOARD
from ui.pages.fragments import render_block
from ui.pages.list_filter import make_chips
from ui.pages.list_plan import list_plan, make_columns
from ui.pages.list_state import ListState, chosen_view
from ui.pages.rights import access_of, user_formats
from ui.pages.stage_path import next_options
from ui.pages.totals import sum_text
from ui.pages.values import value_at
from ui.pages.view_tabs import ViewBar
from ui.rows import RowColumn
from ui.telling import tell_problem
from workflow_dsl.printer import quote as quote_text

CARDS = 50
_OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn:
    """One option with its cards; count and sum are over all its records, shown or not."""

    option: Option
    count: int
    sum: str
    cards: tuple[BoardCard, ...]
    more_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """The context `page` of templates/pages/board.html."""

    title: str
    icon: str
    crumbs: tuple[Crumb, ...]
    views: ViewBar
    types: tuple[Tab, ...]
    state: ListState
    base_url: str
    hidden: Mapping[str, str]
    chips: tuple[Chip, ...]
    clear_url: str
    new_url: str
    field: str
    columns: tuple[BoardColumn, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPlan:
    """What of a board depends only on release, roles, view and language.

    deciding: fields that its columns depend on. types: record types with columns of their own.
    """

    object_def: ObjectDef
    view: ViewDef
    by: FieldDef
    card: tuple[RowColumn, ...]
    total: FieldDef | None
    has_owner: bool
    deciding: tuple[str, ...]
    types: tuple[RecordTypeDef, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked of the door for each card."""
        names = [column.path for column in self.card]
        return tuple(dict.fromkeys([*names, self.by.name, *self.deciding, *([_OWNER] if self.has_owner else [])]))


def board_page(object_def: ObjectDef, view: ViewDef, state: ListState, bar: ViewBar) -> ResponseReturnValue:
    """Show a board."""
    page = _make_page(object_def, view, state, bar)
    return render_template("pages/board.html", page=page), 400 if page.problem else 200


def board_fragment(object_def: ObjectDef, view_name: str) -> str:
    """Give the board alone, as it is after a move."""
    state = ListState(object=object_def.key, view=view_name, filter=request.args.get("filter", ""))
    view = chosen_view(object_def, state, access_of().roles)
    if view is None:
        raise UnknownObject(object_def.key)
    return render_block(
        "pages/board.html", "board", page=_make_page(object_def, view, state, ViewBar(tabs=(), hidden={}))
    )


def _make_page(object_def: ObjectDef, view: ViewDef, state: ListState, bar: ViewBar) -> BoardPage:
    formats = user_formats()
    access = access_of()
    key = ("ui.board", object_def.key, view.name, access.roles, access.full, formats.language)
    plan = release().part(key, lambda made: _plan(object_def, view, formats))
    title = label_text(object_def.plural or object_def.label, language(), object_def.name)
    columns, problem = _columns(plan, state, formats)
    filters = list_plan(release(), access, object_def, view, formats)
    return BoardPage(
        title=title,
        icon=object_def.icon or "layout-kanban",
        crumbs=(Crumb(label=title),),
        views=bar,
        types=type_tabs(plan.types, view, state),
        state=state,
        base_url=f"/o/{quote(object_def.key)}",
        hidden={**state.hidden("q"), "view": view.name},
        chips=make_chips(filters, state),
        clear_url=state.url(filter="", search=""),
        new_url=f"/o/{quote(object_def.key)}/new" if access.of(object_def.key).may("create") else "",
        field=plan.by.name,
        columns=columns,
        problem=problem,
    )


def _plan(object_def: ObjectDef, view: ViewDef, formats: Formats) -> BoardPlan:
    access = access_of()
    readable = access.of(object_def.key).readable
    by = object_def.fields.get(view.by or "")
    if by is None or by.name not in readable:
        raise UnknownObject(object_def.key)
    paths = [path.text for path in view.card]
    total = object_def.fields.get(view.sum or "")
    return BoardPlan(
        object_def=object_def,
        view=view,
        by=by,
        card=make_columns(release().metamodel, access, object_def, paths, formats.language),
        total=total if total is not None and total.name in readable else None,
        has_owner=_OWNER in readable,
        deciding=tuple(name for name in deciding_fields(object_def, by) if name in readable),
        types=types_with_columns(object_def, by) if RECORD_TYPE in readable else (),
    )


def _columns(plan: BoardPlan, state: ListState, formats: Formats) -> tuple[tuple[BoardColumn, ...], str]:
    try:
        figures = _figures(plan, state)
        return tuple(_board_columns(plan, state, figures, formats)), ""
    except QueryProblem as refused:
        return (), tell_problem(refused.problems[0])


def _figures(plan: BoardPlan, state: ListState) -> Mapping[object, tuple[object, ...]]:
    measures = [Measure(function="count")]
    if plan.total is not None:
        measures.append(Measure(function="sum", path=plan.total.name))
    query = AggregateQuery(
        object=plan.object_def.key,
        filter=state.filter or None,
        view=plan.view.name,
        search=state.search or None,
        groups=(plan.by.name,),
        measures=tuple(measures),
    )
    return {row.groups[0]: row.measures for row in platform().records.aggregate(actor(), query)}


def _board_columns(
    plan: BoardPlan, state: ListState, figures: Mapping[object, tuple[object, ...]], formats: Formats
) -> Iterable[BoardColumn]:
    for option in column_options(plan.by, plan.types, plan.view, state):
        found = figures.get(option.name)
        if found is None and not option.active:
            continue
        count = int(str(found[0])) if found is not None else 0
        total = sum_text(plan.total, found[1], formats) if found is not None and plan.total is not None else ""
        yield BoardColumn(
            option=_option(option, formats.language),
            count=count,
            sum=total,
            cards=_cards(plan, state, option.name, formats) if count else (),
            more_url=_more_url(plan, state, option.name) if count > CARDS else "",
        )


def _cards(plan: BoardPlan, state: ListState, option: str, formats: Formats) -> tuple[BoardCard, ...]:
    query = ListQuery(
        object=plan.object_def.key,
        view=plan.view.name,
        filter=_narrowed(plan, state, option),
        search=state.search or None,
        fields=plan.paths,
        limit=CARDS,
        linked=SHOWN,
    )
    may_move = plan.by.name in access_of().of(plan.object_def.key).updatable
    return tuple(_card(plan, record, formats, may_move) for record in platform().records.list(actor(), query).rows)


def _card(plan: BoardPlan, record: Record, formats: Formats, may_move: bool) -> BoardCard:
    key = plan.object_def.key
    filled = (record.values, record.masked)
    shown = [column for column in plan.card[1:] if any(each.get(column.path) is not None for each in filled)]
    # The first path is the card's head; what it says stands in the record's title already.
    first = plan.card[0].path if plan.card else ""
    head = (
        str(record.masked.get(first) or record.values.get(first) or "")
        if first and plan.card[0].field.relation is None
        else ""
    )
    return BoardCard(
        id=f"record-{key}-{record.id}",
        title=head or record.title or str(_("Without a name")),
        href=f"/o/{quote(key)}/{record.id}",
        action=f"/o/{quote(key)}/{record.id}/move?{BOARD}={quote(plan.view.name)}",
        version=record.version,
        items=tuple(
            Item(label=column.label, shown=value_at(column.field, record, column.path, formats))
            for column in shown
            if column.path != _OWNER
        ),
        moves=tuple(
            _option(option, formats.language) for option in next_options(plan.object_def, plan.by, record.values)
        )
        if may_move
        else (),
        owner=record.titles.get(_OWNER, ""),
    )


def _narrowed(plan: BoardPlan, state: ListState, option: str) -> str:
    own = f"{plan.by.name} = {quote_text(option)}"
    parts = filter_parts(state.filter)
    return joined([*parts, own])


def _more_url(plan: BoardPlan, state: ListState, option: str) -> str:
    lists = next((view.name for view in plan.object_def.views.values() if view.type.value == "list"), "")
    return ListState(object=plan.object_def.key, view=lists, filter=_narrowed(plan, state, option)).url()


def _option(option: OptionDef, tongue: str) -> Option:
    return Option(value=option.name, label=label_text(option.label, tongue, option.name), color=option.color or "gray")
