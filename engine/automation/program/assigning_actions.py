"""The action that gives a record to the next member of a queue."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value
from workflow_dsl.syntax import AssignMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignToNext(Action):
    """`assign to next of queue "x" by load where …`. place: its path in the rule, by which it is found again."""

    place: str
    queue: Value
    method: AssignMethod
    where: Value | None = None
