"""The checked action that gives a record to the next member of a queue."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedValue
from workflow_dsl.syntax import AssignMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAssignNext(CheckedAction):
    """`assign to next of queue "x" by load where …`; the row of `where` is the member, a user."""

    queue: CheckedValue
    method: AssignMethod
    where: CheckedValue | None = None
