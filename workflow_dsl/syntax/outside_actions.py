"""Syntax nodes of the actions that reach people and other systems: notify, send, comment, webhooks, plugins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow_dsl.syntax.actions import Action, Pair
from workflow_dsl.syntax.base import Expr, Name
from workflow_dsl.syntax.expressions import Path


class MessageKind(StrEnum):
    """What `send` sends."""

    EMAIL = "email"
    SMS = "sms"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Action):
    """`notify owner "…"`."""

    people: tuple[Expr, ...]
    message: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Action):
    """`send email welcome with document offer to contact.email`."""

    kind: MessageKind
    template: Name
    recipients: tuple[Expr, ...]
    documents: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostComment(Action):
    """`post comment "…" on account`."""

    message: Expr
    target: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWebhook(Action):
    """`call webhook finance { … } as answer`; `values` is None when no block was written."""

    webhook: Name
    values: tuple[Pair, ...] | None = None
    given_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAction(Action):
    """`call plugin.action { … } as x`."""

    action: Path
    values: tuple[Pair, ...] | None = None
    given_name: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateDocument(Action):
    """`generate document offer as file`."""

    template: Name
    given_name: Name | None = None
