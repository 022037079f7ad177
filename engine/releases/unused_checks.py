"""Warns of what an app defines and nobody gets to see: objects and templates, and columns that stay hidden.

What is named anywhere else counts as used; apps without menus of their own are parts of others and leave that to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from engine.access.grants import NEVER, RoleGrants
from metamodel.access import MenuItemDef
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText, Location, Problem, Severity

_CORE = "core"
_MADE_IN = "/app.yaml"  # where a menu says it stands that the product made for an app without one


def check_unused(metamodel: Metamodel) -> Iterator[Problem]:
    """Give the warnings.

    Problems: APP432 object, APP433 template, APP434 a column that a role with the menu may not read.
    """
    finder = _Finder(metamodel)
    for object_def in metamodel.objects.values():
        if not finder.is_seen(object_def):
            message = f"nothing leads to the object '{object_def.name}': no menu, no lookup, no rule"
            yield _warning("APP432", message, object_def.at, "put it into a menu, or take it out")
    for template in metamodel.templates.values():
        if template.app != _CORE and not finder.is_named(template.name, template.subject.at.file):
            message = f"nothing sends the template '{template.name}'"
            yield _warning("APP433", message, template.subject.at, "send it from a rule, or take it out")
    yield from finder.hidden_columns()


def _warning(code: str, message: str, at: Location, hint: str, length: int = 1) -> Problem:
    return Problem(code=code, message=message, at=at, hint=hint, severity=Severity.WARNING, length=length)


class _Finder:
    """Knows what leads where; what takes long is looked up once it is asked for."""

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel
        self._grants: dict[str, RoleGrants] = {}
        self._with_menus = {menu.app for menu in metamodel.menus.values() if not menu.at.file.endswith(_MADE_IN)}

    def is_seen(self, object_def: ObjectDef) -> bool:
        """Say whether a menu, a lookup from or to it, or a word in another file leads to an object."""
        if object_def.app == _CORE or object_def.app not in self._with_menus or object_def.key in self._in_menus:
            return True
        if object_def.links is not None or object_def.key in self._pointed_at:
            return True
        if any(field.relation is not None and not field.system for field in object_def.fields.values()):
            return True
        return self.is_named(object_def.name, object_def.at.file)

    def is_named(self, name: str, besides: str) -> bool:
        """Say whether a word stands in any file but one."""
        return any(name in words for file, words in self._words.items() if file != besides)

    def hidden_columns(self) -> Iterator[Problem]:
        """Give the columns of a menu's views that a role which has the menu may not read."""
        shown: dict[tuple[str, str], list[str]] = {}
        for role in self._metamodel.roles.values():
            menus = self._metamodel.menus.values()
            held = [menu for menu in menus if role.every_menu or menu.name in role.menus]
            for item in (each for menu in held for each in _items(menu.items)):
                found = self._metamodel.find_object(item.object or "")
                if found is not None and item.view in found.views:
                    shown.setdefault((found.key, item.view or ""), []).append(role.name)
        for (key, name), roles in shown.items():
            yield from self._hidden(self._metamodel.objects[key], name, tuple(dict.fromkeys(roles)))

    def _hidden(self, object_def: ObjectDef, name: str, roles: Iterable[str]) -> Iterator[Problem]:
        view = object_def.views[name]
        for column in view.columns:
            blind = [role for role in roles if self._is_hidden(object_def, column, role)]
            if blind:
                told = ", ".join(f"'{role}'" for role in blind)
                message = (
                    f"the view '{name}' shows '{column.text}', which these roles with its menu may not read: {told}"
                )
                hint = "they see the list without it; grant the field, or take the column out"
                yield _warning("APP434", message, column.at, hint, len(column.text))

    def _is_hidden(self, object_def: ObjectDef, column: LocatedText, role: str) -> bool:
        """Say whether a role that may read the object may not read the first field of a column."""
        field = object_def.fields.get(column.text.split(".")[0])
        grants = self._grants.get(role)
        if grants is None:
            grants = self._grants[role] = RoleGrants(self._metamodel, (role,))
        if field is None or grants.scopes(object_def.key, "read") == NEVER:
            return False
        rights = grants.field_rights(object_def.key, field)
        return rights.read == NEVER and rights.masked == NEVER

    @cached_property
    def _in_menus(self) -> frozenset[str]:
        items = (item for menu in self._metamodel.menus.values() for item in _items(menu.items))
        found = (self._metamodel.find_object(item.object or "") for item in items)
        return frozenset(object_def.key for object_def in found if object_def is not None)

    @cached_property
    def _pointed_at(self) -> frozenset[str]:
        fields = (field for each in self._metamodel.objects.values() for field in each.fields.values())
        return frozenset(key for field in fields if field.relation is not None for key in field.relation.targets)

    @cached_property
    def _words(self) -> Mapping[str, frozenset[str]]:
        return {file: frozenset(_WORD.findall(text)) for file, text in self._metamodel.sources.items()}


_WORD = re.compile(r"[a-z][a-z0-9_]*")


def _items(items: Iterable[MenuItemDef]) -> Iterator[MenuItemDef]:
    for item in items:
        yield item
        yield from _items(item.items)
