"""Syntax nodes of actions: their base, and those that steer a run (if, for each, wait, stop, reject, log).

Whether an action is allowed in its place, or known to this version, is the rule checker's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.syntax.base import Expr, Name, SyntaxNode
from workflow_dsl.syntax.expressions import Path, SortKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(SyntaxNode):
    """Base of all actions; `unless` is a condition that keeps this one action from happening."""

    unless: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(SyntaxNode):
    """`name: value` inside `{ }`; `quoted` when the name was written as a text."""

    name: Name
    value: Expr
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Action):
    """`wait 3 days`."""

    duration: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Action):
    """`wait until … at most 30 days on timeout … end`; `on_timeout` is None when no branch was written."""

    condition: Expr
    at_most: Expr | None = None
    on_timeout: tuple[Action, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Action):
    """`if … then … else … end`; an `If` that stands alone in `otherwise` was written as `else if`."""

    condition: Expr
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach(Action):
    """`for each line in lines where … sorted by … do … end`."""

    variable: Name
    source: Path
    actions: tuple[Action, ...]
    where: Expr | None = None
    sorted_by: SortKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRule(Action):
    """`run rule other on account`."""

    rule: Name
    target: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Action):
    """`stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Action):
    """`log "…"`."""

    message: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Show(Action):
    """`show "…"`: the answer to the person who pressed the button."""

    message: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord(Action):
    """`open record`."""

    target: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Action):
    """`reject field "…"`, or `warn field "…"` where `warning` is set."""

    message: Expr
    field: Path | None = None
    warning: bool = False
