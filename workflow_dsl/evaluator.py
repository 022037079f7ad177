"""A compiled expression: evaluates against a `Context`, and explains a result part by part.

Budgets are kept here: rows looked at count as steps; texts are bounded where they are made. A failure is an
`EvaluationError` and never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workflow_dsl.compiling.aggregation import Budget
from workflow_dsl.context import Context, Values
from workflow_dsl.evaluation_errors import EvaluationError, NotComputable
from workflow_dsl.syntax import Span
from workflow_dsl.typed import Aggregate, CaseValue, Coalesce, Conjunction, Disjunction, IfValue, Typed
from workflow_dsl.typed_walk import parts_of
from workflow_dsl.types import Type

CompileFunction = Callable[[Typed], tuple[Callable[..., Any], bool]]
"""Gives the function of a typed tree, and whether it looks at rows, which a budget bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A part of an expression with what it came to.

    source: the part as it was written (empty where the text is not known). skipped: it was not needed. error: why it
    could not be evaluated.
    """

    source: str
    at: Span
    type: Type
    value: Any = None
    children: tuple[Explained, ...] = ()
    skipped: bool = False
    error: str = ""


class Evaluator:
    """An expression that is compiled when it is first evaluated; made by `compile_expression`, shared by threads.

    source: the text it was parsed from, quoted by `explain`. Two threads that come first together compile it twice,
    which does no harm.
    """

    __slots__ = ("_compile", "_function", "_loops", "_parts", "source", "typed")

    def __init__(self, typed: Typed, compile_function: CompileFunction, source: str = "") -> None:
        self.typed = typed
        self.source = source
        self._compile = compile_function
        self._function: Callable[..., Any] | None = None
        self._loops = False
        # Of `explain`: conditions are explained at every run. By identity; each part holds its node.
        self._parts: dict[int, Evaluator] = {}

    def evaluate(self, context: Context, row: Values | None = None) -> Any:
        """Give the value for a context; `row` is the row in sight where the scope has a `row_object`.

        Raises: EvaluationError: the budget is spent, or a value can't be computed.
        """
        function = self._function or self.function
        try:
            return function(context, Budget() if self._loops else None, row)
        except EvaluationError:
            raise
        except (ArithmeticError, TypeError, AttributeError) as error:
            raise _failure(error) from error

    def holds(self, context: Context, row: Values | None = None) -> bool:
        """Say whether a condition holds; an empty counts as false."""
        return bool(self.evaluate(context, row))

    def explain(self, context: Context, row: Values | None = None) -> Explained:
        """Give the value with the value of every part; parts that were not needed are marked so."""
        return self._explain(self.typed, context, row)

    @property
    def function(self) -> Callable[..., Any]:
        """The compiled function: of a context, a budget and a row."""
        function = self._function
        if function is None:
            function, self._loops = self._compile(self.typed)
            self._function = function
        return function

    def _part(self, node: Typed) -> Evaluator:
        found = self._parts.get(id(node))
        if found is None:
            found = self._parts[id(node)] = Evaluator(node, self._compile)
        return found

    def _explain(self, node: Typed, context: Context, row: Values | None) -> Explained:
        error, value = "", None
        try:
            value = self._part(node).evaluate(context, row)
        except EvaluationError as failure:
            error = str(failure)
        return Explained(
            source=self.source[node.at.start : node.at.end],
            at=node.at,
            type=node.type,
            value=value,
            error=error,
            children=tuple(self._explain_parts(node, context, row)),
        )

    def _explain_parts(self, node: Typed, context: Context, row: Values | None) -> Iterator[Explained]:
        # The parts of an aggregate are about its rows, one by one; they have no value of their own.
        if isinstance(node, Aggregate):
            return
        decided = False
        for index, part in enumerate(parts_of(node)):
            if decided or (isinstance(node, IfValue | CaseValue) and self._is_unused(node, index, context, row)):
                yield self._skipped(part)
                continue
            explained = self._explain(part, context, row)
            yield explained
            decided = _decides(node, explained)

    def _is_unused(self, node: IfValue | CaseValue, index: int, context: Context, row: Values | None) -> bool:
        if isinstance(node, IfValue):
            if index == 0:
                return False
            try:
                holds = self._part(node.condition).holds(context, row)
            except EvaluationError:
                return True
            return holds != (index == 1)
        return False

    def _skipped(self, part: Typed) -> Explained:
        source = self.source[part.at.start : part.at.end]
        return Explained(source=source, at=part.at, type=part.type, skipped=True)


def _decides(node: Typed, part: Explained) -> bool:
    if isinstance(node, Conjunction):
        return not part.value
    if isinstance(node, Disjunction):
        return bool(part.value)
    return isinstance(node, Coalesce) and part.value is not None


def _failure(error: Exception) -> EvaluationError:
    if isinstance(error, ArithmeticError):
        return NotComputable("a number is too large or can't be computed")
    return EvaluationError("a value is not of the type that is needed here")
