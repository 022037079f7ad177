"""Checked actions that tag and comment."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTag(CheckedAction):
    """`add tag "vip" on account`, `remove tag "cold"`; without rows the rule's record."""

    add: bool
    tag: CheckedValue
    rows: CheckedRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPostComment(CheckedAction):
    """`post comment "…" on account`; without rows on the rule's record."""

    message: CheckedValue
    rows: CheckedRows | None = None
