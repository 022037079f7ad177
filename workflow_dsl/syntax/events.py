"""Syntax nodes of what a rule can wait for: changes of records, moments, forms, webhooks, mail, buttons, plugins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow_dsl.syntax.base import Expr, Name, SyntaxNode
from workflow_dsl.syntax.expressions import Path
from workflow_dsl.syntax.literals import DurationLiteral, TimeLiteral


class EventKind(StrEnum):
    """What happens to a record."""

    CREATED = "created"
    UPDATED = "updated"
    SAVED = "saved"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    CONVERTED = "converted"


class Event(SyntaxNode):
    """Base of what a rule can wait for."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Event):
    """`opportunity is created`."""

    object: Path
    kind: EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanges(Event):
    """`opportunity.stage changes from "a" to "b"`."""

    path: Path
    before: Expr | None = None
    after: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComesToMatch(Event):
    """`opportunity comes to match amount > 100`."""

    object: Path
    condition: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class HasMatched(Event):
    """`ticket has matched status = "open" for 3 days`."""

    object: Path
    condition: Expr
    duration: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosses(Event):
    """`account.score rises above 100`, or `falls below` where `rises` is false."""

    path: Path
    rises: bool
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Event):
    """`7 days after quote.sent_at at 09:00`; without `offset` it is `quote.sent_at is reached`."""

    path: Path
    offset: DurationLiteral | None = None
    before: bool = False
    time: TimeLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSubmitted(Event):
    """`form contact_us is submitted`."""

    form: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReceived(Event):
    """`webhook stock_changed is received`."""

    webhook: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReceived(Event):
    """`email is received at "…"`."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Param(SyntaxNode):
    """`pause: duration = 3 days`: an input of a blueprint or of a button's form."""

    name: Name
    type_name: Name | None = None
    default: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(Event):
    """`button send_quote on quote is pressed by role "sales_rep" asking reason: text`."""

    button: Name
    object: Path
    by: tuple[Expr, ...] = ()
    asking: tuple[Param, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided(Event):
    """`approval discount is approved`; `outcome` is submitted, approved, rejected, recalled or timed out."""

    approval: Name
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLogsIn(Event):
    """`user logs in`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginEvent(Event):
    """`event telephony.call_ended`."""

    event: Path
