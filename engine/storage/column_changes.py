"""Which changes of a column's type a database can make while it holds data.

The judgement is by types alone; whether the values that are there fit is looked up by `data_checks`.
"""

from __future__ import annotations

from enum import StrEnum

from engine.storage.column_types import ColumnKind
from engine.storage.schema import ColumnSpec


class ColumnChange(StrEnum):
    """What a change of type means: nothing to do, every value fits, some may not, not possible."""

    NONE = "none"
    WIDEN = "widen"
    NARROW = "narrow"
    REFUSED = "refused"


_NUMBERS = (ColumnKind.INTEGER, ColumnKind.DECIMAL)
_TO_TEXT = (ColumnKind.INTEGER, ColumnKind.DECIMAL, ColumnKind.DATE, ColumnKind.BOOLEAN)


def judge_change(old: ColumnSpec, new: ColumnSpec, old_target: str | None) -> ColumnChange:
    """Judge the change from `old` to `new`; `old_target` is the table that `old` points at, as it is called now."""
    if new.kind is ColumnKind.ID or old.kind is ColumnKind.ID:
        same = old.kind is new.kind and old_target == new.target
        return ColumnChange.NONE if same else ColumnChange.REFUSED
    if old.kind is new.kind:
        if old.kind is not ColumnKind.DECIMAL or old.scale == new.scale:
            return ColumnChange.NONE
        return ColumnChange.WIDEN if new.scale > old.scale else ColumnChange.NARROW
    if old.kind in _NUMBERS and new.kind in _NUMBERS:
        return ColumnChange.WIDEN if new.kind is ColumnKind.DECIMAL else ColumnChange.NARROW
    if old.kind is ColumnKind.DOCUMENT and new.kind is ColumnKind.TEXT:
        return ColumnChange.NONE  # its text as it stands
    if new.kind is ColumnKind.TEXTS and old.kind is ColumnKind.TEXT:
        return ColumnChange.WIDEN
    if new.kind is ColumnKind.TEXT and old.kind in _TO_TEXT:
        return ColumnChange.WIDEN
    return ColumnChange.REFUSED
