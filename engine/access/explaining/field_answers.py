"""All fields of a record at once: which somebody sees and may change, judged as requests are, without the reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.access.explaining.answers import Answer
from engine.access.explaining.judging import changeable
from engine.access.eyes import Sight, sight_of
from engine.errors import AccessDenied, RecordNotFound
from engine.records.hooks import SaveKind
from engine.records.saving.loading import load_for_change

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_SIGHTS = {Sight.CLEAR: Answer.YES, Sight.MASKED: Answer.MASKED, Sight.HIDDEN: Answer.NO}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAnswer:
    """Whether one field of a record is seen and may be changed."""

    field: str
    read: Answer
    update: Answer


def field_answers(
    transaction: Transaction, object_key: str, record_id: str, names: Collection[str]
) -> Sequence[FieldAnswer]:
    """Judge fields of a record for the actor of a transaction."""
    object_def, access = transaction.parts.metamodel.objects[object_key], transaction.access.of(object_key)
    wanted = [name for name in object_def.fields if name in names]
    values = transaction.cache.related(object_key, record_id)
    if (
        values is None
        or not access.visible
        or (object_key, record_id) not in _readable(transaction, object_key, record_id)
    ):
        return [FieldAnswer(field=name, read=Answer.NO, update=Answer.NO) for name in wanted]
    context = transaction.context(object_key, values)
    try:
        draft = load_for_change(transaction, object_key, record_id, SaveKind.UPDATED, None, locked=False)
        open_ones = changeable(transaction, object_def, draft, wanted)
    except (AccessDenied, RecordNotFound):
        open_ones = frozenset()
    return [
        FieldAnswer(
            field=name,
            read=_SIGHTS[sight_of(access.fields[name], context)] if name in access.shown else Answer.NO,
            update=Answer.YES if name in open_ones else Answer.NO,
        )
        for name in wanted
    ]


def _readable(transaction: Transaction, object_key: str, record_id: str) -> Collection[tuple[str, str]]:
    return transaction.reader.titles([(object_key, record_id)])
