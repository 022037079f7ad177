"""What a save answers: the record as the actor may read it, made of what is in memory already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.access.eyes import Sight, sight_of
from engine.records.saving.drafts import RecordDraft
from engine.records.types import Record
from metamodel.fields import FieldDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def saved_record(draft: RecordDraft, transaction: Transaction) -> Record:
    """Give the record after the save."""
    access = transaction.access.of(draft.object_key)
    context = draft.context
    types = transaction.release.field_types
    fields = draft.plan.object.fields
    shown, whole, this = access.shown, access.whole, context.this
    values: dict[str, Any] = {}
    masked: dict[str, str] = {}
    for name in fields:
        if name not in shown or name == "deleted_at":
            continue
        sight = Sight.CLEAR if name in whole else sight_of(access.fields[name], context)
        values[name] = value = this.get(name) if sight is not Sight.HIDDEN else None
        if sight is Sight.MASKED and value is not None:
            values[name], masked[name] = None, types.of(fields[name]).masked(value)
    titles = {name: title for name, title in _titles(draft, transaction).items() if values.get(name) is not None}

    def to_json(record: Record) -> dict[str, object]:
        written = {
            name: _json(value, fields[name], titles.get(name), types)
            for name, value in record.values.items()
            if name not in ("id", "version")
        }
        return {"id": record.id, "version": record.version, **written, **record.masked}

    return Record(
        object=draft.object_key,
        id=draft.record_id,
        version=draft.values["version"],
        values=values,
        titles=titles,
        masked=masked,
        title=draft.title or transaction.cache.title(draft.object_key, context) or "",
        to_json=to_json,
    )


def _titles(draft: RecordDraft, transaction: Transaction) -> dict[str, str]:
    """Give the titles of lookups; who acts is known by name."""
    titles = dict(draft.titles)
    for link in draft.plan.links:
        value = draft.values.get(link.name)
        record_id = value.id if isinstance(value, Ref) else value
        if record_id is not None and record_id == transaction.actor.user_id:
            titles[link.name] = transaction.actor.name
    return titles


def _json(value: Any, definition: FieldDef, title: str | None, types: Any) -> object:
    if value is None:
        return None
    if definition.relation is not None:
        found: Mapping[str, object] = (
            {"object": value.object, "id": value.id} if isinstance(value, Ref) else {"id": value}
        )
        return {**found, "title": title}
    return types.to_json(value, definition)
