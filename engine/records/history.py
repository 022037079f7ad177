"""Who changed what of a record, when and why: the audit rows of the record as its reader may see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from engine.access.eyes import Sight, sight_of
from engine.errors import RecordNotFound
from engine.records.assigning.keeping import reasons_of
from engine.records.earlier_names import EarlierNames, earlier_names
from engine.records.earlier_objects import entries_of
from engine.records.types import FieldChange, HistoryEntry, ShareEntry
from metamodel.field_types import FieldValueError
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_PAGE = 50
APPROVAL_ACTION = "approval_"
"""How the actions begin that are decisions of people on a record, which change none of its fields by themselves."""
SHARED, UNSHARED = "shared", "unshared"
"""The actions of entries that tell of a share; what it was stands in their changes under SHARE, which is no field."""
SHARE = "@share"
_OWNER = "owner"


def read_history(
    transaction: Transaction, object_def: ObjectDef, record_id: str, before: int | None
) -> Sequence[HistoryEntry]:
    """Give the newest entries of a record, or those before an entry.

    Raises: RecordNotFound where the record may not be read.
    """
    transaction.reader.require_readable(object_def, record_id)
    if object_def.source is not None:
        return ()
    table = transaction.system.audit
    query = select(table).where(entries_of(transaction, object_def.key), table.c["record_id"] == record_id)
    if before is not None:
        query = query.where(table.c["id"] < before)
    rows = transaction.connection.execute(query.order_by(table.c["id"].desc()).limit(_PAGE))
    shown = shown_fields(transaction, object_def, record_id)
    names = earlier_names(transaction, object_def.key)
    found = [_entry(transaction, dict(row._mapping), shown, names) for row in rows]
    return _with_reasons(transaction, object_def.key, record_id, found)


def _with_reasons(
    transaction: Transaction, object_key: str, record_id: str, entries: Sequence[HistoryEntry]
) -> Sequence[HistoryEntry]:
    """Say of each owner that a queue gave the record to, why; shown to who sees the owner."""
    given = [each for each in entries if each.run and any(change.field == _OWNER for change in each.changes)]
    if not given:
        return entries
    reasons = reasons_of(transaction, object_key, record_id)
    told = {each.id: reasons.get(each.version) for each in given}
    return [replace(each, reason=told.get(each.id)) for each in entries]


def shows_history(transaction: Transaction, object_def: ObjectDef, record_id: str, field: str) -> bool:
    """Say whether the actor sees what a field of a record was before."""
    transaction.reader.require_readable(object_def, record_id)
    found = shown_fields(transaction, object_def, record_id).get(field)
    return found is not None and not found[1]


def shown_fields(
    transaction: Transaction, object_def: ObjectDef, record_id: str
) -> Mapping[str, tuple[FieldDef, bool]]:
    """Give field → its definition and whether its history is masked; what is not shown, or has none, is left out.

    The rights are those on the record as it is now. Raises: RecordNotFound.
    """
    access = transaction.access.of(object_def.key)
    values = transaction.cache.related(object_def.key, record_id)
    if values is None:
        raise RecordNotFound(object_def.key, record_id)
    context = transaction.context(object_def.key, values)
    found: dict[str, tuple[FieldDef, bool]] = {}
    for name, definition in object_def.fields.items():
        if not definition.history or not object_def.history:
            continue
        sight = sight_of(access.fields[name], context)
        if sight is not Sight.HIDDEN:
            # Of an encrypted value the log knows only that it changed.
            found[name] = (definition, definition.encrypted or sight is Sight.MASKED)
    return found


def changes_of(row: Mapping[str, Any], names: EarlierNames) -> dict[str, list[Any]]:
    """Give field → [old, new] of an audit row, as they were written, under the names of today."""
    entry = row["id"]
    called = ((names.field(name, entry), pair) for name, pair in _written(row).items() if name[0] != "@")
    return {name: [names.value(name, value, entry) for value in pair] for name, pair in called}


def _written(row: Mapping[str, Any]) -> Mapping[str, Any]:
    written = row["changes"]
    return orjson.loads(written) if isinstance(written, str) else written or {}


def _share(row: Mapping[str, Any]) -> ShareEntry | None:
    pair = _written(row).get(SHARE) if row["action"] in (SHARED, UNSHARED) else None
    if pair is None:
        return None
    old, new = (None if each is None else (each["level"], _moment(each["until"])) for each in pair)
    return ShareEntry(grantee=next(each["with"] for each in pair if each is not None), old=old, new=new)


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _entry(
    transaction: Transaction, row: Mapping[str, Any], shown: Mapping[str, tuple[FieldDef, bool]], names: EarlierNames
) -> HistoryEntry:
    return HistoryEntry(
        id=row["id"],
        version=row["version"] or 0,
        at=row["at"],
        action=row["action"],
        actor_id=row["actor"],
        actor_title=row["actor_name"] or "",
        origin=row["origin"],
        changes=tuple(
            _change(transaction, name, pair, *shown[name])
            for name, pair in changes_of(row, names).items()
            if name in shown
        ),
        on_behalf_of=row["on_behalf"],
        run=row["run_id"],
        release=row["release"],
        reason=row["step"] if row["action"].startswith(APPROVAL_ACTION) else None,
        share=_share(row),
    )


def _change(
    transaction: Transaction, name: str, pair: Sequence[Any], definition: FieldDef, masked: bool
) -> FieldChange:
    if masked:
        return FieldChange(field=name, masked=True)
    old, new = (history_value(transaction, raw, definition) for raw in pair)
    return FieldChange(field=name, old=old, new=new)


def history_value(transaction: Transaction, raw: Any, definition: FieldDef) -> Any:
    """Give the Python value of a field that the log holds."""
    # What was written under an older release may not fit the field as it is now; then it is shown as it was written.
    if raw is None:
        return None
    try:
        return transaction.release.field_types.of(definition).read(raw, definition, transaction.parts.value_context)
    except (FieldValueError, KeyError):
        return raw
