"""What a set of roles grants, as written: `includes` followed, grants added up, denials taken out.

Still texts: an `Alternatives` is an or of ands of scope texts. Compiling them is `compiler`'s job. Whatever is not
granted here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.access.limits import LIMIT, limit_of
from engine.access.statements import Denial, Statement
from metamodel.access import FieldGrant, ObjectGrant, RoleDef
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
        if is_masked(grant.read) and _key_of(metamodel, grant.object) == object_key
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
        held = frozenset(roles)
        self.roles = resolve_roles(metamodel, held)
        self.limit = limit_of(held)
        self.names = frozenset(role.name for role in self.roles) | {name for name in held if name.startswith(LIMIT)}
        rights = frozenset(right for role in self.roles for right in role.system)
        self.system = rights if self.limit is None else self.limit.rights_of(rights)
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
        return self.lies_elsewhere(object_key, action) or bool(self.denials(object_key, action))

    def lies_elsewhere(self, object_key: str, action: str) -> bool:
        """Say whether an action is refused to all since the records lie in another database."""
        object_def = self._metamodel.objects.get(object_key)
        return action not in READ_ACTIONS and object_def is not None and object_def.source is not None

    def denials(self, object_key: str, action: str) -> tuple[Denial, ...]:
        """Give what denies an action on a whole object."""
        return (*self._denied.get((object_key, None, action), ()), *self._denied.get((object_key, None, "all"), ()))

    def field_denials(self, object_key: str, name: str, right: str) -> tuple[Denial, ...]:
        """Give what denies a right on a field: what may not be read, may not be written either."""
        rights = (right, "read", "all") if right == "update" else (right, "all")
        return tuple(denial for each in rights for denial in self._denied.get((object_key, name, each), ()))

    def statement(
        self, role: RoleDef, object_key: str, action: str, below: frozenset[str] = frozenset()
    ) -> Statement | None:
        """Give what a role says of an action on an object; of a child that no role names, what it says of its parent.

        Denials are not looked at.
        """
        if self.names_object(object_key):
            grant = self._object_grants[role.name].get(object_key)
            text = grant.scopes.get(action) if grant is not None else None
            return None if text is None else Statement(role=role.name, object=object_key, action=action, text=text)
        above = None if object_key in below else self.parent_of(object_key)
        if above is None:
            return None
        said = self.statement(role, above, PARENT_ACTION[action], below | {object_key})
        return None if said is None else replace(said, levels=said.levels + 1)

    def object_grant(self, role: RoleDef, object_key: str) -> ObjectGrant | None:
        """Give what a role says of an object under `objects:`."""
        return self._object_grants[role.name].get(object_key)

    def field_statement(self, role: RoleDef, object_key: str, name: str, right: str) -> LocatedText | None:
        """Give what a role says of a right on a field itself."""
        return _right_text(self._field_grants[role.name].get((object_key, name)), right)

    def parent_of(self, object_key: str) -> str | None:
        """Give the object that an object's records are parts of."""
        object_def = self._metamodel.objects.get(object_key)
        parent = object_def.parent_field if object_def is not None else None
        return None if parent is None or parent.relation is None else parent.relation.targets[0]

    def field_rights(self, object_key: str, field_def: FieldDef) -> FieldRights:
        """Give the rights on one field; each role limits what it grants itself, on the object or through its parent."""
        return FieldRights(
            read=self._field_alternatives(object_key, field_def, "read", "read"),
            masked=self._masked(object_key, field_def),
            update=self._field_alternatives(object_key, field_def, "update", "update"),
            create=self._field_alternatives(object_key, field_def, "update", "create"),
        )

    def _record_scope(self, role: RoleDef, object_key: str, action: str) -> Conjunction | None:
        if self._is_closed(object_key, action):
            return None
        said = self.statement(role, object_key, action)
        return None if said is None else condition_of(said)

    def _is_closed(self, object_key: str, action: str, below: frozenset[str] = frozenset()) -> bool:
        """Say whether the action is denied on the object, or, for a child that no role names, on what it follows."""
        if self.denies(object_key, action):
            return True
        above = None if self.names_object(object_key) or object_key in below else self.parent_of(object_key)
        return above is not None and self._is_closed(above, PARENT_ACTION[action], below | {object_key})

    def _field_alternatives(self, object_key: str, field_def: FieldDef, right: str, action: str) -> Alternatives:
        if self.field_denials(object_key, field_def.name, right):
            return NEVER
        guarded = field_def.sensitive or field_def.encrypted
        found: list[Conjunction] = []
        for role in self.roles:
            scope = self._record_scope(role, object_key, action)
            text = self.field_statement(role, object_key, field_def.name, right)
            if scope is None or (text is None and guarded):
                continue
            condition = () if text is None else conjunction_of(text)
            if condition is not None and not is_masked(text):
                found.append(scope + condition)
        return simplify(tuple(found))

    def _masked(self, object_key: str, field_def: FieldDef) -> Alternatives:
        if self.field_denials(object_key, field_def.name, "read"):
            return NEVER
        found = []
        for role in self.roles:
            text = self.field_statement(role, object_key, field_def.name, "read")
            scope = self._record_scope(role, object_key, "read")
            if is_masked(text) and scope is not None:
                found.append(scope)
        return simplify(tuple(found))


def simplify(alternatives: Alternatives) -> Alternatives:
    """Give ALWAYS where one alternative has no condition, and each alternative once."""
    if any(not conjunction for conjunction in alternatives):
        return ALWAYS
    return tuple(dict.fromkeys(alternatives))


def condition_of(said: Statement) -> Conjunction | None:
    """Give the condition that a statement grants under; None = it grants nothing."""
    found = conjunction_of(said.text)
    for _ in range(said.levels):
        found = None if found is None else tuple(OfParent(condition) for condition in found)
    return found


def conjunction_of(text: LocatedText | None) -> Conjunction | None:
    """Give the condition that a scope grants under; None = it grants nothing."""
    if text is None or text.text.strip() in _NO_WORDS:
        return None
    return () if text.text.strip() in _YES_WORDS else (text,)


def is_masked(text: LocatedText | None) -> bool:
    """Say whether a right on a field is to read it as a mask."""
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


def _index_denies(
    metamodel: Metamodel, roles: Iterable[RoleDef]
) -> dict[tuple[str, str | None, str], tuple[Denial, ...]]:
    found: dict[tuple[str, str | None, str], tuple[Denial, ...]] = {}
    for role in roles:
        for deny in role.denies:
            key = (_key_of(metamodel, deny.object), deny.field, deny.action)
            found[key] = (*found.get(key, ()), Denial(role=role.name, deny=deny))
    return found
