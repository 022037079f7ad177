"""The action that lets people follow a record."""

from __future__ import annotations

from dataclasses import dataclass

from engine.automation.program.base import Action, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFollowers(Action):
    """`add follower owner.manager`, `remove follower …`; of the rule's own record."""

    add: bool
    people: tuple[Value, ...]
