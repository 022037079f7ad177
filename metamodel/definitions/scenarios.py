"""Scenario tests of a configuration: given records, steps as users, and what is expected after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from metamodel.source import LocatedText, Location


class StepKind(StrEnum):
    """What a step of a scenario does or looks at."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    PRESS = "press"
    SUBMIT = "submit"
    ADVANCE = "advance"
    EXPECT = "expect"
    EXPECT_REFUSED = "expect refused"
    EXPECT_ALLOWED = "expect allowed"
    EXPECT_WARNING = "expect warning"
    EXPECT_EMAIL = "expect email"
    EXPECT_NOTIFICATION = "expect notification"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRecordDef:
    """A record of a scenario: its object's key, the name the scenario calls it by, values as written."""

    name: str
    object: str | None
    at: Location
    values: Mapping[str, LocatedText] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioUserDef:
    """A user of a scenario."""

    name: str
    at: Location
    roles: tuple[str, ...] = ()
    manager: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioActDef:
    """One thing that a step does or expects.

    record: the scenario's name of the record, for those about one. target: the object, button or form that a word of
    the step names. text: what stands beside it (an expression, a duration, a field). values: what is given as keys.
    """

    kind: StepKind
    at: Location
    user: str | None = None
    record: str | None = None
    target: str | None = None
    text: LocatedText | None = None
    values: Mapping[str, LocatedText] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioDef:
    """A scenario; records: every record it names, those that steps create included, name → object key."""

    name: str
    app: str
    at: Location
    users: tuple[ScenarioUserDef, ...] = ()
    given: tuple[ScenarioRecordDef, ...] = ()
    acts: tuple[ScenarioActDef, ...] = ()
    now: LocatedText | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    records: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
