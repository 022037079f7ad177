"""Cases of expressions: what each is worth, or what is wrong with it and where; run in memory.

A case has `name`, `expr`, and exactly one of `value` (an expression whose value is wanted), `problem` ({code, at:
column}) or `error` (part of the sentence). It may have `record` and `old` (fields of the sample deal as expressions),
`is_new`, `scope` (where the expression stands: needs_sql, place …), `memory` (SQL refuses it) and `notes` of the trace.
The same cases run on a database in `sample_database`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from engine.testing.sample_deals import CaseUnreadable, constant, sample_context, sample_scope
from metamodel.source import LocatedText
from workflow_dsl.checker import CheckedExpression, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.functions import FunctionRegistry

Faults = tuple[str, ...]
"""What a case wants otherwise, as sentences; none = the case holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionCase:
    """One case; `memory` = only the Python back end can run it, SQL refuses it."""

    name: str
    expr: str
    topic: str
    record: Mapping[str, Any] = field(default_factory=dict)
    old: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False
    scope: Mapping[str, Any] = field(default_factory=dict)
    memory: bool = False
    value: Any = None
    problem: Mapping[str, Any] | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()


def read_expression_case(entry: Mapping[str, Any], topic: str) -> ExpressionCase:
    """Read a case.

    Raises:
        CaseUnreadable: a key is unknown, or it does not say what is wanted.
    """
    known = {item.name for item in fields(ExpressionCase)} - {"topic"}
    if unknown := sorted(set(entry) - known):
        keys = ", ".join(sorted(known))
        raise CaseUnreadable(f"'{unknown[0]}' is no key of a case of an expression; there are {keys}")
    if len({"value", "problem", "error"} & set(entry)) != 1:
        raise CaseUnreadable("a case of an expression has exactly one of value, problem, error")
    return ExpressionCase(topic=topic, **{**entry, "notes": tuple(entry.get("notes", ()))})


def expression_faults(case: ExpressionCase, functions: FunctionRegistry) -> Faults:
    """Check the expression, and compute it in memory where it is right."""
    checked = check_text(LocatedText.plain(case.expr), sample_scope(functions=functions, **case.scope))
    if case.problem is not None:
        return _problem_faults(case.problem, checked)
    if checked.typed is None:
        return tuple(str(problem) for problem in checked.problems.errors)
    context = sample_context(case.record, case.old, is_new=case.is_new)
    try:
        value = compile_expression(checked.typed).evaluate(context)
    except EvaluationError as error:
        return error_faults(case, error)
    if case.error is not None:
        return (f"wanted the error '{case.error}', got {value!r}",)
    wanted = constant(case.value, functions)
    if (value, type(value) is bool) != (wanted, type(wanted) is bool):
        return (f"wanted {wanted!r}, got {value!r}",)
    if case.notes and tuple(context.notes) != case.notes:
        return (f"wanted the notes {case.notes}, got {tuple(context.notes)}",)
    return ()


def error_faults(case: ExpressionCase, error: EvaluationError) -> Faults:
    """Compare an error of an evaluation with what is wanted."""
    if case.error is not None and re.search(case.error, str(error)):
        return ()
    return (f"wanted {'the error ' + repr(case.error) if case.error else 'a value'}, got the error '{error}'",)


def _problem_faults(wanted: Mapping[str, Any], checked: CheckedExpression) -> Faults:
    found = [(problem.code, problem.at.column) for problem in checked.problems.errors]
    if found == [(wanted["code"], wanted["at"])] and checked.typed is None:
        return ()
    shown = [str(problem) for problem in checked.problems]
    return (f"wanted {wanted['code']} at column {wanted['at']}, got {shown or 'no problem'}",)
