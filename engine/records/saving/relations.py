"""Do the records that lookups point at exist, may the actor read them, and do they fit the lookup's `where`.

One statement asks for all of them, with their titles, whatever the number of drafts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, false, func, literal, select, union_all

from engine.access.compiler import Access
from engine.access.predicates import EVERYONE
from engine.errors import FieldError
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.records.batches import given_one_of, given_values
from engine.records.identifiers import could_be_id
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.holding import hold_now, hold_when_written
from engine.records.saving.messages import say
from engine.records.saving.plan import Link, SavePlan
from engine.records.saving.record_columns import RecordColumns
from engine.records.statements import Prepared
from metamodel.values import Ref
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 2_000
Target = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A record that is pointed at: what it is called and whether the actor may read it."""

    title: str
    readable: bool


def check_relations(drafts: Sequence[RecordDraft], transaction: Transaction, *, held: bool = False) -> None:
    """Check the changed lookups of drafts; findings go to the drafts, titles too. held: what is found stays there."""
    wanted: dict[str, dict[str, None]] = {}
    pointing = [(draft, link, target) for draft in drafts for link, target in _targets(draft)]
    for _, _, (key, record_id) in pointing:
        if not _is_actor(transaction, key, record_id):
            wanted.setdefault(key, {})[record_id] = None
    if held and wanted:
        hold_now(transaction, wanted)
    found = find_targets(transaction, wanted, _along(drafts, wanted)) if wanted else {}
    for draft, link, target in pointing:
        if _is_actor(transaction, *target):
            draft.titles[link.name] = transaction.actor.name
            continue
        _judge(draft, link, target, found.get(target), transaction)


def hold_targets(draft: RecordDraft, transaction: Transaction) -> None:
    """Let the statement that writes a checked draft hold what it points at.

    Raises, when it is sent: as `hold_when_written`.
    """
    for link, target in _targets(draft):
        if not _is_actor(transaction, *target):
            hold_when_written(transaction, link.name, *target)


def _along(drafts: Sequence[RecordDraft], wanted: Mapping[str, Iterable[str]]) -> bool:
    """Say whether the one object that is looked at is read by expressions as well."""
    plan = drafts[0].plan
    return len(wanted) == 1 and any(
        link.name in plan.reads_along and link.targets[0] in wanted for link in plan.links if len(link.targets) == 1
    )


def prefetch_links(drafts: Sequence[RecordDraft], transaction: Transaction, new: Sequence[RecordColumns] = ()) -> None:
    """Load what the lookups of a batch point at, where expressions or rights of the object read along lookups.

    new: new records of the same object.
    """
    plans = [*(draft.plan for draft in drafts[:1]), *(each.plan for each in new)]
    if not plans:
        return
    names = _read_along(plans[0], transaction)
    wanted: dict[str, dict[str, None]] = {}
    for link in plans[0].links:
        if link.name not in names:
            continue
        values = {draft.values.get(link.name) for draft in drafts}.union(*(each.values[link.name] for each in new))
        for value in values - {None}:
            key, record_id = (value.object, value.id) if isinstance(value, Ref) else (link.targets[0], str(value))
            wanted.setdefault(key, {})[record_id] = None
    for key, ids in wanted.items():
        transaction.cache.prefetch(key, ids)


def _read_along(plan: SavePlan, transaction: Transaction) -> frozenset[str]:
    """Give the lookups that are followed: by expressions, and to the parent where rights follow from it."""
    if transaction.access.of(plan.object.key).actions["create"] is EVERYONE:
        return plan.reads_along
    return plan.reads_along | {link.name for link in plan.links if link.is_parent}


def find_targets(
    transaction: Transaction, wanted: Mapping[str, Iterable[str]], along: bool = False
) -> dict[Target, Found]:
    """Look records up by object and id. along: keep what they are, where few of one object are looked up."""
    objects = transaction.parts.metamodel.objects
    ids = {
        key: [value for value in dict.fromkeys(values) if could_be_id(value, objects.get(key))]
        for key, values in wanted.items()
    }
    # What points at any record may name an object that there is none of.
    ids = {key: values for key, values in ids.items() if values and key in objects}
    elsewhere = {key: ids.pop(key) for key in tuple(ids) if objects[key].source is not None}
    if elsewhere:
        return _find_elsewhere(transaction, elsewhere) | find_targets(transaction, ids, along)
    if not ids:
        return {}
    if sum(map(len, ids.values())) <= 12:
        return _ask_together(transaction, ids, along)
    found: dict[Target, Found] = {}
    for key, values in ids.items():
        prepared = _prepare_many(transaction, key)
        for start in range(0, len(values), _BATCH):
            given = {"ids": given_values(values[start : start + _BATCH], transaction.database.dialect)}
            rows = transaction.rows(prepared, given)
            found.update({(str(row[0]), str(row[1])): Found(row[2] or "", bool(row[3])) for row in rows})
    return found


