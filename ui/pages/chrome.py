"""The frame of every page: the menus of the person's roles, name of the product, language, theme, who is signed in.

Menus are built once per release, set of roles and language; a request only marks where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, request, session

from engine.access.actor import Actor
from engine.releases.release import Release
from metamodel.access import MenuDef, MenuItemDef
from metamodel.apps import Metamodel
from metamodel.texts import label_text
from ui.context import actor, current_actor, language, release, theme
from ui.page_parts import Chrome, MenuNode, Person, Theme, Toast
from ui.pages.rights import can_read

_TOASTS = "toasts"


def install_chrome(app: Flask) -> None:
    """Give every template its `chrome`."""

    def add() -> dict[str, Any]:
        return {"chrome": make_chrome()}

    app.context_processor(add)


def toast(text: str, kind: str = "success") -> None:
    """Show a message on the next page of this browser."""
    session[_TOASTS] = [*session.get(_TOASTS, []), [text, kind]]


def make_chrome() -> Chrome:
    """Make the frame of the page being answered."""
    asking = current_actor()
    pinned, here = release(), request.full_path.rstrip("?")
    return Chrome(
        product=label_text(pinned.metamodel.main.label, language(), pinned.metamodel.main.name),
        language=language(),
        theme=_theme(),
        home_url="/",
        login_url="/login",
        logout_url="/logout",
        preferences_url="/preferences",
        here=here,
        user=None if asking is None else Person(id=asking.user_id or "", name=asking.name, email=asking.login),
        menus=() if asking is None else tuple(_marked(node, _place()) for node in _menus(pinned, asking, language())),
        toasts=tuple(Toast(text=text, kind=kind) for text, kind in session.pop(_TOASTS, [])),
    )


def menu_views(actor_: Actor) -> Sequence[MenuNode]:
    """Give the links of the person's menus, in their order, each once."""
    found: dict[str, MenuNode] = {}
    for node in _links(_menus(release(), actor_, language())):
        found.setdefault(node.href, node)
    return tuple(found.values())


def _theme() -> Theme:
    wanted = theme()
    return "light" if wanted == "light" else "dark" if wanted == "dark" else "auto"


def _place() -> str:
    view = request.args.get("view") or (request.view_args or {}).get("view_name", "")
    path = request.path
    parts = path.split("/")
    if len(parts) > 3 and parts[1] == "o":
        path = "/".join(parts[:3])
    return f"{path}?{urlencode({'view': view})}" if view else path


def _menus(pinned: Release, asking: Actor, tongue: str) -> tuple[MenuNode, ...]:
    key = ("ui.menus", asking.roles, asking.is_system, tongue)
    return pinned.part(key, lambda made: _build(made.metamodel, asking, tongue))


def _build(metamodel: Metamodel, asking: Actor, tongue: str) -> tuple[MenuNode, ...]:
    nodes = (_menu(metamodel, metamodel.menus[name], asking, tongue) for name in _menu_names(metamodel, asking))
    return tuple(node for node in nodes if node.children)


def _menu_names(metamodel: Metamodel, asking: Actor) -> list[str]:
    held = [metamodel.roles[name] for name in sorted(asking.roles) if name in metamodel.roles]
    names = dict.fromkeys(name for role in _with_included(metamodel, held) for name in role.menus)
    return [name for name in metamodel.menus if name in names]


def _with_included(metamodel: Metamodel, held: Iterable[RoleDef]) -> Iterable[RoleDef]:
    seen: dict[str, RoleDef] = {}
    waiting = list(held)
    while waiting:
        role = waiting.pop(0)
        if role.name not in seen:
            seen[role.name] = role
            waiting.extend(metamodel.roles[name] for name in role.includes if name in metamodel.roles)
    return seen.values()


def _menu(metamodel: Metamodel, menu: MenuDef, asking: Actor, tongue: str) -> MenuNode:
    children = _items(metamodel, menu.items, asking, tongue)
    return MenuNode(
        name=menu.name, label=label_text(menu.label, tongue, menu.name), icon=menu.icon or "", children=children
    )


def _items(
    metamodel: Metamodel, items: Sequence[MenuItemDef], asking: Actor, tongue: str
) -> tuple[MenuNode, ...]:
    nodes = (_item(metamodel, item, asking, tongue, str(index)) for index, item in enumerate(items))
    return tuple(node for node in nodes if node is not None)


def _item(metamodel: Metamodel, item: MenuItemDef, asking: Actor, tongue: str, name: str) -> MenuNode | None:
    if item.items:
        children = _items(metamodel, item.items, asking, tongue)
        return MenuNode(name=name, label=label_text(item.label, tongue, ""), children=children) if children else None
    found = metamodel.find_object(item.object or "")
    if found is None or not can_read(asking, found.key):
        return None
    view = found.views.get(item.view or "")
    label = item.label or (view.label if view is not None else None) or found.plural or found.label
    query = f"?{urlencode({'view': view.name})}" if view is not None else ""
    return MenuNode(
        name=f"{found.key}-{item.view or 'all'}",
        label=label_text(label, tongue, found.name),
        href=f"/o/{quote(found.key)}{query}",
        icon=found.icon or "",
    )


def _links(nodes: Iterable[MenuNode]) -> Iterable[MenuNode]:
    for node in nodes:
        if node.href:
            yield node
        yield from _links(node.children)


def _marked(node: MenuNode, place: str) -> MenuNode:
    children = tuple(_marked(child, place) for child in node.children)
    return replace(node, current=bool(node.href) and node.href == place, children=children, open=True)


def person_of(asking: Actor | None = None) -> Person:
    """Give the signed-in person as pages show one."""
    found = asking or actor()
    return Person(id=found.user_id or "", name=found.name, email=found.login)
