"""What a person is shown before a merge: the records, what each field could get, and which lists go along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.records.merging.choosing import MergeField, merge_fields
from engine.records.merging.merging import MOST_AT_ONCE, load_together
from engine.records.types import Choice
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOffer:
    """A merge as it would be now. records: the survivor first. lists: names of the related lists that go along."""

    records: tuple[Choice, ...]
    versions: tuple[int, ...]
    fields: tuple[MergeField, ...]
    lists: tuple[str, ...]


def offer_merge(transaction: Transaction, object_def: ObjectDef, survivor: str, gone: Sequence[str]) -> MergeOffer:
    """Say what a merge would do.

    Raises: RecordNotFound, AccessDenied.
    """
    wanted = [each for each in dict.fromkeys(gone) if each != survivor][:MOST_AT_ONCE]
    drafts = load_together(transaction, object_def, survivor, wanted, {}, locked=False)
    titles = transaction.reader.titles([(object_def.key, draft.record_id) for draft in drafts])
    access = transaction.access
    return MergeOffer(
        records=tuple(Choice(*key, title) for key, title in titles.items()),
        versions=tuple(draft.values["version"] for draft in drafts),
        fields=tuple(merge_fields(transaction, drafts)),
        lists=tuple(name for name, each in object_def.inverses.items() if access.of(each.object).visible),
    )
