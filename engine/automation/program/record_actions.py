"""Actions that write records."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Rows, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFields(Action):
    """`set a = 1, b = 2`, several in a row in one."""

    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRecord(Action):
    """`create task { … } as review`."""

    object: str
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecords(Action):
    """`update account { … }`, `update product where … { … }`; values see the updated record as `it`."""

    rows: Rows
    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRecords(Action):
    """`delete path`, `delete object where …`."""

    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRecord(Action):
    """`restore this`."""

    rows: Rows
