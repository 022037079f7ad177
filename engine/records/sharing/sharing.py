"""Shares a record by hand with a user, a team or a role, for reading or editing, until a moment; and ends that.

Nobody gives more than what is one's own: a right that somebody has by a share alone is not passed on. Who may change a
record may share it for both; who may only read it needs the right `share`, and shares it for reading. A share takes
effect with its commit, and ends by the clock (engine/access/shared.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine import faults
from engine.access.predicates import Predicate
from engine.access.shared import can_be_shared
from engine.errors import AccessDenied, FieldError, ValidationFailed
from engine.records.history import SHARE, SHARED, UNSHARED
from engine.records.hooks import SaveKind
from engine.records.saving.audit import audit_row, write_audit
from engine.records.saving.messages import say
from engine.records.sharing.sharees import Sharee, ShareeKind, is_there, sharee_titles
from engine.storage.dialect import Dialect
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MOST = 200
"""With how many one record can be shared."""
SHARE_RIGHT = "share"
_WHO, _UNTIL = "with", "until"
_LAST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
"""The last end that every time zone can write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What the actor may do about the sharing of a record: share it for reading, for editing; neither where both no."""

    read: bool
    edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShare:
    """One share of a record. title: what the sharee is called, "" where the actor may not know. by: who made it."""

    sharee: Sharee
    edits: bool
    until: dt.datetime | None
    at: dt.datetime
    by: str | None
    title: str = ""
    by_title: str = ""


def end_of(until: dt.date | dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Give the moment when a share ends that is given until a day (all of it) or a moment."""
    if isinstance(until, dt.datetime):
        return min(until.astimezone(dt.UTC), _LAST)
    following = min(until, _LAST.date()) + dt.timedelta(days=1)
    return dt.datetime.combine(following, dt.time(), zone).astimezone(dt.UTC)


def last_day(until: dt.datetime, zone: ZoneInfo) -> dt.date | None:
    """Give the day that a share was given until; None where it ends within one."""
    local = until.astimezone(zone)
    return local.date() - dt.timedelta(days=1) if local.time() == dt.time() else None


