"""The tabs over a list or board: the views of the configuration, those that people saved, and what else there is.

A saved view is an address under a name: its tab leads there, with `saved` beside it to say where it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from engine.records.saved_views import SavedView, first_view
from engine.records.sharing.sharees import ShareeKind
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.views import ViewDef, ViewType
from ui.context import actor, language, platform
from ui.page_parts import Tab
from ui.pages.duplicates import shows_duplicates
from ui.pages.list_state import ListState, read_state
from ui.pages.pool import may_see_pool
from ui.pages.quality import may_measure
from ui.pages.rights import access_of, user_formats


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewBar:
    """What stands over a list about its view, in `view_bar` of macros/lists.html.

    save_url: the page that saves what is shown as a view, "" where there is nothing to save. change_url: where the
    view that is shown is changed to this, "" where it is not changed or not to be. settings_url: its page.
    note: whose view it is and when it was used last.
    """

    tabs: tuple[Tab, ...]
    hidden: dict[str, str]
    save_url: str = ""
    change_url: str = ""
    settings_url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The state that an address asks for, with the views that the person saved or was given; at: when it was read."""

    state: ListState
    views: tuple[SavedView, ...]
    at: datetime

    @property
    def view(self) -> SavedView | None:
        """Give the saved view that the state came from."""
        return next((each for each in self.views if each.id == self.state.saved), None)

    @property
    def key(self) -> tuple[Any, ...]:
        """Give what a page depends on of the views: names as their reader may see them, moments in a zone."""
        views = (
            (v.id, v.changed_at, v.used_at, v.mine, v.may_change, v.owner_title, v.audience_title) for v in self.views
        )
        return (user_formats().zone.key, *views)


def open_state(transaction: Transaction, object_def: ObjectDef) -> Opened:
    """Read what an address asks for. An address that asks for nothing asks for the view that comes first."""
    state, desk = read_state(object_def.key, request.args), platform().saved_views
    views = desk.list(transaction, object_def.key)
    chosen = next((each for each in views if each.id == state.saved), None)
    if chosen is None and not request.args:
        chosen = first_view(views)
    if chosen is None:
        return Opened(state=replace(state, saved=""), views=tuple(views), at=transaction.now)
    if not chosen.mine:
        views = [*desk.named(transaction, [chosen]), *(each for each in views if each.id != chosen.id)]
    state = state_of(chosen) if not request.args else replace(state, saved=chosen.id)
    return Opened(state=state, views=tuple(views), at=transaction.now)


def note_view(opened: Opened) -> None:
    """Note that a saved view was chosen, where it is shown as it was saved."""
    chosen, state = opened.view, opened.state
    if chosen is not None and not state.cursor and not is_changed(chosen, state):
        platform().saved_views.note_use(actor(), chosen, opened.at)


def is_changed(view: SavedView, state: ListState) -> bool:
    """Say whether a list shows something else than a saved view that it came from."""
    return state.hidden("saved") != state_of(view).hidden("saved")


def state_of(view: SavedView) -> ListState:
    """Give the state of a list that a saved view holds."""
    return replace(read_state(view.object, MultiDict(view.state)), saved=view.id)


def view_bar(object_def: ObjectDef, opened: Opened, current: ViewDef | None) -> ViewBar:
    """Give the tabs, and what may be done with the view that is shown."""
    state, chosen = opened.state, opened.view
    here = f"/o/{quote(object_def.key)}/views"
    said = state.hidden("saved")
    differs = is_changed(chosen, state) if chosen is not None else bool(set(said) - {"view"})
    may_change = chosen is not None and chosen.may_change
    return ViewBar(
        tabs=(*_tabs(object_def, state, current, opened.views), *_others(object_def)),
        hidden=said,
        save_url=replace(state, base=f"{here}/new", saved="").url() if differs else "",
        change_url=f"{here}/{chosen.id}" if chosen and may_change and differs and not chosen.locked else "",
        settings_url=f"{here}/{chosen.id}" if chosen and may_change else "",
        note=owner_note(chosen) if chosen is not None and not chosen.mine else "",
    )


def _tabs(
    object_def: ObjectDef, state: ListState, current: ViewDef | None, saved: Sequence[SavedView]
) -> tuple[Tab, ...]:
    """Give the views of the configuration and the saved ones; filters stay behind when the view changes."""
    access, blank = access_of(), ListState(object=state.object, size=state.size)
    views = [v for v in object_def.views.values() if not v.roles or access.roles & set(v.roles)]
    known = any(each.id == state.saved for each in saved)
    tabs = [
        Tab(
            label=label_text(view.label, language(), view.name),
            href=blank.url(view=view.name),
            current=not known and current is not None and view.name == current.name,
            icon=_TYPES[view.type],
        )
        for view in views
    ]
    drawn = {view.name: _TYPES[view.type] for view in views if view.type is not ViewType.LIST}
    for each in sorted(saved, key=lambda view: (view.audience is None, view.changed_at)):
        kind = each.audience.kind if each.audience is not None else None
        icon = drawn.get(each.state.get("view", ""), _ICONS[kind])
        tabs.append(Tab(label=each.label, href=state_of(each).url(), current=each.id == state.saved, icon=icon))
    return tuple(tabs)


_TYPES = {ViewType.LIST: "list", ViewType.BOARD: "layout-kanban", ViewType.CALENDAR: "calendar"}
_ICONS = {None: "star", ShareeKind.USER: "star", ShareeKind.TEAM: "users", ShareeKind.ROLE: "users-group"}


def _others(object_def: ObjectDef) -> tuple[Tab, ...]:
    here, tabs = quote(object_def.key), []
    if may_see_pool(object_def):
        tabs.append(Tab(label=str(_("Pool")), href=f"/pool/{here}", icon="inbox"))
    if shows_duplicates(object_def):
        tabs.append(Tab(label=str(_("Duplicates")), href=f"/o/{here}/duplicates", icon="copy"))
    if may_measure(object_def):
        tabs.append(Tab(label=str(_("Least complete")), href=f"/quality/{here}", icon="percentage"))
    return tuple(tabs)


def owner_note(view: SavedView) -> str:
    """Say whose view it is, and when it was used last."""
    parts = [str(_("View of %(name)s", name=view.owner_title))] if view.owner_title else []
    if view.audience_title:
        parts.append(str(_("for %(name)s", name=view.audience_title)))
    if view.used_at is not None:
        parts.append(str(_("used last on %(day)s", day=user_formats().datetime(view.used_at))))
    if view.locked:
        parts.append(str(_("locked: changes are saved as a copy")))
    return " · ".join(parts)
