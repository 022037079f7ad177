"""Loads a record for a change: locked, with what the actor may do with it judged in the same statement.

A record that the actor may not read is absent; one that may be read and not changed is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, case, false, func, literal, select

from engine.access.compiler import Access
from engine.access.eyes import AccessEyes
from engine.access.predicates import EVERYONE, NOBODY, Predicate
from engine.errors import AccessDenied, FieldError, RecordNotFound, StaleVersion, ValidationFailed
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.titles import any_title
from engine.expressions.sql.values import SqlAnyReference
from engine.records.batches import one_of
from engine.records.hooks import SaveKind
from engine.records.identifiers import could_be_id
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.messages import say
from engine.records.saving.plan import Link, SavePlan, save_plan
from engine.records.statements import Prepared, find_leads

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_ACTIONS = {SaveKind.UPDATED: "update", SaveKind.DELETED: "delete", SaveKind.RESTORED: "delete"}


def load_for_change(
    transaction: Transaction,
    object_key: str,
    record_id: str,
    kind: SaveKind,
    version: int | None,
    *,
    locked: bool = True,
) -> RecordDraft:
    """Load a record that the actor may change; it is locked, but for who only looks at what a change would do.

    Raises: RecordNotFound, AccessDenied, StaleVersion.
    """
    plan = save_plan(transaction.parts, object_key)
    action = _ACTIONS[kind]
    access = transaction.access
    key = ("load", object_key, action, kind is SaveKind.RESTORED, locked, None if access.full else access.roles)
    prepared = transaction.parts.made(key, lambda: _prepare(transaction, plan, kind, locked))
    row = _row(transaction, prepared, record_id, locked) if could_be_id(record_id) else None
    if row is None or not row[0]:
        raise RecordNotFound(object_key, record_id)
    if not row[1]:
        raise AccessDenied(action, object_key, "your roles do not allow it for this record")
    values = transaction.parts.columns(object_key).values(row, 2)
    if version is not None and version != values["version"]:
        raise StaleVersion(object_key, record_id, expected=version, current=values["version"])
    draft = RecordDraft(plan, transaction.around, kind, record_id, values, transaction.confirmed)
    first = 2 + len(transaction.parts.columns(object_key))
    last = first + len(plan.links)
    for link, title in zip(plan.links, row[first:last], strict=True):
        if title is not None:
            draft.titles[link.name] = title
    for link in _read_along(transaction, plan, kind):
        columns = transaction.parts.columns(link.targets[0])
        target = columns.values(row, last)
        last += len(columns)
        if target["id"] is not None and target["id"] == values[link.name]:
            transaction.cache.put(link.targets[0], target)
    return draft


def load_many_for_change(
    transaction: Transaction,
    object_key: str,
    ids: Sequence[str],
    kind: SaveKind = SaveKind.UPDATED,
    *,
    locked: bool = True,
) -> dict[str, tuple[bool, dict[str, Any]]]:
    """Load the records of updates or deletions that may be read, with whether that may be done to them.

    They are locked, but for who only looks at what a change would meet.
    """
    ids = [record_id for record_id in ids if could_be_id(record_id)]
    if not ids:
        return {}
    parts, access = transaction.parts, transaction.access
    alias = parts.tables.of(object_key).table.alias()
    scope = RowScope(parts.builder(access, "en"), Frame(alias), object_key, alias)
    actions = access.of(object_key).actions
    flags = [_flag(actions["read"], scope), _flag(actions[_ACTIONS[kind]], scope)]
    columns = parts.columns(object_key)
    query = select(*flags, *columns.of(alias)).select_from(scope.frame.source)
    wanted = one_of(alias.c["id"], dict.fromkeys(ids), transaction.database.dialect)
    query = query.where(wanted, alias.c["deleted_at"].is_(None)).order_by(alias.c["id"])
    found = {}
    query = query.with_for_update(of=alias) if locked else query
    for row in transaction.rows(Prepared(query, parts.dialect), {}):
        if row[0]:
            values = columns.values(row, 2)
            found[values["id"]] = (bool(row[1]), values)
    return found


def _row(transaction: Transaction, prepared: Prepared, record_id: str, locked: bool) -> Any:
    if locked:
        return transaction.row(prepared, {"id": record_id})
    return next(iter(transaction.ask(prepared, {"id": record_id})), None)


def _read_along(transaction: Transaction, plan: SavePlan, kind: SaveKind) -> tuple[Link, ...]:
    """Give the lookups whose records are loaded with the record, since its expressions read them.

    Those of another database are asked for by themselves: a save is not judged by what it does not answer.
    """
    if kind is not SaveKind.UPDATED:
        return ()
    objects = transaction.parts.metamodel.objects
    read = (link for link in plan.links if link.name in plan.reads_along and len(link.targets) == 1)
    return tuple(link for link in read if objects[link.targets[0]].source is None)


def _prepare(transaction: Transaction, plan: SavePlan, kind: SaveKind, locked: bool) -> Prepared:
    parts, access = transaction.parts, transaction.access
    alias = plan.table.table.alias()
    builder = parts.builder(access, "en")
    scope = RowScope(builder, Frame(alias), plan.object.key, alias)
    actions = access.of(plan.object.key).actions
    flags = [_flag(actions["read"], scope), _flag(actions[_ACTIONS[kind]], scope)]
    titles = [_title(scope.with_eyes(None if access.full else AccessEyes(access)), link) for link in plan.links]
    read = _read_along(transaction, plan, kind)
    along = [(link.targets[0], scope.follow(link.definition, link.targets[0])) for link in read]
    beside = [column for key, target in along for column in parts.columns(key).of(target.alias)]
    columns: list[Any] = [*flags, *parts.columns(plan.object.key).of(alias), *titles, *beside]
    binned = alias.c["deleted_at"].is_not(None) if kind is SaveKind.RESTORED else alias.c["deleted_at"].is_(None)
    leads = find_leads(scope.frame, columns)
    labelled = [column.label(f"c{index}") for index, column in enumerate(columns)]
    query = select(*labelled).select_from(scope.frame.source)
    query = query.where(alias.c["id"] == runtime("id", alias.c["id"].type), binned)
    if locked:
        # Who points at a record need not wait for its change, only for its deletion.
        query = query.with_for_update(of=alias, key_share=kind is SaveKind.UPDATED)
    return Prepared(query, parts.dialect, leads)


def _title(scope: RowScope, link: Link) -> ColumnElement[Any]:
    value = scope.with_eyes(None).value(link.name)
    if isinstance(value, SqlAnyReference):
        return any_title(scope.builder, value, scope.eyes)
    titles = [scope.follow(link.definition, target).title() for target in link.targets]
    return func.coalesce(*titles) if len(titles) > 1 else titles[0]


def _flag(predicate: Predicate, scope: RowScope) -> ColumnElement[Any]:
    if predicate is EVERYONE:
        return literal(1)
    if predicate is NOBODY:
        return literal(0)
    return case((func.coalesce(predicate.sql(scope), false()), literal(1)), else_=literal(0))


def check_creation(draft: RecordDraft, access: Access) -> None:
    """Judge whether the actor may create this record, by its values with defaults filled in.

    Raises: AccessDenied.
    """
    if not access.of(draft.object_key).actions["create"].test(draft.context):
        raise AccessDenied("create", draft.object_key, "your roles do not allow it")


def check_field_rights(draft: RecordDraft, access: Access, before: Any, names: Sequence[str], language: str) -> None:
    """Judge rights on fields that depend on the record: on creation by its new values, else by the stored ones.

    Raises: ValidationFailed.
    """
    fields = access.of(draft.object_key).fields
    refused = []
    for name in names:
        right = fields[name].create if draft.kind is SaveKind.CREATED else fields[name].update
        if right is not EVERYONE and not right.test(before):
            refused.append(FieldError(code="no_right", message=say("no_right", language), field=name))
    if refused:
        raise ValidationFailed(refused)