def sharing_of(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Sharing:
    """Say for what the actor may share a record that the actor may read (the caller has read it through the door)."""
    values = transaction.cache.related(object_def.key, record_id)
    if values is None or not can_be_shared(object_def):
        return Sharing(read=False, edit=False)
    if transaction.access.full:
        return Sharing(read=True, edit=True)
    context = transaction.context(object_def.key, values)
    alone = transaction.parts.access_unshared(transaction.actor.roles)
    both = (transaction.access.of(object_def.key).actions, alone.of(object_def.key).actions)
    may_read = all(_granted(actions["read"], context) for actions in both)
    may_edit = may_read and all(_granted(actions["update"], context) for actions in both)
    return Sharing(read=may_edit or (may_read and transaction.access.has_right(SHARE_RIGHT)), edit=may_edit)


def share_record(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str,
    sharee: Sharee,
    *,
    edits: bool,
    until: dt.datetime | None = None,
) -> bool:
    """Share a record; a share with the same one is replaced. Give whether anything changed.

    Raises: RecordNotFound, AccessDenied, ValidationFailed.
    """
    transaction.reader.require_readable(object_def, record_id)
    _check_may(transaction, object_def, record_id, edits=edits)
    before = _stored(transaction, object_def, record_id, sharee)
    _check_asked(transaction, object_def, record_id, sharee, until, is_new=before is None)
    if before is not None and (bool(before.edits), before.until) == (edits, until):
        return False
    if before is not None and (before.edits or not _is_own(transaction, before)):
        # Taking the right to edit away from somebody is as much as having it; so is changing what others gave.
        _check_may(transaction, object_def, record_id, edits=True)
    given = {"edits": edits, "until": until, "at": transaction.now, "by": transaction.actor.user_id}
    _write(transaction, {"object": object_def.key, "record_id": record_id, "grantee": sharee.key, **given})
    faults.reach("share.written")
    _note(transaction, object_def, record_id, SHARED, _told(sharee, before), _told(sharee, given))
    return True


def unshare_record(transaction: Transaction, object_def: ObjectDef, record_id: str, sharee: Sharee) -> bool:
    """End a share; give whether there was one. Who may only read a record ends what they have shared themselves.

    Raises: RecordNotFound, AccessDenied.
    """
    transaction.reader.require_readable(object_def, record_id)
    before = _stored(transaction, object_def, record_id, sharee)
    whole = before is not None and (bool(before.edits) or not _is_own(transaction, before))
    _check_may(transaction, object_def, record_id, edits=whole)
    if before is None:
        return False
    table = transaction.system.share
    here = (table.c.object == object_def.key, table.c.record_id == record_id, table.c.grantee == sharee.key)
    transaction.connection.execute(delete(table).where(*here))
    _note(transaction, object_def, record_id, UNSHARED, _told(sharee, before), None)
    return True


def read_shares(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Sequence[RecordShare]:
    """Give who has a record by a share that has not ended, the oldest first; for who may share it.

    Raises: RecordNotFound, AccessDenied.
    """
    transaction.reader.require_readable(object_def, record_id)
    _check_may(transaction, object_def, record_id, edits=False)
    table = transaction.system.share
    query = select(table).where(table.c.object == object_def.key, table.c.record_id == record_id)
    query = query.where(table.c.until.is_(None) | (table.c.until > transaction.now)).order_by(table.c.at)
    rows = transaction.connection.execute(query).all()
    sharees = {row.grantee: Sharee.of_key(row.grantee) for row in rows}
    people = [Sharee(ShareeKind.USER, row.by) for row in rows if row.by]
    titles = sharee_titles(transaction, [*sharees.values(), *people])
    return [
        RecordShare(
            sharee=sharees[row.grantee],
            edits=bool(row.edits),
            until=row.until,
            at=row.at,
            by=row.by,
            title=titles.get(sharees[row.grantee], ""),
            by_title=titles.get(Sharee(ShareeKind.USER, row.by), "") if row.by else "",
        )
        for row in rows
    ]


def _granted(predicate: Predicate, context: Any) -> bool:
    try:
        return predicate.test(context)
    except EvaluationError:
        return False


def _check_may(transaction: Transaction, object_def: ObjectDef, record_id: str, *, edits: bool) -> None:
    found, language = sharing_of(transaction, object_def, record_id), transaction.actor.language
    if not can_be_shared(object_def):
        raise AccessDenied("share", object_def.key, say("share_never", language))
    if not (found.edit if edits else found.read):
        raise AccessDenied("share", object_def.key, say("share_edit" if found.read else "share_read", language))


def _check_asked(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str,
    sharee: Sharee,
    until: dt.datetime | None,
    *,
    is_new: bool,
) -> None:
    language = transaction.actor.language
    faults_found = []
    if not is_there(transaction, sharee):
        faults_found.append(FieldError(code="no_record", message=say("share_nobody", language), field=_WHO))
    elif sharee.kind is ShareeKind.USER and sharee.id == transaction.actor.user_id:
        faults_found.append(FieldError(code="share_self", message=say("share_self", language), field=_WHO))
    if until is not None and until <= transaction.now:
        faults_found.append(FieldError(code="share_past", message=say("share_past", language), field=_UNTIL))
    if is_new and not faults_found and _count(transaction, object_def, record_id) >= MOST:
        text = say("share_many", language, most=MOST)
        faults_found.append(FieldError(code="share_many", message=text, field=_WHO))
    if faults_found:
        raise ValidationFailed(faults_found)


def _stored(transaction: Transaction, object_def: ObjectDef, record_id: str, sharee: Sharee) -> Any:
    table = transaction.system.share
    here = (table.c.object == object_def.key, table.c.record_id == record_id, table.c.grantee == sharee.key)
    goes_on = table.c.until.is_(None) | (table.c.until > transaction.now)
    return transaction.connection.execute(select(table).where(*here, goes_on)).first()


def _is_own(transaction: Transaction, share: Any) -> bool:
    return share.by is not None and share.by == transaction.actor.user_id


def _count(transaction: Transaction, object_def: ObjectDef, record_id: str) -> int:
    """Count the shares of a record; those that have ended go, since nobody has them any more."""
    table = transaction.system.share
    here = (table.c.object == object_def.key, table.c.record_id == record_id)
    transaction.connection.execute(delete(table).where(*here, table.c.until <= transaction.now))
    return int(transaction.connection.execute(select(func.count()).select_from(table).where(*here)).scalar_one())


def _write(transaction: Transaction, row: dict[str, Any]) -> None:
    make = postgresql_insert if transaction.database.dialect is Dialect.POSTGRESQL else sqlite_insert
    table = transaction.system.share
    statement = make(table).values(row)
    given = {name: statement.excluded[name] for name in ("edits", "until", "at", "by")}
    keys = [table.c.object, table.c.record_id, table.c.grantee]
    transaction.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=given))


def _told(sharee: Sharee, share: Any) -> dict[str, Any] | None:
    """Give what the log says of a share."""
    if share is None:
        return None
    edits, until = (share["edits"], share["until"]) if isinstance(share, dict) else (share.edits, share.until)
    level = "edit" if edits else "read"
    return {"with": sharee.key, "level": level, "until": None if until is None else until.isoformat()}


def _note(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str,
    action: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
) -> None:
    """Write it into the record's history and the audit log, and let this transaction see it."""
    transaction.cache.forget_shares()
    values = transaction.cache.related(object_def.key, record_id)
    version = int(values["version"]) if values is not None else 0
    row = audit_row(transaction, object_def.key, record_id, version, SaveKind.UPDATED, {SHARE: [old, new]})
    write_audit(transaction, [row | {"action": action}])
    transaction.settle()
