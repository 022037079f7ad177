"""A rule as it is carried out: its actions with compiled values. Made once a release by `program_builder`.

The nodes know no database and no records; `before` and `interpreter` carry them out.
"""

from __future__ import annotations

from engine.automation.program.approvals import AskByMail, OnApproval, SubmitRecord
from engine.automation.program.assigning_actions import AssignToNext
from engine.automation.program.base import Action, Rows, Value
from engine.automation.program.calls import (
    AskedInput,
    OnButton,
    OnCall,
    OnForm,
    OnLogin,
    OnMail,
    OnPluginEvent,
    OnWebhook,
    OpenPage,
    ShowText,
    reads_inputs,
)
from engine.automation.program.fate_actions import CallRule, ConvertByFile, ConvertRecord, MergeRecords
from engine.automation.program.flow_actions import Branch, Loop, Pause, RefuseSave, StopRule, WriteLog
from engine.automation.program.follow_actions import ChangeFollowers
from engine.automation.program.marking_actions import ChangeTag, PostComment
from engine.automation.program.outside_actions import (
    CallPlugin,
    CallWebhook,
    MakeDocument,
    NotifyPeople,
    SendEmail,
    SendSms,
    SendSurvey,
)
from engine.automation.program.record_actions import (
    CreateRecord,
    DeleteRecords,
    RestoreRecord,
    SetFields,
    UpdateRecords,
)
from engine.automation.program.rule import Program
from engine.automation.program.share_actions import ShareRecord
from engine.automation.program.triggers import OnHeld, OnMoment, OnRecord, OnSchedule
from engine.automation.program.waiting import AwaitCondition

__all__ = [
    "Action",
    "AskByMail",
    "AskedInput",
    "AssignToNext",
    "AwaitCondition",
    "Branch",
    "CallPlugin",
    "CallRule",
    "CallWebhook",
    "ChangeFollowers",
    "ChangeTag",
    "ConvertByFile",
    "ConvertRecord",
    "CreateRecord",
    "DeleteRecords",
    "Loop",
    "MakeDocument",
    "MergeRecords",
    "NotifyPeople",
    "OnApproval",
    "OnButton",
    "OnCall",
    "OnForm",
    "OnHeld",
    "OnLogin",
    "OnMail",
    "OnMoment",
    "OnPluginEvent",
    "OnRecord",
    "OnSchedule",
    "OnWebhook",
    "OpenPage",
    "Pause",
    "PostComment",
    "Program",
    "RefuseSave",
    "RestoreRecord",
    "Rows",
    "SendEmail",
    "SendSms",
    "SendSurvey",
    "SetFields",
    "ShareRecord",
    "ShowText",
    "StopRule",
    "SubmitRecord",
    "UpdateRecords",
    "Value",
    "WriteLog",
    "reads_inputs",
]
