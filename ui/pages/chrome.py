"""The frame of every page: the menus of the person's roles, name of the product, language, theme, who is signed in.

Menus are built once per release, set of roles and language, the whole frame once per person and place in the menu; a
request only fills in its address, its CSRF token and its messages.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, request, session
from flask_babel import gettext as _

from engine.access.actor import Actor
from engine.records.reports import dashboards_for, is_dashboard_for, is_report_for, reports_for
from engine.records.types import Saved
from engine.releases.release import Release
from metamodel.access import MenuDef, MenuItemDef
from metamodel.apps import Metamodel
from metamodel.definitions.analytics import DashboardDef
from metamodel.objects import ValidationSeverity
from metamodel.texts import Label, label_text
from ui.context import current_actor, language, platform, release, signed_in, theme
from ui.frame import Document, compile_document, compile_frame
from ui.page_parts import Chrome, MenuNode, Person, Theme, Toast
from ui.pages.list_state import ListState, chosen_view
from ui.pages.rights import access_of, can_read
from ui.written import kept_with

_TOASTS = "toasts"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChrome:
    """The frame of one person at one place in the menu: for templates, and as a whole document."""

    chrome: Chrome
    document: Document


def install_chrome(app: Flask) -> None:
    """Give every template its `chrome`."""

    def add() -> dict[str, Any]:
        return {"chrome": make_chrome()}

    app.context_processor(add)


def toast(text: str, kind: str = "success") -> None:
    """Show a message on the next page of this browser."""
    session[_TOASTS] = [*session.get(_TOASTS, []), [text, kind]]


def toast_infos(saved: Saved) -> None:
    """Show on the next page what validations of severity info say of a saved record."""
    for notice in saved.notices:
        if notice.severity is ValidationSeverity.INFO:
            toast(notice.message, "info")


def make_chrome() -> Chrome:
    """Make the frame of the page being answered."""
    return replace(_kept().chrome, here=_here(), toasts=_messages())


def show_document(title: str, breadcrumb: str, main: str, csrf: str) -> str:
    """Give the whole page around the parts, which are markup, without a template."""
    around, own = _kept().document, {"csrf": csrf, "here": _here()}
    toasts = _messages()
    draw = current_app.jinja_env.globals["ui"].toast if toasts else None  # type: ignore[attr-defined]
    return "".join(
        (
            around.before_title.fill(own),
            title,
            around.before_breadcrumb.fill(own),
            breadcrumb,
            around.before_main.fill(own),
            main,
            around.before_messages.fill(own),
            *(draw(each.text, each.kind) for each in toasts if draw is not None),
            around.end.fill(own),
        )
    )


def _here() -> str:
    return request.full_path.rstrip("?")


def _messages() -> tuple[Toast, ...]:
    return tuple(Toast(text=text, kind=kind) for text, kind in session.pop(_TOASTS, ()))


def _kept() -> KeptChrome:
    """Give the frame of who asks, where they are."""
    asking, pinned, tongue, colours = current_actor(), release(), language(), _theme()
    here = _place(pinned, asking, tongue) if asking is not None else None
    key = ("chrome", tongue, colours, None if asking is None else _identity(asking), here.href if here else "")
    found: KeptChrome = kept_with(pinned, key, lambda: _compile(pinned, asking, tongue, colours, here))
    return found


def _identity(asking: Actor) -> Hashable:
    """Give all that a frame shows of a person, and what their menus follow from."""
    return asking.user_id, asking.name, asking.login, asking.roles, asking.is_system, asking.on_behalf_of


def _compile(pinned: Release, asking: Actor | None, tongue: str, colours: Theme, here: MenuNode | None) -> KeptChrome:
    menus = () if asking is None else _menus(pinned, asking, tongue)
    chrome = Chrome(
        product=label_text(pinned.metamodel.main.label, tongue, pinned.metamodel.main.name),
        language=tongue,
        theme=colours,
        home_url="/",
        login_url="/login",
        logout_url="/logout",
        preferences_url="/preferences",
        here="",
        acting=_acting(asking),
        user=None if asking is None else Person(id=asking.user_id or "", name=asking.name, email=asking.login),
        menus=menus if here is None else tuple(_marked(node, here) for node in menus),
    )
    chrome = replace(chrome, frame=compile_frame(current_app.jinja_env, chrome))
    return KeptChrome(chrome=chrome, document=compile_document(current_app.jinja_env, chrome))


def _acting(asking: Actor | None) -> str:
    """Give who is really there where somebody is logged in as another user."""
    found = signed_in()
    return found.by_name if found is not None and asking is not None and asking.on_behalf_of is not None else ""


def menu_views(actor_: Actor) -> Sequence[MenuNode]:
    """Give the links of the person's menus, in their order, each once."""
    found: dict[str, MenuNode] = {}
    for node in _links(_menus(release(), actor_, language())):
        found.setdefault(node.href, node)
    return tuple(found.values())


