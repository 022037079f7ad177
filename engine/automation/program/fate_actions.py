"""Actions about what becomes of a record: converted, merged; and another rule run on it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Rows, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertRecord(Action):
    """`convert to account { … }, contact { … } as x`. targets: object and its fields."""

    targets: tuple[tuple[str, tuple[tuple[str, Value], ...]], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertByFile(Action):
    """`convert using standard as x`."""

    conversion: str
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRecords(Action):
    """`merge duplicate into this`."""

    object: str
    gone: Rows
    into: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRule(Action):
    """`run rule other on account`; without rows on the rule's own record."""

    rule: str
    rows: Rows | None = None
