"""Checks menus: three levels at most, entries that lead somewhere, views that exist."""

from __future__ import annotations

from metamodel.app_tree import AppTree
from metamodel.apps import Metamodel
from metamodel.folder import FileKind
from metamodel.linking.object_names import ObjectNames
from metamodel.reading.node_values import child, entries, items
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems, Severity
from metamodel.yaml_nodes import Mapping, Scalar

MAX_LEVELS = 3
_WAYS = ("object", "report", "dashboard", "items")


def check_menus(metamodel: Metamodel, trees: tuple[AppTree, ...], names: ObjectNames, problems: Problems) -> None:
    """Check all menus.

    Problems: APP421 – APP424, APP431, APP505.
    """
    for tree in trees:
        for node in tree.files[FileKind.MENUS]:
            for entry in entries(node.get("menus")):
                for item in items(child(entry.value, "items")):
                    if isinstance(item, Mapping):
                        _check_item(item, 2, tree.name, metamodel, names, problems)
    shown = {menu for role in metamodel.roles.values() if role.app != "core" for menu in role.menus}
    for menu in metamodel.menus.values():
        is_made = menu.at.file.endswith("/app.yaml")
        if (
            menu.app != "core"
            and not is_made
            and menu.name not in shown
            and any(r.app != "core" for r in metamodel.roles.values())
        ):
            problems.report("APP431", f"no role shows the menu '{menu.name}'", menu.at, severity=Severity.WARNING,
                            length=len(menu.name))  # fmt: skip


def _check_item(
    item: Mapping, level: int, app: str, metamodel: Metamodel, names: ObjectNames, problems: Problems
) -> None:
    inner = item.key("items")
    if level > MAX_LEVELS:
        problems.report("APP421", f"this menu has more than {MAX_LEVELS} levels", item.at)
        return
    ways = [key for name in _WAYS if (key := item.key(name)) is not None]
    if len(ways) > 1:
        message = "an entry leads to one object, report or dashboard, or holds other entries"
        problems.report("APP422", message, ways[-1].at, length=ways[-1].length)
    elif not ways:
        problems.report("APP422", "this entry needs 'object', 'report', 'dashboard' or 'items'", item.at)
    elif inner is not None and item.get("label") is None:
        problems.report("APP423", "an entry that holds others needs a 'label'", item.at)
    _check_view(item, app, metamodel, names, problems)
    _check_names(item, metamodel, problems)
    for child_item in items(item.get("items")):
        if isinstance(child_item, Mapping):
            _check_item(child_item, level + 1, app, metamodel, names, problems)


def _check_names(item: Mapping, metamodel: Metamodel, problems: Problems) -> None:
    for name, known in (("report", metamodel.reports), ("dashboard", metamodel.dashboards)):
        value = item.get(name)
        if isinstance(value, Scalar) and value.text not in known:
            tell_unknown(problems, "APP505", value, f"a {name}", known)


def _check_view(item: Mapping, app: str, metamodel: Metamodel, names: ObjectNames, problems: Problems) -> None:
    view, target = item.get("view"), item.get("object")
    if not isinstance(target, Scalar):
        return
    key = names.resolve(target.text, app, target.at, problems)
    if key is not None and isinstance(view, Scalar) and view.text not in metamodel.objects[key].views:
        tell_unknown(problems, "APP424", view, f"a view of {key}", metamodel.objects[key].views)
