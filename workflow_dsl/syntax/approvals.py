"""Syntax nodes of approvals between people: steps, approvers, deadlines, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow_dsl.syntax.actions import Action
from workflow_dsl.syntax.base import Expr, Name, SyntaxNode
from workflow_dsl.syntax.expressions import Path


class ApproverChoice(StrEnum):
    """How many of a step's people must agree, besides `<n> of`."""

    EACH_LISTED = "listed"
    ANY = "any"
    ALL = "all"
    CHOSEN_AT_SUBMIT = "chosen at submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry(SyntaxNode):
    """`if amount > 500_000 else skip`; `otherwise` is skip, approve or reject."""

    condition: Expr
    otherwise: str = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDeadline(SyntaxNode):
    """`within 2 business days else escalate to …`; without people `otherwise` is approve, reject or remind."""

    within: Expr
    escalate_to: tuple[Expr, ...] = ()
    otherwise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(SyntaxNode):
    """One step of an approval; `quorum` is the number of `2 of …`."""

    name: Name
    choice: ApproverChoice
    label: str | None = None
    quorum: int | None = None
    approvers: tuple[Expr, ...] = ()
    entry: StepEntry | None = None
    deadline: StepDeadline | None = None
    may_edit: tuple[Name, ...] = ()
    after_approval: tuple[Action, ...] = ()
    after_rejection: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(SyntaxNode):
    """`on approve …`; `outcome` is submit, approve, reject or recall."""

    outcome: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(SyntaxNode):
    """`approval discount on quote …`."""

    name: Name
    object: Path
    steps: tuple[Step, ...]
    label: str | None = None
    condition: Expr | None = None
    priority: int | None = None
    submitted_by: tuple[Expr, ...] = ()
    decisions: tuple[Decision, ...] = ()
    lock_record: bool = False