def _theme() -> Theme:
    wanted = theme()
    return "light" if wanted == "light" else "dark" if wanted == "dark" else "auto"


def _place(pinned: Release, asking: Actor, tongue: str) -> MenuNode | None:
    """Give the entry of the menu that the page stands under."""
    key = ("ui.menu places", asking.roles, asking.is_system, tongue)
    exact, by_path = pinned.part(key, lambda made: _places(_menus(made, asking, tongue), made.metamodel, asking))
    view = request.args.get("view", "")
    path = "/".join(request.path.split("/")[:3]) if request.path.startswith("/o/") else request.path
    found: MenuNode | None = exact.get(f"{path}?{urlencode({'view': view})}" if view else path)
    # A record's page, and a list without a view named, stand under the view that opens then, else the object's first.
    return by_path.get(path) if found is None and not view else found


def _places(
    menus: tuple[MenuNode, ...], metamodel: Metamodel, asking: Actor
) -> tuple[dict[str, MenuNode], dict[str, MenuNode]]:
    exact: dict[str, MenuNode] = {}
    by_path: dict[str, MenuNode] = {}
    for node in _links(menus):
        exact.setdefault(node.href, node)
        by_path.setdefault(node.href.partition("?")[0], node)
    roles = access_of(asking).roles
    for object_def in metamodel.objects.values():
        path = f"/o/{quote(object_def.key)}"
        opens = chosen_view(object_def, ListState(object=object_def.key), roles)
        named = exact.get(f"{path}?{urlencode({'view': opens.name})}") if opens is not None else None
        if named is not None:
            by_path[path] = exact.get(path, named)
    return exact, by_path


def _menus(pinned: Release, asking: Actor, tongue: str) -> tuple[MenuNode, ...]:
    key = ("ui.menus", asking.roles, asking.is_system, tongue)
    return pinned.part(key, lambda made: _build(made.metamodel, asking, tongue))


def _build(metamodel: Metamodel, asking: Actor, tongue: str) -> tuple[MenuNode, ...]:
    held = access_of(asking).menus
    nodes = (_menu(metamodel, menu, asking, tongue) for menu in metamodel.menus.values() if menu.name in held)
    own = tuple(node for node in nodes if node.children)
    return (*own, *_report_menus(metamodel, asking, tongue, own), *_product_menus(asking))


def _report_menus(metamodel: Metamodel, asking: Actor, tongue: str, own: Sequence[MenuNode]) -> Iterable[MenuNode]:
    """Give the way to what is for somebody's roles: dashboards that no menu names, and the list of all reports."""
    access, named = access_of(asking), {node.href for node in _links(own)}
    dashboards = dashboards_for(metamodel, access)
    found = [node for each in dashboards if (node := _dashboard_node(each, None, tongue)).href not in named]
    if dashboards or reports_for(metamodel, access):
        found.append(MenuNode(name="reports", label=str(_("All reports")), href="/reports", icon="chart-bar"))
        yield MenuNode(name="reports", label=str(_("Reports")), children=tuple(found))


