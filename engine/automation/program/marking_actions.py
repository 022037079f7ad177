"""Actions that tag and comment."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Rows, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTag(Action):
    """`add tag "vip" on account`, `remove tag "cold"`; without rows the rule's own record."""

    add: bool
    tag: Value
    rows: Rows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostComment(Action):
    """`post comment "…" on account`; without rows on the rule's own record."""

    message: Value
    rows: Rows | None = None
