"""Syntax nodes of a rules file: triggers, rules, blueprints and their uses, and what an item of the file is."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.syntax.actions import Action, Pair
from workflow_dsl.syntax.approvals import Approval
from workflow_dsl.syntax.base import Expr, Name, SyntaxNode
from workflow_dsl.syntax.events import Event, Param
from workflow_dsl.syntax.expressions import Path
from workflow_dsl.syntax.options import Option
from workflow_dsl.syntax.schedules import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(SyntaxNode):
    """`when …`, or `before …` where `before` is set."""

    event: Event
    before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTrigger(SyntaxNode):
    """`every …`."""

    schedule: Schedule


Trigger = EventTrigger | ScheduleTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Each(SyntaxNode):
    """`for each account where …` of a rule's head."""

    source: Path
    variable: Name | None = None
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(SyntaxNode):
    """A whole rule; an `If` that stands alone in `otherwise` was written as `else if`."""

    name: Name
    triggers: tuple[Trigger, ...]
    actions: tuple[Action, ...]
    label: str | None = None
    each: Each | None = None
    condition: Expr | None = None
    otherwise: tuple[Action, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint(SyntaxNode):
    """A rule with inputs."""

    params: tuple[Param, ...]
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(SyntaxNode):
    """`use remind_silent as silent_customers (what: account)`."""

    blueprint: Path
    values: tuple[Pair, ...]
    given_name: Name | None = None


Item = Rule | Approval | Blueprint | Use
