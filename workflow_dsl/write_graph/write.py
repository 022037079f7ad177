"""One write of a rule: what is done to which records with which values, and what holds where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from metamodel.source import Location
from workflow_dsl.checked_rules import CheckedRule, CheckedValue
from workflow_dsl.typed import Typed
from workflow_dsl.write_graph.alternatives import Key

OWN = "this"


class WriteKind(StrEnum):
    """What is done to records."""

    UPDATE = "update"
    CREATE = "create"
    DELETE = "delete"
    RESTORE = "restore"
    CONVERT = "convert"
    MERGE = "merge"
    SUBMIT = "submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition that holds, or does not, where an action is reached."""

    condition: Typed
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write of a rule.

    values: field → value, None where it is not known; filled: fields of these that are not empty then. target: how the
    records are found (`this`, `account`); found_by: the path to the one record. guards: what holds when it is done, the
    rule's own condition first. before: what the same way through the rule has set of its record already. moves: the
    (object, field) of records that come to point elsewhere. once: the object whose records allow it once each.
    approval: the key of what is submitted, None where the first that fits is.
    """

    rule: CheckedRule
    kind: WriteKind
    object: str
    path: str
    at: Location
    text: str
    target: str
    found_by: Key | None = None
    values: Mapping[str, CheckedValue | None] = field(default_factory=lambda: MappingProxyType({}))
    filled: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    before: Mapping[str, CheckedValue | None] = field(default_factory=lambda: MappingProxyType({}))
    moves: tuple[tuple[str, str], ...] = ()
    once: str | None = None
    approval: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is the rule's own record that is changed."""
        return self.target == OWN
