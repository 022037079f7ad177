"""Actions that steer a rule: refuse, wait, branch, loop, stop, log."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Rows, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseSave(Action):
    """`reject discount "…"`, `warn …`; before rules only."""

    message: Value
    field: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Action):
    """`wait 3 days`."""

    duration: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Action):
    """`if … then … else … end`."""

    condition: Value
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Action):
    """`for each line in lines where … do … end`."""

    variable: str
    rows: Rows
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule(Action):
    """`stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLog(Action):
    """`log "…"`."""

    message: Value
