"""What the language has and this version can't run yet: each is parsed, and reported with its place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workflow_dsl.syntax import (
    Action,
    Approval,
    AssignNext,
    Blueprint,
    Bulk,
    ConvertTo,
    ConvertUsing,
    Follow,
    GenerateDocument,
    Item,
    Limit,
    Merge,
    Mode,
    OncePerRecord,
    OnFailure,
    OpenRecord,
    Option,
    RunRule,
    ShareWith,
    Show,
    SubmitForApproval,
    Use,
    UseCalendar,
    WaitUntil,
)

LATER_ACTIONS: Mapping[type[Action], str] = MappingProxyType(
    {
        AssignNext: "'assign to next of'",
        ConvertTo: "'convert to'",
        ConvertUsing: "'convert using'",
        Follow: "'add follower' and 'remove follower'",
        GenerateDocument: "'generate document'",
        Merge: "'merge'",
        OpenRecord: "'open'",
        RunRule: "'run rule'",
        ShareWith: "'share with'",
        Show: "'show'",
        SubmitForApproval: "'submit for approval'",
        WaitUntil: "'wait until'",
    }
)
LATER_OPTIONS: Mapping[type[Option], str] = MappingProxyType(
    {
        Bulk: "'bulk'",
        Limit: "'limit'",
        Mode: "'mode'",
        OnFailure: "'on failure'",
        OncePerRecord: "'once per record'",
        UseCalendar: "'calendar'",
    }
)
LATER_ITEMS: Mapping[type[Item], str] = MappingProxyType(
    {Approval: "an approval", Blueprint: "a blueprint", Use: "'use' of a blueprint"}
)
