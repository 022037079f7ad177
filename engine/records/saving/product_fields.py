"""The fields that the product keeps by itself in each save: when a record was claimed out of its pool, service clocks.

They are set after before rules and before the checks, so that both formulas and validations see them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.records.clocks.moving import move_clocks
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from metamodel.pools import CLAIMED_AT

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def keep_product_fields(draft: RecordDraft, transaction: Transaction) -> None:
    """Bring the product's own fields of a draft in line with what is to be saved."""
    if draft.plan.object.pool is not None and draft.kind is SaveKind.UPDATED and "owner" in draft.changed:
        # Whoever gets a record in another way than by a claim holds no claim.
        draft.put(CLAIMED_AT, transaction.now if transaction.claims else None)
        draft.compute({CLAIMED_AT})
    move_clocks(draft, transaction)
