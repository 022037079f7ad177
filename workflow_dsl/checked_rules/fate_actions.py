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
    """`convert using standard as x`; x is the record of its first target.

    made: what its file makes, each an object and the fields it fills; sets: fields of the converted record; moves: the
    (object, field) by which records of its lists come to point at what is made.
    """

    conversion: str
    given_name: str | None = None
    made: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sets: tuple[str, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMerge(CheckedAction):
    """`merge duplicate into this`; each of `gone` and `into` is one record of `object`.

    sets: the fields that the one may take from the other; moves: the (object, field) by which others point at it.
    """

    object: str
    gone: CheckedRows
    into: CheckedRows
    sets: tuple[str, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRunRule(CheckedAction):
    """`run rule other on account`; without rows on the rule's record. object: of that record."""

    rule: str
    object: str
    rows: CheckedRows | None = None
