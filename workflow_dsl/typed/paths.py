"""Typed nodes of what is read: fields along lookups, now and today, settings, names, look-ups, labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from metamodel.fields import FieldDef
from metamodel.quick_making import quickly_made
from workflow_dsl.syntax import NamedKind
from workflow_dsl.typed.base import Typed


class ContextName(StrEnum):
    """Values that the evaluation brings along."""

    NOW = "now"
    TODAY = "today"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextValue(Typed):
    """`now` or `today`."""

    name: ContextName


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingValue(Typed):
    """`app.review_limit`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue(Typed):
    """`queue "x"`, `team "x"` (the id of that record) or `role "x"` (the role's name)."""

    kind: NamedKind
    name: str


class RootKind(StrEnum):
    """Where a path starts: the record, the record before the change, who acts, a row of an aggregate, a given name."""

    THIS = "this"
    OLD = "old"
    USER = "user"
    ROW = "row"
    GIVEN = "given"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The start of a path.

    objects: keys of the objects it may be. name: of a given name (`line`, `review`). level: of a row, 0 is the
    outermost aggregate. polymorphic: a given name whose value is a `Ref`.
    """

    kind: RootKind
    objects: tuple[str, ...] = ()
    name: str = ""
    level: int = 0


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """A lookup that is followed: `field` (of the objects before it) leads to a record of one of `targets`.

    polymorphic: the values are `Ref`s; one to an object outside `targets` gives empty.
    """

    field: FieldDef
    targets: tuple[str, ...]
    polymorphic: bool


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath(Typed):
    """`account.owner.email`: a root, the lookups followed, the field read in the end.

    field: None where the path ends in the record itself (`this`, `user`, a given name). holders: objects that have
    `field`. attribute: of the choice's option (`stage.probability`). keys: rest of the path into an unknown value.
    """

    root: Root
    steps: tuple[PathStep, ...] = ()
    field: FieldDef | None = None
    holders: tuple[str, ...] = ()
    attribute: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRecord(Typed):
    """`lookup(object, field, value)`: the one record with that value, empty where there is none or more than one."""

    object: str
    field: FieldDef
    value: Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValue(Typed):
    """`label(stage)`, and a choice inside a text: the option's label in the reader's language.

    `value` is a path to the choice field; its label is empty where the value is.
    """

    value: FieldPath
