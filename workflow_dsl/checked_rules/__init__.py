"""A rule that was checked: triggers to index it by, typed conditions and values, and a tree of typed actions.

The engine compiles and interprets these; they hold no compiled code and nothing of a database. Each action has a stable
path (`actions/1/then/0`), its text in one line, and the condition of its `unless`.

A module a family: `rule`, `triggers`, and actions on records, marks, the outside, and the flow.
"""

from __future__ import annotations

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue, FieldValue, NamedInput
from workflow_dsl.checked_rules.flow_actions import (
    CheckedForEach,
    CheckedIf,
    CheckedLog,
    CheckedRefuse,
    CheckedStop,
    CheckedWait,
)
from workflow_dsl.checked_rules.marking_actions import CheckedPostComment, CheckedTag
from workflow_dsl.checked_rules.outside_actions import (
    CheckedCallAction,
    CheckedCallWebhook,
    CheckedNotify,
    CheckedSendEmail,
)
from workflow_dsl.checked_rules.record_actions import (
    CheckedCreate,
    CheckedDelete,
    CheckedRestore,
    CheckedSet,
    CheckedUpdate,
)
from workflow_dsl.checked_rules.rule import CheckedRule
from workflow_dsl.checked_rules.triggers import MomentTrigger, RecordTrigger, TimeTrigger

__all__ = [
    "CheckedAction",
    "CheckedCallAction",
    "CheckedCallWebhook",
    "CheckedCreate",
    "CheckedDelete",
    "CheckedForEach",
    "CheckedIf",
    "CheckedLog",
    "CheckedNotify",
    "CheckedPostComment",
    "CheckedRefuse",
    "CheckedRestore",
    "CheckedRows",
    "CheckedRule",
    "CheckedSendEmail",
    "CheckedSet",
    "CheckedStop",
    "CheckedTag",
    "CheckedUpdate",
    "CheckedValue",
    "CheckedWait",
    "FieldValue",
    "MomentTrigger",
    "NamedInput",
    "RecordTrigger",
    "TimeTrigger",
]