def _find_elsewhere(transaction: Transaction, wanted: Mapping[str, Iterable[str]]) -> dict[Target, Found]:
    """Look records of other databases up."""
    found: dict[Target, Found] = {}
    for key, ids in wanted.items():
        readable = transaction.access.of(key).actions["read"]
        transaction.cache.prefetch(key, ids)
        for record_id in ids:
            values = transaction.cache.related(key, record_id)
            if values is not None:
                context = transaction.context(key, values)
                title = transaction.cache.title(key, context) or ""
                found[key, record_id] = Found(title, readable.test(context))
    return found


def _ask_together(transaction: Transaction, ids: Mapping[str, Sequence[str]], along: bool) -> dict[Target, Found]:
    counts = tuple(sorted((key, len(values)) for key, values in ids.items()))
    access = transaction.access
    prepared = transaction.parts.asked.find(
        ("targets", counts, along, None if access.full else access.roles),
        lambda: _prepare(transaction, counts, along),
    )
    given = {f"{key}_{index}": value for key, values in ids.items() for index, value in enumerate(values)}
    rows = transaction.ask(prepared, {name.replace(".", "_"): value for name, value in given.items()})
    if along:
        ((key, _),) = counts
        for row in rows:
            transaction.cache.learn(key, transaction.parts.columns(key).values(row, 4))
    return {(row[0], str(row[1])): Found(row[2] or "", bool(row[3])) for row in rows}


def _prepare_many(transaction: Transaction, key: str) -> Prepared:
    access, dialect = transaction.access, transaction.database.dialect
    asked = partial(given_one_of, name="ids", dialect=dialect)
    return transaction.parts.made(
        ("many targets", key, None if access.full else access.roles, transaction.actor.language),
        lambda: Prepared(_select(transaction, key, asked), transaction.parts.dialect),
    )


def _prepare(transaction: Transaction, counts: Sequence[tuple[str, int]], along: bool) -> Prepared:
    queries = []
    for key, count in counts:
        name = key.replace(".", "_")

        def asked(column: ColumnElement[Any], name: str = name, count: int = count) -> ColumnElement[Any]:
            return column.in_([runtime(f"{name}_{index}", column.type) for index in range(count)])

        queries.append(_select(transaction, key, asked, along))
    query = queries[0] if len(queries) == 1 else union_all(*queries)
    return Prepared(query, transaction.parts.dialect)


def _select(transaction: Transaction, key: str, asked: Any, along: bool = False) -> Select[Any]:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    alias = parts.tables.of(key).table.alias()
    scope = RowScope(builder, Frame(alias), key, alias)
    readable = _readable(transaction.access, scope)
    title = cast(scope.title(), Text())
    columns: list[Any] = [literal(key, Text()), alias.c["id"], title, readable]
    if along:
        columns += parts.columns(key).of(alias)
    conditions = (asked(alias.c["id"]), alias.c["deleted_at"].is_(None))
    return select(*columns).select_from(scope.frame.source).where(*conditions)


def _readable(access: Access, scope: RowScope) -> ColumnElement[Any]:
    predicate = access.of(scope.object_key).actions["read"]
    if predicate is EVERYONE:
        return literal(1)
    return case((func.coalesce(predicate.sql(scope), false()), literal(1)), else_=literal(0))


def _targets(draft: RecordDraft) -> Iterator[tuple[Link, Target]]:
    for link in draft.plan.links:
        value = draft.values.get(link.name)
        if value is None or value == draft.old.get(link.name) or link.name in ("created_by", "modified_by"):
            continue
        yield link, (value.object, value.id) if isinstance(value, Ref) else (link.targets[0], str(value))


def _is_actor(transaction: Transaction, key: str, record_id: str) -> bool:
    return key == "user" and record_id == transaction.actor.user_id


def _judge(draft: RecordDraft, link: Link, target: Target, found: Found | None, transaction: Transaction) -> None:
    language = transaction.actor.language
    # Rules may point anywhere; what a caller gives must be a record that the caller may read.
    if found is None or (link.name in draft.given and not found.readable):
        text = say("no_record", language)
        draft.errors.append(FieldError(code="no_record", message=text, field=link.name))
        return
    if found.readable:
        draft.titles[link.name] = found.title
    if target == (draft.object_key, draft.record_id) and (link.is_parent or _is_tree(link)):
        text = say("own_parent", language)
        draft.errors.append(FieldError(code="own_parent", message=text, field=link.name))
    if link.where and not _fits(draft, link, target):
        text = say("not_a_choice", language)
        draft.errors.append(FieldError(code="not_a_choice", message=text, field=link.name))


def _is_tree(link: Link) -> bool:
    return link.definition.relation is not None and link.definition.relation.tree


def _fits(draft: RecordDraft, link: Link, target: Target) -> bool:
    where = link.where.get(target[0])
    row = draft.context.related(*target)
    try:
        return where is not None and row is not None and bool(where(draft.context, row))
    except EvaluationError:
        return False
