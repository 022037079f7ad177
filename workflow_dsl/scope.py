"""Scope: what an expression may name in the place where it stands, and what that place allows.

A scope knows types, not records. The same metamodel gives many scopes: of a formula, of a view's filter, of a rule with
the names its trigger gives. What evaluation needs of a running system is in `context`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef
from metamodel.quick_making import quickly_made
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.types import Type

MayRead = Callable[[str, str], bool]


def reads_everything(object_key: str, field_name: str) -> bool:
    """Allow every field: what the author of the configuration defines sees the whole record."""
    return True


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an expression stands.

    object: key of the record's object (`this`), None where no record is at hand.
    row_object: key of the object of a row that is at hand besides the record: in the `where` of a lookup, a roll-up or
    a rule's `for each`, bare names are the row's fields first.
    place: what the place is called in messages ("a view's filter").
    needs_sql: only what SQL can run is allowed. allows_matches: `matches` is allowed all the same (stored formulas).
    allows_old: a change is at hand, so `old`, `is changed` and `is_new()` have a meaning.
    given: names that a trigger or an action gives, with their types; records among them can be followed.
    shows_encrypted: the value is only shown, so the path may end in an encrypted field, which no expression reads.
    may_read: for what a user brings, (object key, field) → readable; an unreadable field is an unknown one.
    """

    metamodel: Metamodel
    functions: FunctionRegistry
    object: str | None = None
    row_object: str | None = None
    place: str = "this place"
    needs_sql: bool = False
    allows_matches: bool = False
    allows_old: bool = False
    given: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))
    may_read: MayRead = reads_everything
    shows_encrypted: bool = False

    @property
    def zone(self) -> str:
        """The app's time zone: dates and moments without an offset are in it."""
        return self.metamodel.main.timezone

    @property
    def base_currency(self) -> str:
        """The currency that plain numbers beside money are in."""
        return self.metamodel.main.currency

    def objects(self, keys: tuple[str, ...]) -> tuple[ObjectDef, ...]:
        """Give the definitions of objects; no keys = all objects (a lookup `to: any`)."""
        if not keys:
            return tuple(self.metamodel.objects.values())
        known = self.metamodel.objects
        return tuple([known[key] for key in keys if key in known])