def _product_menus(asking: Actor) -> Sequence[MenuNode]:
    """Give the entries that the product itself adds, to those whose roles have the right."""
    rights, found = access_of(asking), []
    if rights.has_right("view_runs"):
        found.append(MenuNode(name="rules", label=str(_("Rules")), href="/rules", icon="list-check"))
        found.append(MenuNode(name="runs", label=str(_("Rule runs")), href="/runs", icon="bolt"))
    if rights.has_right("manage_users"):
        found.append(MenuNode(name="users", label=str(_("Users")), href="/admin/users", icon="users"))
    elif platform().delegation.is_for(asking):
        found.append(MenuNode(name="team_users", label=str(_("Users of my team")), href="/team/users", icon="users"))
    if rights.has_right("view_audit"):
        found.append(MenuNode(name="audit", label=str(_("Audit log")), href="/admin/audit", icon="history"))
        found.append(MenuNode(name="privacy", label=str(_("Personal data")), href="/admin/privacy", icon="lock"))
    if rights.has_right("configure"):
        label = str(_("Try an expression"))
        found.append(MenuNode(name="expression", label=label, href="/admin/expression", icon="calculator"))
        found.append(MenuNode(name="plugins", label=str(_("Plugins")), href="/admin/plugins", icon="plug"))
        label = str(_("Calls of the API"))
        found.append(MenuNode(name="api", label=label, href="/api-reference", icon="plug"))
    return (MenuNode(name="administration", label=str(_("Administration")), children=tuple(found)),) if found else ()


def _menu(metamodel: Metamodel, menu: MenuDef, asking: Actor, tongue: str) -> MenuNode:
    children = _items(metamodel, menu.items, asking, tongue)
    return MenuNode(
        name=menu.name, label=label_text(menu.label, tongue, menu.name), icon=menu.icon or "", children=children
    )


def _items(metamodel: Metamodel, items: Sequence[MenuItemDef], asking: Actor, tongue: str) -> tuple[MenuNode, ...]:
    nodes = (_item(metamodel, item, asking, tongue, str(index)) for index, item in enumerate(items))
    return tuple(node for node in nodes if node is not None)


def _item(metamodel: Metamodel, item: MenuItemDef, asking: Actor, tongue: str, name: str) -> MenuNode | None:
    if item.items:
        children = _items(metamodel, item.items, asking, tongue)
        return MenuNode(name=name, label=label_text(item.label, tongue, ""), children=children) if children else None
    if item.report is not None or item.dashboard is not None:
        return _analysis_item(metamodel, item, asking, tongue)
    found = metamodel.find_object(item.object or "")
    if found is None or not can_read(asking, found.key):
        return None
    view = found.views.get(item.view or "")
    if view is not None and view.roles and not access_of(asking).roles & set(view.roles):
        return None
    label = item.label or (view.label if view is not None else None) or found.plural or found.label
    query = f"?{urlencode({'view': view.name})}" if view is not None else ""
    return MenuNode(
        name=f"{found.key}-{item.view or 'all'}",
        label=label_text(label, tongue, found.name),
        href=f"/o/{quote(found.key)}{query}",
        icon=found.icon or "",
    )


def _analysis_item(metamodel: Metamodel, item: MenuItemDef, asking: Actor, tongue: str) -> MenuNode | None:
    access = access_of(asking)
    report, dashboard = metamodel.reports.get(item.report or ""), metamodel.dashboards.get(item.dashboard or "")
    if report is not None and is_report_for(report, access):
        label = label_text(item.label or report.label, tongue, report.name)
        href = f"/reports/{quote(report.name)}"
        return MenuNode(name=f"report-{report.name}", label=label, href=href, icon="chart-bar")
    if dashboard is not None and is_dashboard_for(dashboard, metamodel, access):
        return _dashboard_node(dashboard, item.label, tongue)
    return None


def _dashboard_node(dashboard: DashboardDef, label: Label | None, tongue: str) -> MenuNode:
    return MenuNode(
        name=f"dashboard-{dashboard.name}",
        label=label_text(label or dashboard.label, tongue, dashboard.name),
        href=f"/dashboards/{quote(dashboard.name)}",
        icon="layout-dashboard",
    )


def _links(nodes: Iterable[MenuNode]) -> Iterable[MenuNode]:
    for node in nodes:
        if node.href:
            yield node
        yield from _links(node.children)


def _marked(node: MenuNode, here: MenuNode) -> MenuNode:
    if node is here:
        return replace(node, current=True)
    return replace(node, children=tuple(_marked(child, here) for child in node.children)) if node.children else node
