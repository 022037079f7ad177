"""The panel that chooses a list's columns, their order and widths, how dense its rows are and what they are grouped by.

A plain form that leads back to the list with other columns in its address; `up` and `down` are its buttons, so that
it works without a script. A list has it only where its address asks for it: what few open is not in every page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access.compiler import Access
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from ui.context import language, release
from ui.page_parts import Option
from ui.pages.list_columns import WIDTHS, ChosenColumn, parse_columns, print_columns
from ui.pages.list_groups import group_options
from ui.pages.list_plan import ListPlan, own_paths
from ui.pages.list_state import COMPACT, ListState, chosen_view, read_state
from ui.pages.rights import access_of, readable_object

blueprint = Blueprint("column_panel", __name__)

PANEL = "panel"
"""The parameter of a list's address that opens the panel."""
_UNSHOWN = frozenset({"json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelColumn:
    """One line of the panel: a column that is shown or could be."""

    path: str
    label: str
    shown: bool
    widths: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPanel:
    """The panel that chooses columns. more: fields of records that this one leads to, by the lookup's label.

    hidden: what its form keeps of the address. reset_url: the list with the view's own columns, "" where it has them.
    close_url: the list as it is, without the panel.
    """

    url: str
    hidden: Mapping[str, str]
    columns: tuple[PanelColumn, ...]
    more: tuple[tuple[str, tuple[Option, ...]], ...]
    densities: tuple[Option, ...]
    groups: tuple[tuple[Option, ...], ...]
    reset_url: str
    close_url: str


@blueprint.get("/o/<object_name>/columns")
def choose_columns(object_name: str) -> ResponseReturnValue:
    """Lead to the list with the columns that the panel asks for; what moves or adds one leaves the panel open."""
    object_def = readable_object(object_name)
    state = read_state(object_def.key, request.args)
    given = {name: request.args.getlist(name) for name in ("column", "width", "add", "up", "down")}
    columns = read_panel(given)
    view = chosen_view(object_def, state, access_of().roles)
    if columns == print_columns(ChosenColumn(path) for path in own_paths(object_def, view)):
        columns = ""
    groups = ",".join(dict.fromkeys(each for each in request.args.getlist("group") if each))
    url = replace(state, columns=columns, group=groups).url(view=state.view or (view.name if view is not None else ""))
    stays = any(each for name in ("add", "up", "down") for each in given[name])
    return redirect(_opening(url) if stays else url, 303)


def panel_url(plan: ListPlan, state: ListState) -> str:
    """Give the address of the list with its panel open."""
    return _opening(_closed(plan, state))


def column_panel(plan: ListPlan, state: ListState) -> ColumnPanel | None:
    """Make the panel of a list, where the address asks for it."""
    if PANEL not in request.args:
        return None
    object_def, access, tongue = plan.object_def, access_of(), language()
    readable, own = access.of(object_def.key).shown, state.hidden()
    labels = {column.path: column.label for column in plan.columns}
    for name, each in object_def.fields.items():
        if name in readable and each.type not in _UNSHOWN and name not in ("id", "version", "deleted_at"):
            labels.setdefault(name, label_text(each.label, tongue, name))
    return ColumnPanel(
        url=f"/o/{quote(object_def.key)}/columns",
        hidden=state.hidden("columns", "density", "group"),
        columns=make_panel_columns(labels, plan.paths, parse_columns(state.columns)),
        more=fields_beyond(release().metamodel, access, object_def, tongue, labels),
        densities=tuple(
            Option(value=value, label=str(word), selected=value == state.density)
            for value, word in (("", _("Comfortable")), (COMPACT, _("Compact")))
        ),
        groups=group_options(plan, state),
        reset_url=state.url(columns="", density="", group="") if {"columns", "density", "group"} & set(own) else "",
        close_url=_closed(plan, state),
    )


def _closed(plan: ListPlan, state: ListState) -> str:
    """Give the address of the first page with its view named: one that says nothing opens what its reader saved."""
    return state.url(view=state.view or (plan.view.name if plan.view is not None else ""))


def _opening(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{PANEL}=1"


def read_panel(given: Mapping[str, Sequence[str]]) -> str:
    """Give the columns that the panel's form asks for, as an address holds them.

    given: `column` is each column that is shown, in its order, `width` each width as `path~width`, `add` paths to show
    as well, `up` and `down` one to move by one place.
    """
    widths = {column.path: column.width for text in given.get("width", ()) for column in parse_columns(text)}
    paths = list(dict.fromkeys([*given.get("column", ()), *(each for each in given.get("add", ()) if each)]))
    for key, by in (("up", -1), ("down", 1)):
        for path in given.get(key, ()):
            _move(paths, path, by)
    asked = print_columns(ChosenColumn(path, widths.get(path, "")) for path in paths)
    return print_columns(parse_columns(asked))


def make_panel_columns(
    labels: Mapping[str, str], shown: Sequence[str], chosen: Sequence[ChosenColumn]
) -> tuple[PanelColumn, ...]:
    """Make the panel's lines: the columns shown in their order, then the others. labels: of all of them, by path."""
    widths = {each.path: each.width for each in chosen}
    lines = [
        PanelColumn(path=path, label=labels[path], shown=True, widths=_widths(path, widths.get(path, "")))
        for path in shown
        if path in labels
    ]
    others = [PanelColumn(path=path, label=label, shown=False) for path, label in labels.items() if path not in shown]
    return (*lines, *others)


def fields_beyond(
    metamodel: Metamodel, access: Access, object_def: ObjectDef, language: str, but: Iterable[str]
) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    """Give the readable fields of what an object's lookups lead to, under each lookup's label."""
    groups, left_out = [], frozenset(but)
    readable = access.of(object_def.key).readable
    for name, field in object_def.fields.items():
        targets = field.relation.targets if field.relation is not None else ()
        if name not in readable or field.system or field.holds_several or len(targets) != 1:
            continue
        target, rights = metamodel.objects.get(targets[0]), access.of(targets[0])
        if target is None:
            continue
        options = tuple(
            Option(value=f"{name}.{each.name}", label=label_text(each.label, language, each.name))
            for each in target.fields.values()
            if not each.system and each.name in rights.readable and f"{name}.{each.name}" not in left_out
        )
        if options:
            groups.append((label_text(field.label, language, name), options))
    return tuple(groups)


def _widths(path: str, chosen: str) -> tuple[Option, ...]:
    words = {"": _("Automatic"), "narrow": _("Narrow"), "medium": _("Medium"), "wide": _("Wide"), "widest": _("Widest")}
    return tuple(
        Option(value=f"{path}~{width}" if width else path, label=str(words[width]), selected=width == chosen)
        for width in ("", *WIDTHS)
    )


def _move(paths: list[str], path: str, by: int) -> None:
    if path not in paths:
        return
    at = paths.index(path)
    to = min(max(at + by, 0), len(paths) - 1)
    paths.insert(to, paths.pop(at))
