"""What the check of one expression shares: the scope, the rows in sight, the problems, and what was read so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from metamodel.source import Problems, Severity
from workflow_dsl.printer import print_expression
from workflow_dsl.reads import Read
from workflow_dsl.scope import Scope
from workflow_dsl.syntax import Expr, Span
from workflow_dsl.typed import Constant, Typed
from workflow_dsl.types import UNKNOWN, Type

_SHOWN_SOURCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What was given as an argument: as it is written, and the type that it is of."""

    written: Expr
    type: Type
    at: Span
    hint: str = ""


@dataclass(slots=True, kw_only=True)
class Checking:
    """The state of one check.

    rows: object keys of the rows in sight, the outermost aggregate's first. check: checks any expression (given by the
    checker, so that the topics need not import each other). own_reads: those of the record itself, old values included.
    """

    scope: Scope
    problems: Problems
    check: Callable[[Checking, Expr], Typed]
    rows: list[str] = field(default_factory=list)
    reads: set[Read] = field(default_factory=set)
    own_reads: set[Read] = field(default_factory=set)
    path_reads: set[Read] = field(default_factory=set)
    memory_only: list[str] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)

    def refuse(self, code: str, message: str, at: Span, hint: str = "") -> None:
        """Report an error."""
        self.problems.report(code, message, at.location, hint=hint, length=at.length)

    def refuse_argument(self, function: str, wanted: str, argument: str, given: Argument) -> None:
        """Report an argument of the wrong type: with the function, the argument and both types."""
        message = (
            f"'{function}' takes {wanted} as its argument '{argument}', "
            f"and '{shown(given.written)}' is {given.type.with_article}"
        )
        self.refuse("EXP302", message, given.at, given.hint)

    def warn(self, code: str, message: str, at: Span, hint: str = "") -> None:
        """Report a warning."""
        self.problems.report(code, message, at.location, hint=hint, severity=Severity.WARNING, length=at.length)

    def only_in_memory(self, what: str, at: Span, *, allowed: bool = False) -> None:
        """Note a part that SQL can't run; where SQL is needed that is an error with its reason."""
        self.memory_only.append(what)
        if self.scope.needs_sql and not allowed:
            self.refuse(
                "EXP405",
                f"{what} can't be used in {self.scope.place}",
                at,
                f"{self.scope.place} is answered by the database, and {what} can only be computed record by record",
            )


def failed(at: Span) -> Typed:
    """Stand in for a part with an error: of unknown type, so that it causes no further ones."""
    return Constant(type=UNKNOWN, at=at, value=None)


def shown(expression: Expr) -> str:
    """Quote an expression in a message, cut where it is long."""
    text = print_expression(expression)
    return text if len(text) <= _SHOWN_SOURCE else text[: _SHOWN_SOURCE - 1] + "…"
