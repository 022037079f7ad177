"""What starts a rule when an approval is decided, and the action that submits a record for one."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class OnApproval:
    """`when approval discount is approved`. outcome: submitted, approved, rejected, recalled or timed out."""

    approval: str
    outcome: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRecord(Action):
    """`submit for approval discount by owner`. approval: None = the first that fits. by: None = whoever acts."""

    approval: str | None = None
    by: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskByMail(Action):
    """Asks somebody for a decision by mail; no rule is written with it, a step that opens starts it."""
