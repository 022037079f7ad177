"""Who may do what, as an author wrote it: roles with grants on objects and fields, and menus by role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.source import LocatedText, Location
from metamodel.texts import Label

OBJECT_ACTIONS = ("read", "create", "update", "delete", "export")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectGrant:
    """The grants of a role on one object: action (of OBJECT_ACTIONS) → scope text; an absent action is refused.

    A scope is an expression that has the words `all yes own team subordinates territory shared no` too.
    """

    object: str
    scopes: Mapping[str, LocatedText]
    at: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGrant:
    """The grants of a role on one field: read and update, each a scope text (`no`, `yes`, `masked`, an expression)."""

    object: str
    field: str
    at: Location
    read: LocatedText | None = None
    update: LocatedText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyDef:
    """A denial that wins over every grant of every role: one action on an object or one of its fields."""

    object: str
    field: str | None
    action: str
    at: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDef:
    """A bundle of rights that users hold; the rights of several roles add up, denials win.

    objects: object key → grant, those for `"*"` included. every_object: the grant for `"*"`, if one is written.
    every_menu: whether `"*"` stands in `menus:`. second_factor: whether holders need one to get in.
    gives: the roles that holders give to users of their own team and of the teams below it.
    """

    name: str
    app: str
    at: Location
    label: Label | None = None
    includes: tuple[str, ...] = ()
    objects: Mapping[str, ObjectGrant] = field(default_factory=lambda: MappingProxyType({}))
    fields: tuple[FieldGrant, ...] = ()
    denies: tuple[DenyDef, ...] = ()
    system: tuple[str, ...] = ()
    menus: tuple[str, ...] = ()
    every_object: ObjectGrant | None = None
    every_menu: bool = False
    second_factor: bool = False
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItemDef:
    """An entry of a menu: a list or view of an object, a report, a dashboard, or a group of entries.

    items: of a group; there are three levels at most, the menu's own first.
    """

    at: Location
    object: str | None = None
    view: str | None = None
    report: str | None = None
    dashboard: str | None = None
    label: Label | None = None
    items: tuple[MenuItemDef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuDef:
    """A top-level menu, shown to the roles that name it under `menus:`."""

    name: str
    app: str
    at: Location
    label: Label | None = None
    icon: str | None = None
    items: tuple[MenuItemDef, ...] = ()
