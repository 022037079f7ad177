"""Checked actions that write records."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSet(CheckedAction):
    """`set a = 1, b = 2`, in order; `assign to x` is `set owner = x`."""

    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCreate(CheckedAction):
    """`create task { … } as review`."""

    object: str
    fields: tuple[FieldValue, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedUpdate(CheckedAction):
    """`update account { … }`; values see the updated record as the given name `it`."""

    rows: CheckedRows
    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDelete(CheckedAction):
    """`delete path`, `delete object where …`."""

    rows: CheckedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRestore(CheckedAction):
    """`restore this`; `rows` is one record."""

    rows: CheckedRows
