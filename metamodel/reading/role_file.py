"""Reads roles/*.yaml and menus.yaml."""

from __future__ import annotations

from metamodel.access import DenyDef, FieldGrant, MenuDef, MenuItemDef, ObjectGrant, RoleDef
from metamodel.reading.node_values import Reading, child, entries, items, label, located, scalars, word, words
from metamodel.yaml_nodes import Mapping, Node, Scalar


def read_role(node: Mapping, reading: Reading) -> RoleDef:
    """Read a role; objects and fields in it are named as the author wrote them."""
    name_node = node.get("role")
    grants = [_read_object_grant(entry.key, entry.value) for entry in entries(node.get("objects"))]
    return RoleDef(
        name=word(name_node) or "",
        app=reading.app(node.at),
        at=(name_node or node).at,
        label=label(node.get("label"), reading.language),
        includes=words(node.get("includes")),
        objects={grant.object: grant for grant in grants},
        fields=tuple(_read_field_grant(entry.key, entry.value) for entry in entries(node.get("fields"))),
        denies=tuple(
            _read_deny(entry.key, action) for entry in entries(node.get("deny")) for action in scalars(entry.value)
        ),
        system=words(node.get("system")),
        menus=words(node.get("menus")),
        second_factor=word(node.get("second_factor")) == "required",
        gives=words(node.get("gives")),
    )


def split_field(text: str) -> tuple[str, str | None]:
    """Split `account.bank_account` or `core.account.name` into object and field; an object alone has no field."""
    before, dot, after = text.rpartition(".")
    return (before, after) if dot else (text, None)


def _read_object_grant(key: Scalar, node: Node) -> ObjectGrant:
    scopes = {entry.key.text: scope for entry in entries(node) if (scope := located(entry.value)) is not None}
    return ObjectGrant(object=key.text, scopes=scopes, at=key.at)


def _read_field_grant(key: Scalar, node: Node) -> FieldGrant:
    object_name, field_name = split_field(key.text)
    return FieldGrant(
        object=object_name,
        field=field_name or "",
        at=key.at,
        read=located(child(node, "read")),
        update=located(child(node, "update")),
    )


def _read_deny(key: Scalar, action: Scalar) -> DenyDef:
    object_name, field_name = split_field(key.text)
    return DenyDef(object=object_name, field=field_name, action=action.text, at=key.at)


def read_menus(node: Mapping, reading: Reading) -> tuple[MenuDef, ...]:
    """Read all menus of a menus.yaml."""
    return tuple(
        MenuDef(
            name=entry.key.text,
            app=reading.app(entry.key.at),
            at=entry.key.at,
            label=label(child(entry.value, "label"), reading.language),
            icon=word(child(entry.value, "icon")),
            items=_read_items(child(entry.value, "items"), reading),
        )
        for entry in entries(node.get("menus"))
    )


def _read_items(node: Node | None, reading: Reading) -> tuple[MenuItemDef, ...]:
    return tuple(
        MenuItemDef(
            at=item.at,
            object=word(item.get("object")),
            view=word(item.get("view")),
            report=word(item.get("report")),
            dashboard=word(item.get("dashboard")),
            label=label(item.get("label"), reading.language),
            items=_read_items(item.get("items"), reading),
        )
        for item in items(node)
        if isinstance(item, Mapping)
    )
