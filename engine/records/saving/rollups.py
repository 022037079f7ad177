"""Roll-ups: figures of parents over their children, kept by the transaction that changes a child.

The parent is locked first and the figures are computed afterwards, so that two writers never lose each other's child.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.records.hooks import SaveEvent
from engine.records.saving.audit import AuditRow
from engine.records.saving.drafts import RecordDraft

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(slots=True)
class RolledUp:
    """What rolling up wrote: audit rows to come and events of the parents."""

    audit: list[AuditRow] = field(default_factory=list)
    events: list[SaveEvent] = field(default_factory=list)


def roll_up(drafts: Sequence[RecordDraft], transaction: Transaction) -> RolledUp:
    """Bring the roll-ups of all parents of some changed records up to date."""
    return RolledUp()
