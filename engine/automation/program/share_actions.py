"""The action that shares a record."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRecord(Action):
    """`share with owner.manager for read until …`; of the rule's own record. edits: for edit."""

    people: tuple[Value, ...]
    edits: bool
    until: Value | None = None
