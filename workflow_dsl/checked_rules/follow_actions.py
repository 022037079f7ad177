"""The checked action that lets people follow a record."""

from __future__ import annotations

from dataclasses import dataclass

from workflow_dsl.checked_rules.base import CheckedAction, CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFollow(CheckedAction):
    """`add follower owner.manager, team "east"`, `remove follower …`; of the rule's record."""

    add: bool
    people: tuple[CheckedValue, ...]
