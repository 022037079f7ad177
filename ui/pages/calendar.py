"""Calendars: the records of a view on the days of a date field, beside those of other objects' calendars.

Months and weeks are tables, an agenda is a list of days. One statement an object; an entry is moved by its own form,
the save of its date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import QueryProblem
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.views import ViewDef
from ui.context import actor, language, platform, release
from ui.formats import Formats
from ui.page_parts import Chip, Crumb, Tab
from ui.pages.calendar_days import MODES, Mode, Period, day_words, period_words, read_period, weekday_words
from ui.pages.calendar_entries import Entry, Source, read_entries, sources_of
from ui.pages.list_filter import make_chips
from ui.pages.list_plan import list_plan
from ui.pages.list_state import ListState
from ui.pages.rights import access_of, user_formats
from ui.pages.view_tabs import ViewBar
from ui.telling import tell_problem

_SHOWN_A_DAY = 4
_ICONS: Mapping[Mode, str] = {"month": "calendar", "week": "calendar-event", "agenda": "list-details"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day with its entries. hidden: how many are not shown in its cell; more_url: where they are."""

    iso: str
    number: int
    words: str
    today: bool
    outside: bool
    entries: tuple[Entry, ...]
    hidden: int
    more_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """The context `page` of templates/pages/calendar.html. cut: objects that have more in these days, with a link."""

    title: str
    icon: str
    crumbs: tuple[Crumb, ...]
    views: ViewBar
    state: ListState
    base_url: str
    hidden: Mapping[str, str]
    chips: tuple[Chip, ...]
    clear_url: str
    new_url: str
    mode: Mode
    heading: str
    before_url: str
    after_url: str
    today_url: str
    modes: tuple[Tab, ...]
    weekdays: tuple[tuple[str, str], ...]
    weeks: tuple[tuple[Day, ...], ...]
    legend: tuple[tuple[str, str], ...]
    cut: tuple[Crumb, ...]
    back: str
    problem: str


def calendar_page(object_def: ObjectDef, view: ViewDef, state: ListState, bar: ViewBar) -> ResponseReturnValue:
    """Show a calendar."""
    formats = user_formats()
    sources = tuple(sources_of(object_def, view, formats))
    found: Mapping[dt.date, Sequence[Entry]] = {}
    cut: list[Crumb] = []
    problem = ""
    with platform().records.reading(actor(), release=release()) as transaction:
        today = transaction.now.astimezone(formats.zone).date()
        period = read_period(request.args, today, formats)
        try:
            found = read_entries(transaction, sources, state, period, formats, cut)
        except QueryProblem as refused:
            problem = tell_problem(refused.problems[0])
    page = _page(sources, state, bar, period, today, formats, found, cut, problem)
    return render_template("pages/calendar.html", page=page), 400 if problem else 200


def _page(
    sources: Sequence[Source],
    state: ListState,
    bar: ViewBar,
    period: Period,
    today: dt.date,
    formats: Formats,
    found: Mapping[dt.date, Sequence[Entry]],
    cut: Sequence[Crumb],
    problem: str,
) -> CalendarPage:
    first = sources[0]
    object_def, view = first.object_def, first.view
    days = [_day(each, period, today, state, formats, found.get(each, ())) for each in period.days]
    title = label_text(object_def.plural or object_def.label, language(), object_def.name)
    weeks = [tuple(days[index : index + 7]) for index in range(0, len(days), 7)]
    if period.mode == "agenda":
        weeks = [tuple(each for each in days if each.entries)]
    return CalendarPage(
        title=title,
        icon=object_def.icon or "calendar",
        crumbs=(Crumb(label=title),),
        views=bar,
        state=state,
        base_url=f"/o/{quote(object_def.key)}",
        hidden={**state.hidden("q"), "view": view.name, "shown": period.mode, "on": str(period.on)},
        chips=make_chips(list_plan(release(), access_of(), object_def, view, formats), state),
        clear_url=state.url(filter="", search=""),
        new_url=f"/o/{quote(object_def.key)}/new" if access_of().of(object_def.key).may("create") else "",
        mode=period.mode,
        heading=period_words(period, formats),
        before_url=_url(state, period.mode, period.before),
        after_url=_url(state, period.mode, period.after),
        today_url=_url(state, period.mode, today),
        modes=tuple(
            Tab(label=words, href=_url(state, mode, period.on), current=mode == period.mode, icon=_ICONS[mode])
            for mode, words in zip(MODES, (str(_("Month")), str(_("Week")), str(_("Agenda"))), strict=True)
        ),
        weekdays=weekday_words(formats),
        weeks=tuple(weeks),
        legend=tuple((each.label, each.color) for each in sources) if len(sources) > 1 else (),
        cut=tuple(cut),
        back=_url(state, period.mode, period.on),
        problem=problem,
    )


def _day(
    day: dt.date, period: Period, today: dt.date, state: ListState, formats: Formats, entries: Sequence[Entry]
) -> Day:
    shown = entries
    if period.mode == "month" and len(entries) > _SHOWN_A_DAY + 1:
        shown = entries[:_SHOWN_A_DAY]
    return Day(
        iso=str(day),
        number=day.day,
        words=day_words(day, formats),
        today=day == today,
        outside=period.mode == "month" and day.month != period.on.month,
        entries=tuple(shown),
        hidden=len(entries) - len(shown),
        more_url=_url(state, "week", day),
    )


def _url(state: ListState, mode: Mode, on: dt.date) -> str:
    pairs = {**state.hidden(), "shown": mode, "on": str(on)}
    return f"/o/{quote(state.object)}?{urlencode(pairs)}"
