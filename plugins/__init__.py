"""The public plugin API: everything an author imports stands here, and nothing else does."""

from __future__ import annotations

from plugins.contexts import (
    ActionContext,
    Answer,
    EgressClient,
    EgressFailed,
    EgressRefused,
    EventSink,
    EventUnknown,
    Mailer,
    OptionText,
    PathUnknown,
    Plain,
    RecordAccess,
    StartContext,
    TemplateSource,
)
from plugins.contributions import (
    API_VERSION,
    CONTROLS,
    ActionDone,
    ActionFailed,
    ExpressionFunction,
    FieldTypeAddition,
    RuleAction,
    RuleEvent,
)
from plugins.hookspecs import hookimpl

__all__ = [
    "API_VERSION",
    "CONTROLS",
    "ActionContext",
    "ActionDone",
    "ActionFailed",
    "Answer",
    "EgressClient",
    "EgressFailed",
    "EgressRefused",
    "EventSink",
    "EventUnknown",
    "ExpressionFunction",
    "FieldTypeAddition",
    "Mailer",
    "OptionText",
    "PathUnknown",
    "Plain",
    "RecordAccess",
    "RuleAction",
    "RuleEvent",
    "StartContext",
    "TemplateSource",
    "hookimpl",
]
