"""What a request keeps people, programs and rules from: changing a locked record, or moving one that waits to the bin.

Asked at the one door, with the record's row locked, once for all records of a save or batch. Only objects that have
approvals cost a question. Parts of a record (`child_of`) are locked with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.approvals.messages import say
from engine.approvals.program import ApprovalIndex
from engine.approvals.requests import Request, RequestState
from engine.approvals.rows import ApprovalRows, open_key, request_of
from engine.records.clocks.plan import clock_plans
from engine.records.hooks import SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.together import Overtaken
from engine.records.transaction import Transaction
from engine.releases.release import Release
from metamodel.fields import RelationKind
from metamodel.values import Ref

Submit = Callable[[Transaction, Ref, str | None, str | None], str]
_Owner = tuple[str, str]
"""A record that may be locked: its object and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    """How records of an object may be kept. own: they are submitted themselves. parents: field → the whole's object.

    free: fields that follow from others or that the product keeps.
    """

    own: bool
    parents: Mapping[str, str]
    free: frozenset[str]


class ApprovalLocks:
    """Answers the door whether a record may be changed."""

    def __init__(self, rows: ApprovalRows, index_of: Callable[[Release], ApprovalIndex], submit: Submit) -> None:
        self._rows = rows
        self._submit = submit
        self._index_of = index_of

    def watches(self, transaction: Transaction, object_key: str) -> bool:
        """Say whether a record of an object, or one that it is a part of, may wait for an approval."""
        return self._watch(transaction, object_key) is not None

    def watches_new(self, transaction: Transaction, object_key: str) -> bool:
        """Say whether new records of an object may be refused: parts of a record that waits."""
        watch = self._watch(transaction, object_key)
        return watch is not None and bool(watch.parents)

    def submit(self, transaction: Transaction, record: Ref, approval: str | None, by: str | None) -> str:
        """Submit a record for a rule."""
        return self._submit(transaction, record, approval, by)

    def judge(self, transaction: Transaction, drafts: Sequence[RecordDraft]) -> None:
        """Reject what open requests don't allow; the request in whose name the transaction acts keeps nobody."""
        owners = {id(draft): tuple(self._owners(transaction, draft)) for draft in drafts}
        wanted = dict.fromkeys(owner for each in owners.values() for owner in each)
        if not wanted:
            return
        if transaction.alone and any(draft.kind is not SaveKind.CREATED for draft in drafts):
            # Another's submission is seen for certain only once the record's row is locked.
            raise Overtaken
        requests = self._open(transaction, wanted)
        for draft in drafts if requests else ():
            for owner in owners[id(draft)]:
                request = requests.get(owner)  # nosec B113
                if request is not None and request.id != transaction.cause.approval:
                    self._refuse(transaction, draft, request)

    def _watch(self, transaction: Transaction, object_key: str) -> _Watch | None:
        return transaction.parts.made(("approval locks", object_key), lambda: self._make(transaction, object_key))

    def _make(self, transaction: Transaction, object_key: str) -> _Watch | None:
        objects = transaction.parts.metamodel.objects
        kept = self._index_of(transaction.release).objects | self._left_open(transaction)
        relations = {name: field.relation for name, field in objects[object_key].fields.items()}
        parents = {
            name: relation.single_target
            for name, relation in relations.items()
            if relation is not None
            and relation.kind is RelationKind.CHILD_OF
            and relation.single_target is not None
            and relation.single_target in kept
        }
        if object_key not in kept and not parents:
            return None
        clocks = {
            name
            for plan in clock_plans(transaction.parts, object_key)
            for name in (plan.due, plan.breached, plan.state, plan.since, plan.used)
        }
        follows = {
            name
            for name, field in objects[object_key].fields.items()
            if field.is_computed or (field.system and name != "owner")
        }
        return _Watch(own=object_key in kept, parents=parents, free=frozenset(clocks | follows))

    def _left_open(self, transaction: Transaction) -> frozenset[str]:
        """Give the objects of requests that stayed open though the release has no approval for them any more."""
        table = self._rows.request

        def read() -> frozenset[str]:
            query = select(table.c.object).where(table.c.open_key.is_not(None)).distinct()
            return frozenset(str(row[0]) for row in transaction.connection.execute(query))

        return transaction.parts.made("approval objects left open", read)

    def _owners(self, transaction: Transaction, draft: RecordDraft) -> Iterator[_Owner]:
        watch = self._watch(transaction, draft.object_key)
        if watch is None or (draft.kind is SaveKind.UPDATED and not draft.changed - watch.free):
            return
        if watch.own and draft.kind is not SaveKind.CREATED:
            yield draft.object_key, draft.record_id
        for name, target in watch.parents.items():
            for parent in dict.fromkeys((draft.values.get(name), draft.old.get(name))):
                if parent is not None:
                    yield target, str(parent)

    def _open(self, transaction: Transaction, owners: Iterable[_Owner]) -> dict[_Owner, Request]:
        table = self._rows.request
        keys = [open_key(*owner) for owner in owners]
        found: dict[_Owner, Request] = {}
        for start in range(0, len(keys), 500):
            query = select(table).where(table.c.open_key.in_(keys[start : start + 500]))
            for row in transaction.connection.execute(query).mappings():
                request = request_of(row)
                found[request.object, request.record_id] = request
        return found

    def _refuse(self, transaction: Transaction, draft: RecordDraft, request: Request) -> None:
        is_own = (draft.object_key, draft.record_id) == (request.object, request.record_id)
        is_locked = request.locks and request.state is not RequestState.RETURNED
        language = transaction.actor.language
        program = self._index_of(transaction.release).by_key.get(request.approval)
        called = program.called(language) if program is not None else request.approval
        if draft.kind is SaveKind.DELETED and is_own:
            draft.reject(say("locked_bin", language, approval=called), code="locked")
        elif not is_locked:
            return
        elif not is_own:
            if not self._list_is_free(transaction, draft, request):
                draft.reject(say("locked_parent", language, approval=called), code="locked")
        else:
            watch = self._watch(transaction, draft.object_key)
            assert watch is not None, "only what is watched is asked for"
            for name in sorted(draft.changed - watch.free - set(request.may_edit)):
                draft.reject(say("locked", language, approval=called), field=name, code="locked")

    def _list_is_free(self, transaction: Transaction, draft: RecordDraft, request: Request) -> bool:
        inverses: Mapping[str, Any] = transaction.parts.metamodel.objects[request.object].inverses
        return any(
            name in request.may_edit and inverse.object == draft.object_key for name, inverse in inverses.items()
        )
