"""Roles that rows of users name: whether whoever imports may grant them, asked before a row is saved, and granting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from engine.errors import EngineError
from engine.imports.bound import ROLES, Binding
from engine.imports.csv_file import CsvRow
from engine.imports.result import RowError
from engine.records.transaction import Transaction

_BETWEEN = str.maketrans("|,;", "   ")


class RoleGranting(Protocol):
    """Who knows which roles there are, and lets users hold them."""

    def check_grant(self, transaction: Transaction, roles: Collection[str]) -> None:
        """Refuse roles that are unknown or that the actor may not grant.

        Raises: EngineError.
        """
        ...

    def grant_roles(self, transaction: Transaction, user_id: str, roles: Collection[str]) -> bool:
        """Let a user hold roles, in the transaction of the import; tells whether that changed anything."""
        ...


class RoleCells:
    """The roles of the rows of one import."""

    def __init__(self, binding: Binding, granting: RoleGranting | None) -> None:
        self._binding = binding
        self._granting = granting

    @property
    def is_used(self) -> bool:
        """Whether rows get roles."""
        return bool(self._binding.roles) or self._binding.roles_index is not None

    def faults(self, transaction: Transaction, rows: Sequence[CsvRow]) -> dict[int, RowError]:
        """Give what is wrong with the roles of rows, by place; each set of roles is judged once."""
        if self._granting is None or not self.is_used:
            return {}
        judged: dict[tuple[str, ...], str] = {}
        found = {}
        for place, row in enumerate(rows):
            roles = self._of(row)
            if roles not in judged:
                judged[roles] = self._judge(transaction, self._granting, roles)
            if reason := judged[roles]:
                index = self._binding.roles_index
                column, value = (ROLES, row.cells[index]) if index is not None else ("", "")
                found[place] = RowError(line=row.line, column=column, value=value, reason=reason, cells=row.cells)
        return found

    def grant(self, transaction: Transaction, row: CsvRow, user_id: str | None) -> bool:
        """Let the user of a row hold its roles; say whether any was new."""
        roles = self._of(row)
        if not roles or self._granting is None or user_id is None:
            return False
        return self._granting.grant_roles(transaction, user_id, roles)

    def _judge(self, transaction: Transaction, granting: RoleGranting, roles: Sequence[str]) -> str:
        try:
            granting.check_grant(transaction, roles)
        except EngineError as fault:
            return str(fault)
        return ""

    def _of(self, row: CsvRow) -> tuple[str, ...]:
        index = self._binding.roles_index
        own = row.cells[index].translate(_BETWEEN).split() if index is not None else ()
        return (*self._binding.roles, *own)
