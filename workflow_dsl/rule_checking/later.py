"""What the language has and this version can't run yet: each is parsed, and reported with its place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from workflow_dsl.syntax import (
    Action,
    Option,
)

LATER_ACTIONS: Mapping[type[Action], str] = MappingProxyType({})
LATER_OPTIONS: Mapping[type[Option], str] = MappingProxyType({})
