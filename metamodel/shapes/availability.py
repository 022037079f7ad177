"""What the specification names and this version does not have yet: keys, field types, view types.

An author who uses one is told so with its place, instead of being told that it is unknown, or being ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LATER_FIELD_TYPES = frozenset[str]()
LATER_VIEW_TYPES = frozenset(("timeline", "map", "pivot"))
LATER_KEYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "object": frozenset("source retention".split()),
        "extension": frozenset(("retention",)),
        "layout": frozenset(("tabs",)),
        "view": frozenset(("group_by", "page_size")),
    }
)
