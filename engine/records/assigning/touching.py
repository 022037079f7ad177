"""Whether the member who got a record has done something with it: saved it, or written of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from engine.records.earlier_objects import entries_of
from engine.records.sources import points_at_some
from metamodel.fields import FieldDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_ABOUT = "about"


def was_touched(transaction: Transaction, target: Ref, user_id: str, version: int, since: dt.datetime) -> bool:
    """Say whether a user has saved a record after a version, or made a record about it (a call, a task) since a moment.

    What rules do in the user's name does not count.
    """
    log = transaction.system.audit
    saved = (
        select(func.count())
        .select_from(log)
        .where(entries_of(transaction, target.object), log.c["record_id"] == target.id, log.c["actor"] == user_id)
        .where(log.c["version"] > version, log.c["run_id"].is_(None))
    )
    if transaction.connection.execute(saved).scalar():
        return True
    return any(_wrote(transaction, key, target, user_id, since) for key in _objects_about(transaction))


def _objects_about(transaction: Transaction) -> list[str]:
    objects = transaction.parts.metamodel.objects.values()
    return [each.key for each in objects if each.source is None and _is_about(each.fields.get(_ABOUT))]


def _is_about(definition: FieldDef | None) -> bool:
    return definition is not None and definition.relation is not None and not definition.relation.targets


def _wrote(transaction: Transaction, key: str, target: Ref, user_id: str, since: dt.datetime) -> bool:
    table, log = transaction.parts.tables.of(key).table, transaction.system.audit
    about, tests = points_at_some(transaction.parts, key, _ABOUT, target.object)
    by_person = select(log.c["id"]).where(
        entries_of(transaction, key),
        log.c["record_id"] == table.c["id"],
        log.c["actor"] == user_id,
        log.c["run_id"].is_(None),
    )
    query = select(func.count()).select_from(table).where(about == target.id, *tests)
    query = query.where(table.c["created_at"] >= since, table.c["created_by"] == user_id, by_person.exists())
    return bool(transaction.connection.execute(query).scalar())
