"""Checked actions about what becomes of a record: converted, merged; and another rule run on it."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedConvertTarget:
    """One record that `convert to` makes."""

    object: str
    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedConvertTo(CheckedAction):
    """`convert to account { … }, contact { … } as x`; later targets see the first one as `x`."""

    targets: tuple[CheckedConvertTarget, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedConvertUsing(CheckedAction):
    """`convert using standard as x`; x is the record of its first target."""

    conversion: str
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMerge(CheckedAction):
    """`merge duplicate into this`; each of `gone` and `into` is one record of `object`."""

    object: str
    gone: CheckedRows
    into: CheckedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRunRule(CheckedAction):
    """`run rule other on account`; without rows on the rule's record. object: of that record."""

    rule: str
    object: str
    rows: CheckedRows | None = None
