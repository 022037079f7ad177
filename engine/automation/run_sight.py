"""What the run log asks of access: which rights somebody has and which records may be read. No rule is judged here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.access.actor import Actor
from engine.automation.condition_eyes import ConditionEyes

RecordPlace = tuple[str, str]
"""Object key and id of a record."""


class RunSight(Protocol):
    """What an actor may see and do, as access rules say, and how rules are called."""

    def has_right(self, actor: Actor, right: str) -> bool:
        """Say whether a role of the actor has a system right."""
        ...

    def readable_among(self, actor: Actor, records: Collection[RecordPlace]) -> frozenset[RecordPlace]:
        """Give those of some records, as (object, id), that the actor may read: one statement an object."""
        ...

    def readable_fields(self, actor: Actor, object_key: str) -> frozenset[str]:
        """Give the fields of an object that the actor may read."""
        ...

    def condition_eyes(self, actor: Actor, object_key: str | None, record_id: str | None) -> ConditionEyes:
        """Give what the actor may see of the values in conditions about a record; without one: nothing of any."""
        ...

    def rule_label(self, rule: str, release: int, language: str) -> str:
        """Give a rule's label, else its name."""
        ...

    def user_name(self, user_id: str | None) -> str:
        """Give a user's name; the product's own for None."""
        ...
