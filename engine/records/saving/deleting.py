"""Moving records to the bin and back: parts go along, lookups that point at the record restrict, clear or cascade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, literal, select, union_all

from engine.errors import FieldError, RecordInUse, ValidationFailed
from engine.expressions.sql.runtime import runtime
from engine.records.duplicates.finding import check_duplicates
from engine.records.hooks import SaveKind
from engine.records.merging.keeping import survivor_of
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.filling import touch
from engine.records.saving.loading import load_for_change
from engine.records.saving.messages import say
from engine.records.saving.plan import save_plan
from engine.records.saving.relations import find_targets
from engine.records.saving.results import saved_record
from engine.records.saving.rollups import recompute_own
from engine.records.saving.steps import check_locks, finish, judge, refuse_faulty, run_before
from engine.records.saving.uniques import check_uniques
from engine.records.saving.writing import update_record
from engine.records.sources import points_at
from engine.records.statements import Prepared
from engine.records.types import Saved
from metamodel.fields import OnDelete, RelationKind
from metamodel.objects import InverseDef, ObjectDef
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def delete_record(transaction: Transaction, object_def: ObjectDef, record_id: str, version: int | None) -> None:
    """Move a record and its parts to the bin.

    Raises: RecordNotFound, AccessDenied, StaleVersion, RecordInUse, ValidationFailed.
    """
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.DELETED, version)
    _bin(transaction, draft, object_def)


def bin_alone(transaction: Transaction, draft: RecordDraft) -> None:
    """Move one loaded record to the bin; the caller sees to those that point at it.

    Raises: ValidationFailed.
    """
    run_before(draft, transaction)
    check_locks([draft], transaction)
    refuse_faulty(draft)
    draft.put("deleted_at", transaction.now)
    _write(transaction, draft)


def _bin(transaction: Transaction, draft: RecordDraft, object_def: ObjectDef) -> None:
    run_before(draft, transaction)
    check_locks([draft], transaction)
    refuse_faulty(draft)
    draft.put("deleted_at", transaction.now)
    pointing = pointing_at(transaction, object_def, draft.record_id)
    _refuse_used(transaction, draft, pointing)
    _write(transaction, draft)
    for inverse, ids in pointing:
        child = transaction.parts.metamodel.objects[inverse.object]
        for child_id in ids:
            part = _load(transaction, child.key, child_id, _on_delete(transaction, inverse))
            if part is None:
                continue
            if part.kind is SaveKind.DELETED:
                _bin(transaction, part, child)
            else:
                part.set(inverse.field, None)
                _write(transaction, part)


def _refuse_used(
    transaction: Transaction, draft: RecordDraft, pointing: Sequence[tuple[InverseDef, list[str]]]
) -> None:
    restricting = [(each.object, ids) for each, ids in pointing if _on_delete(transaction, each) is OnDelete.RESTRICT]
    if not restricting:
        return
    counts = [(key, _readable_count(transaction, key, ids)) for key, ids in restricting]
    used_by, count = next((found for found in counts if found[1]), counts[0])
    raise RecordInUse(draft.object_key, draft.record_id, used_by=used_by, count=count)


def _readable_count(transaction: Transaction, key: str, ids: Sequence[str]) -> int:
    if not transaction.access.of(key).known:
        return 0
    return sum(found.readable for found in find_targets(transaction, {key: ids}).values())


def _write(transaction: Transaction, draft: RecordDraft) -> None:
    touch(draft, transaction)
    update_record(draft, sorted(draft.changed), transaction)
    finish([draft], transaction)


def _load(transaction: Transaction, object_key: str, record_id: str, on_delete: OnDelete) -> RecordDraft | None:
    """Load a record that follows from a deletion; rights were judged on what the person deleted."""
    plan = save_plan(transaction.parts, object_key)
    key = ("follow", object_key)
    prepared = transaction.parts.made(key, lambda: _prepare_follow(transaction, object_key))
    row = transaction.row(prepared, {"id": record_id})
    if row is None:
        return None
    values = transaction.parts.columns(object_key).values(row)
    kind = SaveKind.UPDATED if on_delete is OnDelete.CLEAR else SaveKind.DELETED
    return RecordDraft(plan, transaction.around, kind, record_id, values, None)


def _prepare_follow(transaction: Transaction, object_key: str) -> Prepared:
    table = transaction.parts.tables.of(object_key).table
    columns = transaction.parts.columns(object_key).of(table)
    same = table.c["id"] == runtime("id", table.c["id"].type)
    query = select(*columns).where(same, table.c["deleted_at"].is_(None)).with_for_update()
    return Prepared(query, transaction.parts.dialect)


def _on_delete(transaction: Transaction, inverse: InverseDef) -> OnDelete:
    relation = transaction.parts.metamodel.objects[inverse.object].fields[inverse.field].relation
    assert relation is not None
    return OnDelete.CASCADE if relation.kind is RelationKind.CHILD_OF else relation.on_delete


def pointing_at(transaction: Transaction, object_def: ObjectDef, record_id: str) -> list[tuple[InverseDef, list[str]]]:
    """Give the records that point at a record, by list; lists that nobody is in cost one statement together."""
    parts = transaction.parts
    inverses = list(all_inverses(transaction, object_def))
    if not inverses:
        return []
    probes: list[Any] = []
    for index, inverse in enumerate(inverses):
        child = parts.tables.of(inverse.object).table
        here = points_at(parts, inverse.object, inverse.field, object_def.key)
        found = exists(select(child.c["id"]).where(here, child.c["deleted_at"].is_(None)))
        probes.append(select(literal(index)).where(found))
    key = ("pointing", object_def.key)
    prepared = parts.made(key, lambda: Prepared(union_all(*probes), parts.dialect))
    filled = [inverses[int(row[0])] for row in transaction.rows(prepared, {"id": record_id})]
    result = []
    for inverse in filled:
        child = parts.tables.of(inverse.object).table
        here = points_at(parts, inverse.object, inverse.field, object_def.key)
        query = select(child.c["id"]).where(here, child.c["deleted_at"].is_(None)).order_by(child.c["id"])
        rows = transaction.rows(Prepared(query, parts.dialect), {"id": record_id})
        result.append((inverse, [str(row[0]) for row in rows]))
    return result


def all_inverses(transaction: Transaction, object_def: ObjectDef) -> list[InverseDef]:
    """Give every lookup that can point at an object, also those without a list of their own (created_by aside)."""
    found = {(item.object, item.field): item for item in object_def.inverses.values()}
    for key, other in transaction.parts.metamodel.objects.items():
        for name, definition in other.fields.items():
            relation = definition.relation
            if relation is None or definition.formula is not None or name in ("created_by", "modified_by"):
                continue
            if not relation.targets or object_def.key in relation.targets:
                found.setdefault((key, name), InverseDef(name=name, object=key, field=name, owned=False))
    # What points from another database at a record neither keeps it here nor changes with it.
    objects = transaction.parts.metamodel.objects
    return [each for each in found.values() if objects[each.object].source is None]


def restore_record(transaction: Transaction, object_def: ObjectDef, record_id: str) -> Saved:
    """Take a record out of the bin; its parts that went with it come back too.

    Raises: RecordNotFound, AccessDenied, ValidationFailed.
    """
    draft = load_for_change(transaction, object_def.key, record_id, SaveKind.RESTORED, None)
    if survivor_of(transaction, object_def.key, record_id) is not None:
        draft.reject(say("merged", draft.language), code="merged")
        refuse_faulty(draft)
    binned_at = draft.values["deleted_at"]
    draft.put("deleted_at", None)
    _let_go_of_absent([draft], transaction)
    recompute_own(draft, transaction)
    run_before(draft, transaction)
    judge([draft], transaction, held=True)
    check_uniques([draft], transaction)
    check_duplicates([draft], transaction)
    refuse_faulty(draft)
    changed = sorted(draft.changed)
    _write(transaction, draft)
    for inverse in object_def.inverses.values():
        if inverse.owned or inverse.other is not None:
            _restore_parts(transaction, object_def, record_id, inverse, binned_at, inverse.name)
    return Saved(record=saved_record(draft, transaction), created=False, changed=tuple(changed))


def _let_go_of_absent(drafts: Sequence[RecordDraft], transaction: Transaction) -> None:
    """Do for what went meanwhile what its going would have done: follow a merge, clear the lookup, or refuse."""
    asked: dict[str, dict[str, None]] = {}
    pointing = []
    for draft in drafts:
        for link in draft.plan.links:
            value = draft.values.get(link.name)
            if value is not None and link.name not in ("created_by", "modified_by"):
                target = (value.object, value.id) if isinstance(value, Ref) else (link.targets[0], str(value))
                asked.setdefault(target[0], {})[target[1]] = None
                pointing.append((draft, link, target))
    found = find_targets(transaction, asked) if asked else {}
    for draft, link, target in pointing:
        relation = link.definition.relation
        if target in found or relation is None:
            continue
        into = survivor_of(transaction, *target)
        if into is not None and find_targets(transaction, {target[0]: [into]}):
            draft.set(link.name, Ref(target[0], into) if isinstance(draft.values[link.name], Ref) else into)
        elif relation.kind is not RelationKind.CHILD_OF and relation.on_delete is OnDelete.CLEAR:
            draft.set(link.name, None)
        else:
            draft.reject(say("no_record", draft.language), field=link.name, code="no_record")


def _restore_parts(
    transaction: Transaction, object_def: ObjectDef, record_id: str, inverse: InverseDef, binned_at: Any, path: str
) -> None:
    parts = transaction.parts
    child = parts.tables.of(inverse.object).table
    columns = parts.columns(inverse.object)
    here = points_at(parts, inverse.object, inverse.field, object_def.key)
    same_moment = child.c["deleted_at"] == literal(binned_at, child.c["deleted_at"].type)
    query = select(*columns.of(child)).where(here, same_moment).order_by(child.c["id"])
    plan = save_plan(parts, inverse.object)
    drafts = []
    for row in transaction.rows(Prepared(query, parts.dialect), {"id": record_id}):
        values = columns.values(row)
        drafts.append(RecordDraft(plan, transaction.around, SaveKind.RESTORED, values["id"], values, None))
        drafts[-1].put("deleted_at", None)
    _let_go_of_absent(drafts, transaction)
    for draft in drafts:
        run_before(draft, transaction)
    check_uniques(drafts, transaction)
    check_duplicates(drafts, transaction)
    if inverse.other is not None:
        # A link whose other side is gone, or that was made anew meanwhile, stays where it is.
        drafts = [draft for draft in drafts if not draft.errors]
    faults = [
        FieldError(code=fault.code, message=fault.message, field=f"{path}[{index}].{fault.field}")
        for index, draft in enumerate(drafts)
        for fault in draft.errors
    ]
    if faults:
        raise ValidationFailed(faults)
    part = parts.metamodel.objects[inverse.object]
    for index, draft in enumerate(drafts):
        _write(transaction, draft)
        for deeper in part.inverses.values():
            if deeper.owned:
                below = f"{path}[{index}].{deeper.name}"
                _restore_parts(transaction, part, draft.record_id, deeper, binned_at, below)
