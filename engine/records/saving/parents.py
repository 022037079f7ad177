"""The parent of a child record: whoever makes or moves a child must be allowed to change the parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.access.predicates import EVERYONE
from engine.errors import FieldError
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def check_parent(draft: RecordDraft, transaction: Transaction) -> None:
    """Judge the parent that a draft was given."""
    for link in draft.plan.links:
        value = draft.values.get(link.name)
        if not link.is_parent or not isinstance(value, str) or value == draft.old.get(link.name):
            continue
        predicate = transaction.access.of(link.targets[0]).actions["update"]
        if predicate is EVERYONE or link.name not in draft.given:
            continue
        above = transaction.context(draft.object_key, draft.values).of(link.targets[0], value)
        if above is not None and not predicate.test(above):
            text = say("no_right", transaction.actor.language)
            draft.errors.append(FieldError(code="no_right", message=text, field=link.name))
