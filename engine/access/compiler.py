"""Compiles what a set of roles grants into predicates and field lists, once per release and set of roles.

Whatever is not granted, not known or can't be evaluated is refused. A child's records also need their parent's access:
reading it to read, updating it to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType

from engine.access.grants import PARENT_ACTION, Alternatives, OfParent, RoleGrants
from engine.access.object_access import FieldAccess, ObjectAccess, full_access, object_access
from engine.access.predicates import (
    EVERYONE,
    NOBODY,
    OWNER,
    Own,
    ParentIs,
    Predicate,
    Subordinates,
    Team,
    Unless,
    Written,
    all_of,
    any_of,
)
from engine.access.shared import Shared, can_be_shared
from engine.access.somebody import with_somebody
from engine.access.territories import territories_of
from engine.expressions.language import BrokenExpression, ReleaseLanguage
from metamodel.access import OBJECT_ACTIONS
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText
from workflow_dsl.checker import check_expression
from workflow_dsl.context import Context
from workflow_dsl.parser import parse_expression
from workflow_dsl.syntax import And, Expr, Not, Or, Path
from workflow_dsl.types import BOOLEAN

ContextOf = Callable[[Context, str, object], Context | None]

SCOPE_WORDS: Mapping[str, Predicate] = MappingProxyType(
    {
        "all": EVERYONE,
        "yes": EVERYONE,
        "no": NOBODY,
        "own": Own(),
        "team": Team(),
        "subordinates": Subordinates(),
        # What it means for an action is `_shared`'s to say; standing alone it is a word like the others.
        "shared": NOBODY,
        # What it means for an object is `_territory`'s to say.
        "territory": NOBODY,
    }
)
_BY_OWNER = frozenset(("own", "team", "subordinates"))
_SHARED, TERRITORY = "shared", "territory"
READ = "read"


class Access:
    """The compiled rights of a set of roles over one release; `full` is the product's own.

    shares: whether shared records count; without them it is what people hold by themselves.
    """

    def __init__(
        self,
        grants: RoleGrants | None,
        metamodel: Metamodel,
        language: ReleaseLanguage,
        context_of: ContextOf,
        *,
        shares: bool = True,
    ) -> None:
        self._grants = grants
        self._shares = shares
        self._metamodel = metamodel
        self._language = language
        self._context_of = context_of
        self._objects: dict[str, ObjectAccess] = {}

    @property
    def full(self) -> bool:
        """Whether nothing is refused."""
        return self._grants is None

    @property
    def grants(self) -> RoleGrants | None:
        """What the roles say, and where; None = nothing is refused."""
        return self._grants

    @property
    def roles(self) -> frozenset[str]:
        """The roles held, included ones too."""
        return self._grants.names if self._grants is not None else frozenset()

    @property
    def menus(self) -> frozenset[str]:
        """The menus that the roles show."""
        return self._grants.menus if self._grants is not None else frozenset(self._metamodel.menus)

    @property
    def rights(self) -> frozenset[str] | None:
        """The rights by name that are held; None = all."""
        return self._grants.system if self._grants is not None else None

    def has_right(self, name: str) -> bool:
        """Say whether a right by name (import, manage_users, a permission …) is held."""
        return self._grants is None or name in self._grants.system

    def of(self, object_key: str) -> ObjectAccess:
        """Give the rights on an object."""
        found = self._objects.get(object_key)
        if found is None:
            found = self._objects[object_key] = self._compile(self._metamodel.objects[object_key])
        return found

    def may_read(self, object_key: str, field_name: str) -> bool:
        """Say whether a field may be read in any record (what a filter may name)."""
        return object_key in self._metamodel.objects and field_name in self.of(object_key).readable

    def may_see(self, object_key: str, field_name: str) -> bool:
        """Say whether a field is shown in any record, in clear or masked (what a column may name)."""
        return object_key in self._metamodel.objects and field_name in self.of(object_key).shown

    def _compile(self, object_def: ObjectDef) -> ObjectAccess:
        if self._grants is None:
            return full_access(object_def)
        actions = {
            action: NOBODY if self._is_cut(object_def, action) else self._action(object_def, action)
            for action in OBJECT_ACTIONS
        }
        fields = dict(self._fields(object_def, actions))
        return object_access(object_def.key, actions, fields)

    def _is_cut(self, object_def: ObjectDef, action: str) -> bool:
        """Say whether a token's limit takes an action away; parts that it does not name have that of their parent."""
        limit = self._grants.limit if self._grants is not None else None
        if limit is None or limit.allows(object_def.key, action):
            return False
        parent = object_def.parent_field
        above = parent.relation.targets[0] if parent is not None and parent.relation is not None else object_def.key
        return above == object_def.key or limit.names(object_def.key)

    def _action(self, object_def: ObjectDef, action: str) -> Predicate:
        assert self._grants is not None
        named = self._grants.names_object(object_def.key)
        parent = object_def.parent_field
        denied = not named and self._grants.denies(object_def.key, action)
        if denied or (not named and parent is None):
            return NOBODY
        scopes = self._grants.scopes(object_def.key, action)
        own = self._predicate(scopes, object_def.key, action) if named else EVERYONE
        if parent is None or parent.relation is None or own is NOBODY:
            return own
        above = parent.relation.targets[0]
        if above == object_def.key:
            return own if named else NOBODY
        condition = self.of(above).actions[PARENT_ACTION[action]]
        if condition is NOBODY:
            return NOBODY
        # On creation the other side is looked up like that of any lookup, and refused in the same words.
        other = EVERYONE if action == "create" else self.other_side(object_def)
        return all_of(own, ParentIs(parent.name, above, condition, self._context_of), other)

    def other_side(self, object_def: ObjectDef) -> Predicate:
        """Give the condition that the other side of a link may be read: who may not, does not know of the link."""
        relation = object_def.fields[object_def.links].relation if object_def.links is not None else None
        if object_def.links is None or relation is None:
            return EVERYONE
        target = relation.targets[0]
        readable = self.of(target).actions["read"]
        if readable is NOBODY or readable is EVERYONE:
            return readable
        return ParentIs(object_def.links, target, readable, self._context_of)

    def _fields(self, object_def: ObjectDef, actions: Mapping[str, Predicate]) -> Iterable[tuple[str, FieldAccess]]:
        assert self._grants is not None
        key = object_def.key
        scopes = {action: self._grants.scopes(key, action) for action in ("read", "update", "create")}

        def judged(found: Alternatives, action: str) -> Predicate:
            # The record's own condition is judged with the record; only what a field adds to it stays here.
            return EVERYONE if found == scopes[action] else self._predicate(found, key, action)

        for name, definition in object_def.fields.items():
            rights = self._grants.field_rights(key, definition)
            yield (
                name,
                FieldAccess(
                    read=NOBODY if actions["read"] is NOBODY else judged(rights.read, "read"),
                    masked=NOBODY if actions["read"] is NOBODY else judged(rights.masked, "read"),
                    update=judged(rights.update, "update"),
                    create=judged(rights.create, "create"),
                ),
            )

    def _predicate(self, alternatives: Alternatives, object_key: str, action: str) -> Predicate:
        found = (
            all_of(*(self.judge(part, object_key, action) for part in conjunction)) for conjunction in alternatives
        )
        return any_of(*found)

    def judge(self, condition: LocatedText | OfParent, object_key: str, action: str) -> Predicate:
        """Compile one part of a grant's condition on an object's records."""
        if isinstance(condition, LocatedText):
            return self.judge_text(condition, object_key, action)
        parent = self._metamodel.objects[object_key].parent_field
        if parent is None or parent.relation is None:
            return NOBODY
        above = parent.relation.targets[0]
        inner = self.judge(condition.condition, above, PARENT_ACTION[action])
        decided = inner is EVERYONE or inner is NOBODY
        return inner if decided else ParentIs(parent.name, above, inner, self._context_of)

    def judge_text(self, text: LocatedText, object_key: str, action: str = "read") -> Predicate:
        """Compile the text of a scope; what can't be understood matches nothing, wherever in the text it stands."""
        parsed = parse_expression(text)
        if parsed.expression is None:
            return NOBODY
        try:
            return self._judge(parsed.expression, object_key, text, action)
        except BrokenExpression:
            return NOBODY

    def _judge(
        self, expression: Expr, object_key: str, text: LocatedText, action: str, *, denied: bool = False
    ) -> Predicate:
        """Compile a part of a scope. denied: it stands below an odd number of `not`."""

        def judged(operands: Iterable[Expr]) -> Iterator[Predicate]:
            return (self._judge(operand, object_key, text, action, denied=denied) for operand in operands)

        match expression:
            case Or():
                return any_of(*judged(expression.operands))
            case And():
                return all_of(*judged(expression.operands))
            case Not():
                inner = self._judge(expression.operand, object_key, text, action, denied=not denied)
                if inner is EVERYONE or inner is NOBODY:
                    return NOBODY if inner is EVERYONE else EVERYONE
                return Unless(inner)
            case Path() if expression.dotted in _BY_OWNER and OWNER not in self._metamodel.objects[object_key].fields:
                return NOBODY
            case Path() if expression.dotted == _SHARED:
                return self._shared(object_key, action)
            case Path() if expression.dotted == TERRITORY:
                return self._territory(object_key)
            case Path() if expression.dotted in SCOPE_WORDS:
                return SCOPE_WORDS[expression.dotted]
        return self._written(expression, object_key, text, denied=denied)

    def _written(self, expression: Expr, object_key: str, text: LocatedText, *, denied: bool = False) -> Written:
        scope = self._language.scope(object_key, "a scope", needs_sql=True)
        checked = check_expression(with_somebody(expression, denied=denied), scope, wanted=BOOLEAN)
        if checked.typed is None:
            raise BrokenExpression(checked, text)
        return Written(checked.typed, self._language.evaluator(checked.typed), text)

    def _territory(self, object_key: str) -> Predicate:
        """Give what `territory` means: the conditions of each territory for who is in it; a broken one has nothing."""
        found = []
        for territory, membership in territories_of(self._metamodel.territories, object_key):
            text = territory.objects[object_key]
            parsed = parse_expression(text)
            if parsed.expression is not None:
                with suppress(BrokenExpression):
                    found.append(all_of(membership, self._written(parsed.expression, object_key, text)))
        return any_of(*found)

    def _shared(self, object_key: str, action: str) -> Predicate:
        """Give what `shared` means: for reading any share does, for all else one for editing."""
        if not self._shares or not can_be_shared(self._metamodel.objects[object_key]):
            return NOBODY
        return Shared(object_key, self.roles, action != READ)
