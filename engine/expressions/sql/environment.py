"""Where an expression stands while it is turned into SQL: the records its paths start at, and who looks.

Also the one error of this back end: a part that SQL can't run, with its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import Eyes, RowScope
from engine.expressions.sql.values import SqlReference, SqlValue
from metamodel.fields import FieldDef
from metamodel.source import Problem
from workflow_dsl.syntax import Span


class NotInSql(Exception):
    """A part of an expression that SQL can't run."""

    def __init__(self, what: str, at: Span) -> None:
        self.what = what
        self.at = at
        super().__init__(f"{what} can't be used in a filter, a scope or a list")

    @property
    def problem(self) -> Problem:
        """The finding for whoever wrote the expression."""
        return Problem(code="EXP501", message=str(self), at=self.at.location, length=self.at.length)


class Holder(Protocol):
    """Something that has fields: a row, or values bound from memory."""

    @property
    def object_key(self) -> str:
        """The object's key."""
        ...

    @property
    def reference(self) -> SqlReference:
        """The record itself as a value."""
        ...

    def value(self, name: str) -> SqlValue:
        """Give a field's value."""
        ...

    def follow(self, definition: FieldDef, target: str) -> RowScope:
        """Give the record of `target` that a lookup points at."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """frame: the FROM that joins go to. this: the record. rows: the rows of the aggregates around, outermost first."""

    frame: Frame
    this: Holder | None
    rows: tuple[RowScope, ...] = ()
    eyes: Eyes | None = None

    def with_row(self, row: RowScope) -> Environment:
        """Give the environment of what is said of a row: its joins go to the row's own FROM."""
        return replace(self, frame=row.frame, rows=(*self.rows, row))
