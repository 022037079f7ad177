"""Lets all that points at one record point at another: parts, lookups, links, taggings, comments, files, tasks.

Who may merge has been judged; what follows is written as a deletion's consequences are: with history, roll-ups and
rules, but without asking what a person may type. A row that would stand twice between the same records is binned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.errors import FieldError, ValidationFailed
from engine.records.batches import given_one_of, given_values
from engine.records.hooks import SaveKind
from engine.records.merging.keeping import Moved
from engine.records.saving.deleting import delete_record, pointing_at
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.finishing import finish_many
from engine.records.saving.plan import SavePlan, save_plan
from engine.records.saving.relations import find_targets, prefetch_links
from engine.records.saving.steps import check_locks, run_before
from engine.records.saving.trees import check_trees
from engine.records.saving.uniques import check_uniques
from engine.records.saving.writing_many import update_records
from engine.records.statements import Prepared
from metamodel.objects import ObjectDef
from metamodel.texts import label_text
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 1_000


def move_pointing(
    product: Transaction, object_def: ObjectDef, gone: str, into: str, *, besides: Collection[str], told: Transaction
) -> list[Moved]:
    """Move all that points at `gone`; `besides`: records of the object that are left alone. told: who hears of faults.

    Raises: ValidationFailed.
    """
    moved: list[Moved] = []
    for inverse, ids in pointing_at(product, object_def, gone):
        own = inverse.object == object_def.key
        wanted = [each for each in ids if not (own and each in besides)]
        moved += move_records(product, inverse.object, inverse.field, wanted, (object_def.key, into), told=told)
    return moved


def move_records(
    product: Transaction, object_key: str, field: str, ids: Sequence[str], target: tuple[str, str], *, told: Transaction
) -> Iterator[Moved]:
    """Let records point at another one by a field, many by one statement.

    Raises: ValidationFailed.
    """
    definition = product.parts.metamodel.objects[object_key]
    relation = definition.fields[field].relation
    assert relation is not None
    value: Any = target[1] if relation.single_target is not None else Ref(*target)
    for start in range(0, len(ids), _BATCH):
        drafts = _load(product, object_key, ids[start : start + _BATCH])
        prefetch_links(drafts, product)
        for draft in drafts:
            draft.set(field, value)
            run_before(draft, product)
        check_locks(drafts, product)
        check_trees(drafts, product)
        check_uniques(drafts, product)
        faulty = [draft for draft in drafts if draft.errors and not _stands_twice(draft)]
        if faulty:
            raise ValidationFailed(_told(faulty, told))
        twice = [draft for draft in drafts if draft.errors]
        kept = [draft for draft in drafts if not draft.errors]
        _write(product, kept)
        for draft in twice:
            delete_record(product, definition, draft.record_id, None)
        product.settle()
        yield from (Moved(object_key, field, draft.record_id, draft.values["version"]) for draft in kept)
        yield from (Moved(object_key, field, draft.record_id, 0) for draft in twice)


def _load(product: Transaction, object_key: str, ids: Sequence[str]) -> list[RecordDraft]:
    plan, columns = save_plan(product.parts, object_key), product.parts.columns(object_key)
    prepared = product.parts.made(("move", object_key), lambda: _prepare(product, plan))
    rows: list[Any] = product.rows(prepared, {"ids": given_values(ids, product.database.dialect)})
    found = [columns.values(row) for row in rows]
    return [RecordDraft(plan, product.around, SaveKind.UPDATED, values["id"], values, None) for values in found]


def _prepare(product: Transaction, plan: SavePlan) -> Prepared:
    table = plan.table.table
    columns = product.parts.columns(plan.object.key).of(table)
    wanted = given_one_of(table.c["id"], "ids", product.database.dialect)
    query = select(*columns).where(wanted, table.c["deleted_at"].is_(None)).order_by(table.c["id"])
    return Prepared(query.with_for_update(), product.parts.dialect)


def _stands_twice(draft: RecordDraft) -> bool:
    """Say whether a row is only refused since the same records are joined already: a link, a tagging."""
    lookups = {link.name for link in draft.plan.links}
    joined = {name for key in draft.plan.uniques if lookups.issuperset(key) for name in key}
    return bool(draft.errors) and all(error.code == "not_unique" and error.field in joined for error in draft.errors)


def _write(product: Transaction, drafts: Sequence[RecordDraft]) -> None:
    changed = [draft for draft in drafts if draft.changed]
    if not changed:
        return
    written = [sorted(draft.written) for draft in changed]
    for draft in changed:
        touch(draft, product)
    try:
        update_records(changed, written, product)
        finish_many(changed, product)
    finally:
        product.wait()


def _told(faulty: Sequence[RecordDraft], told: Transaction) -> list[FieldError]:
    """Name the records that can't be moved, as far as who merges may read them."""
    definition = faulty[0].plan.object
    name = label_text(definition.label, told.actor.language, definition.name)
    found = find_targets(told, {definition.key: [draft.record_id for draft in faulty]})
    errors = []
    for draft in faulty:
        known = found.get((definition.key, draft.record_id))
        called = f"{name}: {known.title}" if known is not None and known.readable and known.title else name
        errors += [
            FieldError(code=each.code, message=f"{called}: {each.message}", field=definition.key)
            for each in draft.errors
        ]
    return errors
