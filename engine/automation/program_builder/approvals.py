"""Builds the trigger of decided approvals and the action that submits a record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.automation import program as built
from engine.automation.program_builder.place import Build, Common, Place
from workflow_dsl import checked_rules as checked


def on_approval(trigger: checked.ApprovalTrigger) -> built.OnApproval:
    """Build a trigger on a decided approval."""
    return built.OnApproval(approval=trigger.approval, outcome=trigger.outcome, text=trigger.text)


def _submit(place: Place, action: checked.CheckedSubmit, common: Common) -> built.Action:
    return built.SubmitRecord(approval=action.approval, by=place.optional(action.by), **common)


APPROVAL_BUILDERS: Mapping[type[checked.CheckedAction], Build] = MappingProxyType({checked.CheckedSubmit: _submit})
