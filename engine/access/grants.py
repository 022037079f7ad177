"""What a set of roles grants, as written: `includes` followed, grants added up, denials taken out.

Still texts: an `Alternatives` is an or of ands of scope texts. Compiling them is `compiler`'s job. Whatever is not
granted here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from metamodel.access import DenyDef, FieldGrant, ObjectGrant, RoleDef
from metamodel.apps import Metamodel
from metamodel.fields import FieldDef
from metamodel.source import LocatedText


@dataclass(frozen=True, slots=True)
class OfParent:
    """A condition on the record's parent: what a role grants there holds for a child that no role names."""

    condition: LocatedText | OfParent


Conjunction = tuple[LocatedText | OfParent, ...]
Alternatives = tuple[Conjunction, ...]

NEVER: Alternatives = ()
ALWAYS: Alternatives = ((),)

_YES_WORDS = frozenset({"all", "yes", "true"})
_NO_WORDS = frozenset({"no", "false", ""})
READ_ACTIONS = ("read", "export")
MASKED_WORD = "masked"

# What one may do with a child follows from what one may do with its parent.
PARENT_ACTION: Mapping[str, str] = MappingProxyType(
    {"read": "read", "create": "update", "update": "update", "delete": "update", "export": "read"}
)


def resolve_roles(metamodel: Metamodel, names: Iterable[str]) -> tuple[RoleDef, ...]:
    """Give the roles of those names and all that they include; unknown names grant nothing."""
    found: dict[str, RoleDef] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        role = metamodel.roles.get(name)
        if role is not None and name not in found:
            found[name] = role
            waiting.extend(role.includes)
    return tuple(found[name] for name in sorted(found))


