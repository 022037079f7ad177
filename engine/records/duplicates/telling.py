"""What a person is told of records that theirs looks like: their titles, where they may read them, else nothing.

An object with `reveal_duplicates: owner` tells of the others whose they are and since when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.records.saving.messages import say
from metamodel.objects import ObjectDef
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_MOST_NAMED = 3


def told_of(object_def: ObjectDef, others: Sequence[Mapping[str, Any]], transaction: Transaction) -> str:
    """Give the message about the records of an object that one looks like."""
    language = transaction.actor.language
    ordered = sorted(others, key=lambda each: str(each["id"]))
    titles = [title for each in ordered if (title := _title(object_def.key, each, transaction)) is not None]
    if titles:
        comma = "、" if language.startswith("zh") else ", "
        return say("duplicate", language, titles=comma.join(titles[:_MOST_NAMED]))
    if not object_def.reveal_duplicates:
        return say("not_unique", language)
    first = ordered[0]
    zone = ZoneInfo(transaction.parts.metamodel.main.timezone)
    day = first["created_at"].astimezone(zone).date().isoformat() if first.get("created_at") else "–"
    return say("duplicate_of", language, owner=_owner(first, transaction), day=day)


def _title(object_key: str, values: Mapping[str, Any], transaction: Transaction) -> str | None:
    context = transaction.context(object_key, values)
    try:
        if not transaction.access.of(object_key).actions["read"].test(context):
            return None
        return transaction.cache.title(object_key, context) or str(values["id"])
    except EvaluationError:
        return None


def _owner(values: Mapping[str, Any], transaction: Transaction) -> str:
    owner = values.get("owner")
    target = (owner.object, owner.id) if isinstance(owner, Ref) else ("user", str(owner))
    found = transaction.cache.related(*target) if owner is not None else None
    return str(found["name"]) if found is not None and found.get("name") else "–"
