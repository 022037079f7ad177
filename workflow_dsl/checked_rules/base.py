"""What all checked actions and triggers are made of: values, named values, and the records an action is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from metamodel.source import Location
from workflow_dsl.reads import Reads
from workflow_dsl.typed import Aggregate, Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedValue:
    """A typed expression of a rule, with what it reads and how it was written."""

    typed: Typed
    reads: Reads
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """A value for a field of a record that an action writes."""

    field: str
    value: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedInput:
    """A value that is sent along under a name, of any type."""

    name: str
    value: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRows:
    """Which records an action is about: one, or many.

    object: key of their object; None where `one` may point at several objects. one: a path to a record. many: an
    aggregate (of kind count) whose rows are meant, those for which its `where` holds, in the order of its `sorted_by`;
    the row is root ROW, level 0, and `this` the rule's record.
    """

    object: str | None
    one: CheckedValue | None = None
    many: Aggregate | None = None
    reads: Reads = field(default_factory=Reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAction:
    """Base of the checked actions."""

    path: str
    text: str
    at: Location
    unless: CheckedValue | None = None
