"""What is told of a right: the answer, and each statement that it rests on, with its place. Plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.automation.run_views import ConditionPart
from metamodel.source import Location


class Answer(StrEnum):
    """Whether it may be done; SOMETIMES: it depends on the record, and none was named. MASKED: read as a mask."""

    YES = "yes"
    NO = "no"
    SOMETIMES = "sometimes"
    MASKED = "masked"


class Basis(StrEnum):
    """What kind of statement an answer rests on."""

    CLOSED = "closed"
    SYSTEM = "system"
    SWITCHED_OFF = "switched off"
    DENY = "deny"
    ELSEWHERE = "elsewhere"
    RIGHT = "right"
    GRANT = "grant"
    UNGRANTED = "not granted"
    SHARE = "share"
    PARENT = "parent"
    OTHER_SIDE = "other side"
    READ_FIRST = "read first"
    FIELD = "field"
    GUARDED = "guarded"
    KEPT = "kept"
    READONLY = "readonly"
    LOCK = "lock"
    REQUIRED = "required"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One statement that an answer rests on.

    holds: whether it lets the action pass; None where that depends on the record. decides: whether the answer follows
    from it. role: whose it is, through: how that role is held (a role held, then what it includes, down to this one).
    written: as in its file. condition: the condition with its values. parts: what a ground itself rests on.
    """

    basis: Basis
    holds: bool | None
    decides: bool = False
    role: str = ""
    through: tuple[str, ...] = ()
    at: Location | None = None
    written: str = ""
    note: str = ""
    until: dt.datetime | None = None
    condition: ConditionPart | None = None
    parts: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: may this be done to an object, a record of it, a field of it."""

    action: str
    object: str
    record_id: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessAnswer:
    """Whether somebody may do something, and why. of_control: why a field is required or not shown, where asked for."""

    asked: Asked
    login: str
    roles: tuple[str, ...]
    answer: Answer
    grounds: tuple[Ground, ...]
    of_control: tuple[Ground, ...] = ()

    def deciding(self) -> Iterator[Ground]:
        """Give the grounds that the answer follows from."""
        return (ground for ground in self.grounds if ground.decides)
