"""Checked actions that steer a rule: refuse, wait, branch, loop, stop, log."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRefuse(CheckedAction):
    """`reject field "…"`, `warn field "…"`."""

    message: CheckedValue
    field: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWait(CheckedAction):
    """`wait 3 days`."""

    duration: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWaitUntil(CheckedAction):
    """`wait until … at most … on timeout … end`; its block has the paths `…/timeout/n`.

    awaited: (object, field) of what the condition reads, formulas included: the object of its records, with "" or with
    the lookup field by which they are rows of a list.
    """

    condition: CheckedValue
    awaited: frozenset[tuple[str, str]]
    at_most: CheckedValue | None = None
    on_timeout: tuple[CheckedAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIf(CheckedAction):
    """`if … then … else … end`; its blocks have the paths `…/then/n` and `…/else/n`."""

    condition: CheckedValue
    then: tuple[CheckedAction, ...]
    otherwise: tuple[CheckedAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedForEach(CheckedAction):
    """`for each line in lines … do … end`; `variable` is a given name inside; its block has the paths `…/do/n`."""

    variable: str
    rows: CheckedRows
    actions: tuple[CheckedAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStop(CheckedAction):
    """`stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLog(CheckedAction):
    """`log "…"`."""

    message: CheckedValue
