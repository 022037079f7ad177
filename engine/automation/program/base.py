"""What all actions of a program are made of: compiled values, and the records an action is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.values import ForeignMoney, Ref
from workflow_dsl.context import Context
from workflow_dsl.evaluator import Evaluator
from workflow_dsl.typed import Constant, Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A compiled expression; `text` is as the author wrote it.

    reference: the object its ids are of, where the field they are for may point at several objects.
    """

    evaluator: Evaluator
    text: str
    reference: str | None = None

    @property
    def typed(self) -> Typed:
        """The typed tree."""
        return self.evaluator.typed

    @property
    def is_constant(self) -> bool:
        """Whether it is known without looking at anything; what is of another currency is worth what a day says."""
        return isinstance(self.typed, Constant) and not isinstance(self.typed.value, ForeignMoney)

    def constant(self) -> Any:
        """Give the value of a constant."""
        assert isinstance(self.typed, Constant)
        found = self.typed.value
        return Ref(self.reference, found) if self.reference is not None and isinstance(found, str) else found

    def evaluate(self, context: Context, row: Mapping[str, Any] | None = None) -> Any:
        """Give the value for a context.

        Raises:
            EvaluationError: it cannot be computed.
        """
        found = self.evaluator.evaluate(context, row)
        return Ref(self.reference, found) if self.reference is not None and isinstance(found, str) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Base of what a rule does. index: its place in its block, as paths name it. text: as written, one line."""

    index: str
    text: str
    unless: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which records an action is about.

    object: key of their object, None where `one` may lead to several. one: a path to one record (its value is an id,
    or a Ref). base, base_object, list_name: a path to a record and the list of it whose rows are meant. Without any of
    these: all records of the object; given: those that the name lists. where, sorted_by: what a row must meet, and by
    what rows are sorted (then how); both are evaluated with the row in sight.
    """

    object: str | None
    one: Value | None = None
    base: Value | None = None
    base_object: str | None = None
    list_name: str | None = None
    given: str | None = None
    where: Value | None = None
    sorted_by: Value | None = None
    descending: bool = False
