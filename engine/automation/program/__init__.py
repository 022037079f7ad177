"""A rule as it is carried out: its actions with compiled values. Made once a release by `program_builder`.

The nodes know no database and no records; `before` and `interpreter` carry them out.
"""

from __future__ import annotations

from engine.automation.program.base import Action, Rows, Value
from engine.automation.program.flow_actions import Branch, Loop, Pause, RefuseSave, StopRule, WriteLog
from engine.automation.program.marking_actions import ChangeTag, PostComment
from engine.automation.program.outside_actions import CallPlugin, CallWebhook, NotifyPeople, SendEmail
from engine.automation.program.record_actions import (
    CreateRecord,
    DeleteRecords,
    RestoreRecord,
    SetFields,
    UpdateRecords,
)
from engine.automation.program.rule import Program
from engine.automation.program.triggers import OnMoment, OnRecord, OnSchedule

__all__ = [
    "Action",
    "Branch",
    "CallPlugin",
    "CallWebhook",
    "ChangeTag",
    "CreateRecord",
    "DeleteRecords",
    "Loop",
    "NotifyPeople",
    "OnMoment",
    "OnRecord",
    "OnSchedule",
    "Pause",
    "PostComment",
    "Program",
    "RefuseSave",
    "RestoreRecord",
    "Rows",
    "SendEmail",
    "SetFields",
    "StopRule",
    "UpdateRecords",
    "Value",
    "WriteLog",
]
