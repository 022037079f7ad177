"""The errors of questions that have no text with a place of its own, and of those that two databases would answer."""

from __future__ import annotations

from engine.errors import QueryProblem
from metamodel.source import Location, Problem

_PLACE = Location(file="<query>")


def elsewhere(object_key: str) -> QueryProblem:
    """Make the error of a question that would need rows of two databases in one."""
    message = f"the records of {object_key} lie in another database; no list here is filtered or sorted by them"
    return problem("EXP502", message, f"a list of {object_key} itself can")


def problem(code: str, message: str, hint: str = "") -> QueryProblem:
    """Make the error of a query that has no text with a place of its own."""
    return QueryProblem([Problem(code=code, message=message, at=_PLACE, hint=hint)])
