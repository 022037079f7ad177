"""Gathers what is named once over all apps: roles, menus, option sets, templates, connections, settings, teams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from metamodel.access import MenuDef, RoleDef
from metamodel.app_tree import AppTree
from metamodel.apps import AppDef, ConnectionDef, QueueDef, SettingDef, TeamDef, TemplateDef
from metamodel.folder import FileKind
from metamodel.reading.app_file import read_connection, read_queues, read_teams, read_template
from metamodel.reading.node_values import Reading, word
from metamodel.reading.role_file import read_menus, read_role
from metamodel.source import Location, Problems
from metamodel.yaml_nodes import Mapping


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class Placed(_Named, Protocol):
    """What has a name and a place."""

    @property
    def at(self) -> Location: ...


_T = TypeVar("_T", bound=Placed)


def gather_roles(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, RoleDef]:
    """Read all roles."""
    found = [read_role(node, reading) for tree in trees for node in tree.files[FileKind.ROLE]]
    return by_name("role", found, problems)


def gather_menus(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, MenuDef]:
    """Read all menus."""
    found = [menu for tree in trees for node in tree.files[FileKind.MENUS] for menu in read_menus(node, reading)]
    return by_name("menu", found, problems)


def gather_connections(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, ConnectionDef]:
    """Read all connections."""
    found = [read_connection(node, reading) for tree in trees for node in tree.files[FileKind.CONNECTION]]
    return by_name("connection", found, problems)


def gather_settings(apps: Iterable[AppDef], problems: Problems) -> dict[str, SettingDef]:
    """Give the settings of all apps."""
    return by_name("setting", [setting for app in apps for setting in app.settings.values()], problems)


def gather_teams(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, TeamDef]:
    """Read all teams."""
    found = [team for tree in trees for node in tree.files[FileKind.ORGANIZATION] for team in read_teams(node, reading)]
    return by_name("team", found, problems)


def gather_queues(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, QueueDef]:
    """Read all queues."""
    nodes = [node for tree in trees for node in tree.files[FileKind.ORGANIZATION]]
    return by_name("queue", [queue for node in nodes for queue in read_queues(node, reading)], problems)


def gather_templates(trees: Iterable[AppTree], reading: Reading, problems: Problems) -> dict[str, TemplateDef]:
    """Read all templates."""
    found: dict[str, TemplateDef] = {}
    for tree in trees:
        for template in tree.templates:
            if template.name in found:
                _report_twice("template", template.name, template.front.at, found[template.name].body.at, problems)
            else:
                found[template.name] = read_template(template.name, template.front, template.body, reading)
    return found


def gather_option_sets(trees: Iterable[AppTree], problems: Problems) -> dict[str, Mapping]:
    """Give the nodes of all option sets."""
    found: dict[str, Mapping] = {}
    for tree in trees:
        for node in tree.files[FileKind.OPTION_SET]:
            name = word(node.get("option_set"))
            if name is None:
                continue
            if name in found:
                first = found[name].get("option_set") or found[name]
                _report_twice("option set", name, (node.get("option_set") or node).at, first.at, problems)
            else:
                found[name] = node
    return found


def by_name(what: str, found: Iterable[_T], problems: Problems) -> dict[str, _T]:
    """Give definitions by their names; one that is there already is told of.

    Problems: APP332.
    """
    named: dict[str, _T] = {}
    for item in found:
        if not item.name:
            continue
        if item.name in named:
            _report_twice(what, item.name, item.at, named[item.name].at, problems)
        else:
            named[item.name] = item
    return named


def _report_twice(what: str, name: str, at: Location, first: Location, problems: Problems) -> None:
    problems.report("APP332", f"the {what} '{name}' is written twice", at, hint=f"it stands in {first} already",
                    length=len(name))  # fmt: skip
