"""Actions that wait until something holds."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitCondition(Action):
    """`wait until … at most … on timeout … end`.

    awaited: the objects whose saves may turn the condition, each with "" or with a lookup field by which its records
    are rows of a list that the condition reads.
    """

    condition: Value
    awaited: frozenset[tuple[str, str]]
    at_most: Value | None = None
    on_timeout: tuple[Action, ...] = ()
