"""Checks what roles name: other roles, fields, menus, system rights."""

from __future__ import annotations

from collections.abc import Mapping

from metamodel.access import OBJECT_ACTIONS
from metamodel.app_tree import AppTree
from metamodel.apps import Metamodel
from metamodel.folder import FileKind
from metamodel.linking.granting import EVERY_MENU
from metamodel.linking.object_names import ObjectNames
from metamodel.names import did_you_mean
from metamodel.reading.node_values import entries, scalars, word
from metamodel.reading.role_file import split_field
from metamodel.references.telling import tell_unknown
from metamodel.source import Problems, Severity
from metamodel.system_rights import known_rights
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_nodes import Scalar

_OF_FIELDS = ("read", "update")
_GRANTING = ("includes", "objects", "fields", "deny", "system", "menus", "gives")


def check_roles(metamodel: Metamodel, trees: tuple[AppTree, ...], names: ObjectNames, problems: Problems) -> None:
    """Check all role files.

    Problems: APP204, APP411 – APP415, APP417.
    """
    rights = known_rights(metamodel)
    for tree in trees:
        for node in tree.files[FileKind.ROLE]:
            for role in (*scalars(node.get("includes")), *scalars(node.get("gives"))):
                if role.text not in metamodel.roles:
                    tell_unknown(problems, "APP411", role, "a role", metamodel.roles)
            for menu in scalars(node.get("menus")):
                if menu.text not in metamodel.menus and menu.text != EVERY_MENU:
                    tell_unknown(problems, "APP413", menu, "a menu", metamodel.menus)
            for right in scalars(node.get("system")):
                if right.text not in rights:
                    tell_unknown(problems, "APP414", right, "a system right", rights)
            _check_fields(node, tree.name, metamodel, names, problems)
            name = node.get("role")
            if isinstance(name, Scalar) and not any(node.get(part) for part in _GRANTING):
                problems.report("APP417", f"the role '{name.text}' grants nothing", name.at,
                                severity=Severity.WARNING, length=name.length)  # fmt: skip
    _check_circles(metamodel, trees, problems)


def _check_fields(node: MappingNode, app: str, metamodel: Metamodel, names: ObjectNames, problems: Problems) -> None:
    for part in ("fields", "deny"):
        for key, value in entries(node.get(part)):
            object_name, field_name = split_field(key.text)
            found = names.candidates(object_name, app)
            if field_name is None or len(found) != 1:
                continue
            fields = metamodel.objects[found[0]].fields
            if field_name not in fields:
                at = key.located.locate(len(object_name) + 1)
                hint = did_you_mean(field_name, fields)
                message = f"'{field_name}' is not a field of {found[0]}"
                problems.report("APP412", message, at, hint=hint, length=len(field_name))
            for action in scalars(value) if part == "deny" else ():
                if action.text in OBJECT_ACTIONS and action.text not in _OF_FIELDS:
                    message = f"'{action.text}' can't be denied on a field; read and update can"
                    problems.report("APP204", message, action.at, length=action.length)


def _check_circles(metamodel: Metamodel, trees: tuple[AppTree, ...], problems: Problems) -> None:
    keys = _include_places(trees)
    for name in metamodel.roles:
        chain = _circle(name, metamodel, (name,))
        if chain is not None and name == min(chain):
            at = keys.get(name)
            place = at.at if at is not None else metamodel.roles[name].at
            message = f"roles include each other in a circle: {' → '.join(chain)}"
            problems.report("APP415", message, place, length=at.length if at is not None else 1)


def _include_places(trees: tuple[AppTree, ...]) -> Mapping[str, Scalar]:
    places: dict[str, Scalar] = {}
    for tree in trees:
        for node in tree.files[FileKind.ROLE]:
            key = node.key("includes")
            if key is not None:
                places[word(node.get("role")) or ""] = key
    return places


def _circle(name: str, metamodel: Metamodel, chain: tuple[str, ...]) -> tuple[str, ...] | None:
    role = metamodel.roles.get(chain[-1])
    for other in role.includes if role is not None else ():
        if other == name:
            return (*chain, other)
        if other not in chain:
            found = _circle(name, metamodel, (*chain, other))
            if found is not None:
                return found
    return None
