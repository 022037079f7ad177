"""A rule that was checked: triggers to index it by, typed conditions and values, and a tree of typed actions.

The engine compiles and interprets these; they hold no compiled code and nothing of a database. Each action has a stable
path (`actions/1/then/0`), its text in one line, and the condition of its `unless`.

A module a family: `rule`, `triggers`, and actions on records, marks, the outside, and the flow.
"""

from __future__ import annotations

from workflow_dsl.checked_rules.approvals import (
    ApprovalTrigger,
    CheckedApproval,
    CheckedDeadline,
    CheckedDecision,
    CheckedEntry,
    CheckedStep,
    CheckedSubmit,
)
from workflow_dsl.checked_rules.assigning_actions import CheckedAssignNext
from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue, FieldValue, NamedInput
from workflow_dsl.checked_rules.calls import (
    ButtonInput,
    ButtonTrigger,
    CallTrigger,
    CheckedOpen,
    CheckedShow,
    FormTrigger,
    LoginTrigger,
    MailTrigger,
    PluginTrigger,
    WebhookTrigger,
)
from workflow_dsl.checked_rules.fate_actions import (
    CheckedConvertTarget,
    CheckedConvertTo,
    CheckedConvertUsing,
    CheckedMerge,
    CheckedRunRule,
)
from workflow_dsl.checked_rules.flow_actions import (
    CheckedForEach,
    CheckedIf,
    CheckedLog,
    CheckedRefuse,
    CheckedStop,
    CheckedWait,
    CheckedWaitUntil,
)
from workflow_dsl.checked_rules.follow_actions import CheckedFollow
from workflow_dsl.checked_rules.marking_actions import CheckedPostComment, CheckedTag
from workflow_dsl.checked_rules.outside_actions import (
    CheckedCallAction,
    CheckedCallWebhook,
    CheckedDocument,
    CheckedMakeDocument,
    CheckedNotify,
    CheckedSendEmail,
    CheckedSendSms,
    CheckedSendSurvey,
)
from workflow_dsl.checked_rules.record_actions import (
    CheckedCreate,
    CheckedDelete,
    CheckedRestore,
    CheckedSet,
    CheckedUpdate,
)
from workflow_dsl.checked_rules.rule import CheckedRule
from workflow_dsl.checked_rules.share_actions import CheckedShare
from workflow_dsl.checked_rules.triggers import HeldTrigger, MomentTrigger, RecordTrigger, TimeTrigger

__all__ = [
    "ApprovalTrigger",
    "ButtonInput",
    "ButtonTrigger",
    "CallTrigger",
    "CheckedAction",
    "CheckedApproval",
    "CheckedAssignNext",
    "CheckedCallAction",
    "CheckedCallWebhook",
    "CheckedConvertTarget",
    "CheckedConvertTo",
    "CheckedConvertUsing",
    "CheckedCreate",
    "CheckedDeadline",
    "CheckedDecision",
    "CheckedDelete",
    "CheckedDocument",
    "CheckedEntry",
    "CheckedFollow",
    "CheckedForEach",
    "CheckedIf",
    "CheckedLog",
    "CheckedMakeDocument",
    "CheckedMerge",
    "CheckedNotify",
    "CheckedOpen",
    "CheckedPostComment",
    "CheckedRefuse",
    "CheckedRestore",
    "CheckedRows",
    "CheckedRule",
    "CheckedRunRule",
    "CheckedSendEmail",
    "CheckedSendSms",
    "CheckedSendSurvey",
    "CheckedSet",
    "CheckedShare",
    "CheckedShow",
    "CheckedStep",
    "CheckedStop",
    "CheckedSubmit",
    "CheckedTag",
    "CheckedUpdate",
    "CheckedValue",
    "CheckedWait",
    "CheckedWaitUntil",
    "FieldValue",
    "FormTrigger",
    "HeldTrigger",
    "LoginTrigger",
    "MailTrigger",
    "MomentTrigger",
    "NamedInput",
    "PluginTrigger",
    "RecordTrigger",
    "TimeTrigger",
    "WebhookTrigger",
]