def masked_fields(metamodel: Metamodel, object_key: str) -> frozenset[str]:
    """Give the fields of an object that any role sees masked."""
    return frozenset(
        grant.field
        for role in metamodel.roles.values()
        for grant in role.fields
        if _is_masked(grant.read) and _key_of(metamodel, grant.object) == object_key
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRights:
    """Where a field may be read, is shown masked, and may be written on update and on creation."""

    read: Alternatives
    masked: Alternatives
    update: Alternatives
    create: Alternatives


class RoleGrants:
    """The sum of the grants of several roles over one metamodel."""

    def __init__(self, metamodel: Metamodel, roles: Iterable[str]) -> None:
        self.roles = resolve_roles(metamodel, roles)
        self.names = frozenset(role.name for role in self.roles)
        self.system = frozenset(right for role in self.roles for right in role.system)
        self.menus = frozenset(menu for role in self.roles for menu in role.menus)
        self._metamodel = metamodel
        self._denied = _index_denies(metamodel, self.roles)
        self._object_grants = {role.name: _index_objects(metamodel, role) for role in self.roles}
        self._named = frozenset(key for grants in self._object_grants.values() for key in grants)
        self._field_grants = {role.name: _index_fields(metamodel, role) for role in self.roles}
        denied_fields = {(key, name) for key, name, _ in self._denied if name is not None}
        self._named_fields = denied_fields.union(*self._field_grants.values())

    def names_field(self, object_key: str, name: str) -> bool:
        """Say whether any role grants or denies something on the field itself."""
        return (object_key, name) in self._named_fields

    def names_object(self, object_key: str) -> bool:
        """Say whether any role names the object under `objects:`."""
        return object_key in self._named

    def scopes(self, object_key: str, action: str) -> Alternatives:
        """Give where the action on the object is granted; a child that no role names follows its parent, role by role.

        What the parent of a named child adds is the compiler's to ask.
        """
        granted = tuple(
            conjunction
            for role in self.roles
            if (conjunction := self._record_scope(role, object_key, action)) is not None
        )
        return simplify(granted)

    def denies(self, object_key: str, action: str) -> bool:
        """Say whether the action on the whole object is denied: by a role, or since it is only read here."""
        if action not in READ_ACTIONS and self._lies_elsewhere(object_key):
            return True
        return (object_key, None, action) in self._denied or (object_key, None, "all") in self._denied

    def field_rights(self, object_key: str, field_def: FieldDef) -> FieldRights:
        """Give the rights on one field; each role limits what it grants itself, on the object or through its parent."""
        return FieldRights(
            read=self._field_alternatives(object_key, field_def, "read", "read"),
            masked=self._masked(object_key, field_def),
            update=self._field_alternatives(object_key, field_def, "update", "update"),
            create=self._field_alternatives(object_key, field_def, "update", "create"),
        )

    def _lies_elsewhere(self, object_key: str) -> bool:
        object_def = self._metamodel.objects.get(object_key)
        return object_def is not None and object_def.source is not None

    def _record_scope(
        self, role: RoleDef, object_key: str, action: str, below: frozenset[str] = frozenset()
    ) -> Conjunction | None:
        if self.denies(object_key, action):
            return None
        if self.names_object(object_key):
            grant = self._object_grants[role.name].get(object_key)
            return _conjunction(grant.scopes.get(action)) if grant is not None else None
        object_def = self._metamodel.objects.get(object_key)
        parent = object_def.parent_field if object_def is not None else None
        if parent is None or parent.relation is None or object_key in below:
            return None
        above = self._record_scope(role, parent.relation.targets[0], PARENT_ACTION[action], below | {object_key})
        return None if above is None else tuple(OfParent(condition) for condition in above)

    def _field_alternatives(self, object_key: str, field_def: FieldDef, right: str, action: str) -> Alternatives:
        if self._is_denied(object_key, field_def.name, right):
            return NEVER
        guarded = field_def.sensitive or field_def.encrypted
        found: list[Conjunction] = []
        for role in self.roles:
            scope = self._record_scope(role, object_key, action)
            grant = self._field_grants[role.name].get((object_key, field_def.name))
            text = _right_text(grant, right)
            if scope is None or (text is None and guarded):
                continue
            condition = () if text is None else _conjunction(text)
            if condition is not None and not _is_masked(text):
                found.append(scope + condition)
        return simplify(tuple(found))

    def _masked(self, object_key: str, field_def: FieldDef) -> Alternatives:
        if self._is_denied(object_key, field_def.name, "read"):
            return NEVER
        found = []
        for role in self.roles:
            text = _right_text(self._field_grants[role.name].get((object_key, field_def.name)), "read")
            scope = self._record_scope(role, object_key, "read")
            if _is_masked(text) and scope is not None:
                found.append(scope)
        return simplify(tuple(found))

    def _is_denied(self, object_key: str, name: str, right: str) -> bool:
        return (object_key, name, right) in self._denied or (
            right == "update" and (object_key, name, "read") in self._denied
        )


def simplify(alternatives: Alternatives) -> Alternatives:
    """Give ALWAYS where one alternative has no condition, and each alternative once."""
    if any(not conjunction for conjunction in alternatives):
        return ALWAYS
    return tuple(dict.fromkeys(alternatives))


def _conjunction(text: LocatedText | None) -> Conjunction | None:
    if text is None or text.text.strip() in _NO_WORDS:
        return None
    return () if text.text.strip() in _YES_WORDS else (text,)


def _is_masked(text: LocatedText | None) -> bool:
    return text is not None and text.text.strip() == MASKED_WORD


def _right_text(grant: FieldGrant | None, right: str) -> LocatedText | None:
    if grant is None:
        return None
    return grant.read if right == "read" else grant.update


def _key_of(metamodel: Metamodel, name: str) -> str:
    found = metamodel.find_object(name)
    return found.key if found is not None else name


def _index_objects(metamodel: Metamodel, role: RoleDef) -> dict[str, ObjectGrant]:
    return {_key_of(metamodel, name): grant for name, grant in role.objects.items()}


def _index_fields(metamodel: Metamodel, role: RoleDef) -> dict[tuple[str, str], FieldGrant]:
    return {(_key_of(metamodel, grant.object), grant.field): grant for grant in role.fields}


def _index_denies(metamodel: Metamodel, roles: Iterable[RoleDef]) -> frozenset[tuple[str, str | None, str]]:
    denies: list[DenyDef] = [deny for role in roles for deny in role.denies]
    return frozenset((_key_of(metamodel, deny.object), deny.field, deny.action) for deny in denies)
