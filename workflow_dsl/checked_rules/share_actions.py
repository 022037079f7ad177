"""The checked action that shares a record."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedShare(CheckedAction):
    """`share with owner.manager for read until today + 3 days`; of the rule's record. edits: for edit."""

    people: tuple[CheckedValue, ...]
    edits: bool
    until: CheckedValue | None = None
