"""What forms judge once a release is what they would judge for each record."""

from __future__ import annotations

import pytest

from engine.access.actor import Actor
from engine.records.form_fields import form_fields
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.steps import new_draft, prepare_new
from engine.records.transaction import Transaction
from tests.support.deals import Deals


def _draft(transaction: Transaction, kind: SaveKind, deal: str) -> RecordDraft:
    if kind is SaveKind.UPDATED:
        return load_for_change(transaction, "deal", deal, kind, None, locked=False)
    made = new_draft(transaction, "deal", {}, None)
    prepare_new(made, transaction)
    return made


@pytest.mark.parametrize("kind", [SaveKind.CREATED, SaveKind.UPDATED])
def test_fields_that_are_judged_once_are_as_each_record_would_have_them(deals: Deals, kind: SaveKind) -> None:
    deal = deals.deal(name="Judged")
    actors: tuple[Actor, ...] = (deals.ann, deals.system)
    for actor in actors:
        with deals.records.reading(actor) as transaction:
            judging = form_fields(transaction, "deal", kind)
            draft = _draft(transaction, kind, deal)
            stored = RecordDraft(draft.plan, draft.around, draft.kind, draft.record_id, draft.stored, None)
            names = judging.shown(draft.context)
            once = judging.judge(names, draft, stored)
            assert len(once) == len(names) > 0
            each = {name: judging._state(draft, stored, draft.plan.object.fields[name]) for name in names}
            assert once == each
            assert judging._constant
            assert set(names) - set(judging._constant)
