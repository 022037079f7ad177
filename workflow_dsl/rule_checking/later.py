"""What the language has and this version can't run yet: each is parsed, and reported with its place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workflow_dsl.syntax import (
    Action,
    Bulk,
    ConvertTo,
    ConvertUsing,
    Follow,
    GenerateDocument,
    Item,
    Merge,
    Option,
    RunRule,
    ShareWith,
)

LATER_ACTIONS: Mapping[type[Action], str] = MappingProxyType(
    {
        ConvertTo: "'convert to'",
        ConvertUsing: "'convert using'",
        Follow: "'add follower' and 'remove follower'",
        GenerateDocument: "'generate document'",
        Merge: "'merge'",
        RunRule: "'run rule'",
        ShareWith: "'share with'",
    }
)
LATER_OPTIONS: Mapping[type[Option], str] = MappingProxyType(
    {
        Bulk: "'bulk'",
    }
)
LATER_ITEMS: Mapping[type[Item], str] = MappingProxyType({})
