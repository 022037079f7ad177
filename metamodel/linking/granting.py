"""Resolves the objects that roles, menus and templates name; `"*"` in a role stands for every object of every app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.access import DenyDef, FieldGrant, MenuDef, MenuItemDef, ObjectGrant, RoleDef
from metamodel.apps import AppDef, TemplateDef
from metamodel.linking.object_names import ObjectNames
from metamodel.objects import ObjectDef
from metamodel.source import Problems

EVERY_OBJECT = "*"
EVERY_MENU = "*"


def link_roles(
    roles: Mapping[str, RoleDef],
    objects: Mapping[str, ObjectDef],
    menus: Mapping[str, MenuDef],
    names: ObjectNames,
    problems: Problems,
) -> dict[str, RoleDef]:
    """Give the roles with object keys in their grants and denials; `menus: ["*"]` names every menu.

    Problems: OBJ201, OBJ202.
    """
    return {
        name: replace(
            _link_role(role, objects, names, problems),
            menus=tuple(menus) if EVERY_MENU in role.menus else role.menus,
            every_menu=EVERY_MENU in role.menus,
        )
        for name, role in roles.items()
    }


def _link_role(role: RoleDef, objects: Mapping[str, ObjectDef], names: ObjectNames, problems: Problems) -> RoleDef:
    grants: dict[str, ObjectGrant] = {}
    for written, grant in role.objects.items():
        if written == EVERY_OBJECT:
            continue
        key = names.resolve(written, role.app, grant.at, problems)
        if key is not None:
            grants[key] = replace(grant, object=key)
    every = role.objects.get(EVERY_OBJECT)
    if every is not None:
        grants = {key: grants.get(key) or replace(every, object=key) for key in objects}
    return replace(
        role,
        objects=grants,
        every_object=every,
        fields=tuple(linked for grant in role.fields if (linked := _field_grant(grant, role.app, names, problems))),
        denies=tuple(denied for deny in role.denies if (denied := _deny(deny, role.app, names, problems))),
    )


def _field_grant(grant: FieldGrant, app: str, names: ObjectNames, problems: Problems) -> FieldGrant | None:
    key = names.resolve(grant.object, app, grant.at, problems)
    return None if key is None else replace(grant, object=key)


def _deny(deny: DenyDef, app: str, names: ObjectNames, problems: Problems) -> DenyDef | None:
    # `core.account` is an object of an app, `account.name` a field: what names an object is one.
    if deny.field is not None:
        whole = names.candidates(f"{deny.object}.{deny.field}", app)
        if len(whole) == 1 and not names.candidates(deny.object, app):
            return replace(deny, object=whole[0], field=None)
    key = names.resolve(deny.object, app, deny.at, problems)
    return None if key is None else replace(deny, object=key)


def link_menus(menus: Mapping[str, MenuDef], names: ObjectNames) -> dict[str, MenuDef]:
    """Give the menus with object keys in their entries; the reference check tells of names that mean nothing."""
    return {
        name: replace(menu, items=tuple(_menu_item(item, menu.app, names) for item in menu.items))
        for name, menu in menus.items()
    }


def add_default_menus(
    menus: Mapping[str, MenuDef], apps: tuple[AppDef, ...], objects: Mapping[str, ObjectDef]
) -> dict[str, MenuDef]:
    """Give the menus with one of its own objects for each app that has objects and wrote no menu."""
    made = dict(menus)
    for app in apps:
        own = tuple(object_def for object_def in objects.values() if object_def.app == app.name)
        if own and app.name not in made and not any(menu.app == app.name for menu in menus.values()):
            items = tuple(MenuItemDef(at=object_def.at, object=object_def.key) for object_def in own)
            made[app.name] = MenuDef(name=app.name, app=app.name, at=app.at, label=app.label, items=items)
    return made


def _menu_item(item: MenuItemDef, app: str, names: ObjectNames) -> MenuItemDef:
    key = names.find(item.object, app) if item.object is not None else None
    return replace(item, object=key, items=tuple(_menu_item(inner, app, names) for inner in item.items))


def link_templates(templates: Mapping[str, TemplateDef], names: ObjectNames) -> dict[str, TemplateDef]:
    """Give the templates with object keys; the reference check tells of names that mean nothing."""
    return {
        name: replace(template, object=names.find(template.object, template.app))
        if template.object is not None
        else template
        for name, template in templates.items()
    }
