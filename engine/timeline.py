"""What happened around a record in one order: its changes, the rule runs about it, and the records that are about it.

Nothing is read here by itself: changes come by the history, runs by the run log and records by the related lists of the
door, each a page at a time and with the rights of who asks. A place in it is a signed text with a place in each.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.automation.run_cursors import write_cursor
from engine.automation.run_views import RunFilter, RunSummary
from engine.records.cursor import CursorSigner
from engine.records.types import HistoryEntry, ListQuery, Page, Record, SortKey
from metamodel.objects import InverseDef, ObjectDef

if TYPE_CHECKING:
    from engine.automation.run_log import RunLog
    from engine.records.transaction import Transaction

CHANGES = "changes"
RUNS = "runs"
_AT_ONCE = 50
_MOMENT = "created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened. kind: `changes`, `runs`, or the list of the record that it is in; one of the others."""

    kind: str
    at: dt.datetime
    change: HistoryEntry | None = None
    run: RunSummary | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """Entries, the newest first, and where the next page starts."""

    entries: tuple[TimelineEntry, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry of one kind, and the place in that kind after it."""

    entry: TimelineEntry
    place: Sequence[Any]


def timeline_kinds(transaction: Transaction, object_def: ObjectDef) -> tuple[str, ...]:
    """Give what the timeline of an object's records is made of, as far as the actor may read it."""
    return (CHANGES, RUNS, *(each.name for each in _about(transaction, object_def)))


def read_timeline(
    transaction: Transaction,
    runs: RunLog,
    object_def: ObjectDef,
    record_id: str,
    *,
    kinds: Collection[str],
    limit: int,
    cursor: str | None = None,
) -> TimelinePage:
    """Read a page; kinds: some of `timeline_kinds`.

    Raises: RecordNotFound where the record may not be read; QueryProblem for a cursor of another timeline.
    """
    transaction.reader.require_readable(object_def, record_id)
    signer = CursorSigner(transaction.services.secret)
    question = "\0".join(("timeline", object_def.key, record_id, *sorted(kinds)))
    kept: list[Any] = signer.read(question, cursor) if cursor is not None else []
    places: dict[str, Sequence[Any]] = {each[0]: each[1:] for each in kept}
    sources: dict[str, Callable[[Sequence[Any]], Iterator[_Found]]] = {
        CHANGES: lambda place: _changes(transaction, object_def, record_id, place),
        RUNS: lambda place: _runs(transaction, runs, object_def, record_id, place),
    }
    for each in _about(transaction, object_def):
        sources[each.name] = _list_reader(transaction, object_def, record_id, each)
    started = [sources[kind](places.get(kind, ())) for kind in sorted(kinds) if kind in sources]
    found: list[TimelineEntry] = []
    for item in heapq.merge(*started, key=lambda one: one.entry.at, reverse=True):
        if len(found) == limit:
            following = signer.write(question, [[kind, *place] for kind, place in places.items()])
            return TimelinePage(entries=tuple(found), next_cursor=following)
        found.append(item.entry)
        places[item.entry.kind] = item.place
    return TimelinePage(entries=tuple(found), next_cursor=None)


def _about(transaction: Transaction, object_def: ObjectDef) -> Iterator[InverseDef]:
    """Give the lists of records that say what they are about: those that may point at any record, and events."""
    for each in object_def.inverses.values():
        fields = transaction.parts.metamodel.objects[each.object].fields
        relation, moment = fields[each.field].relation, _moment_field(transaction, each)
        if relation is None or (relation.targets and not _is_events(transaction, each)) or moment not in fields:
            continue
        if transaction.access.may_read(each.object, each.field) and transaction.access.may_read(each.object, moment):
            yield each


def newest_events(
    transaction: Transaction, object_def: ObjectDef, record_id: str, *, limit: int
) -> list[tuple[dt.datetime, Record]]:
    """Give the newest behaviour events of a person as far as they may be read, each with its moment."""
    found: list[tuple[dt.datetime, Record]] = []
    for each in _about(transaction, object_def):
        if _is_events(transaction, each):
            page = _page(transaction, object_def, record_id, each, limit=limit)
            found += [(at, row) for row in page.rows if (at := _moment(row.values, _moment_field(transaction, each)))]
    return sorted(found, key=lambda one: one[0], reverse=True)[:limit]


def _is_events(transaction: Transaction, inverse: InverseDef) -> bool:
    behaviour = transaction.parts.metamodel.objects[inverse.object].behaviour
    return behaviour is not None and behaviour.person == inverse.field


def _moment_field(transaction: Transaction, inverse: InverseDef) -> str:
    behaviour = transaction.parts.metamodel.objects[inverse.object].behaviour
    if behaviour is None or behaviour.person != inverse.field:
        return _MOMENT
    return behaviour.happened or _MOMENT


def _changes(transaction: Transaction, object_def: ObjectDef, record_id: str, place: Sequence[Any]) -> Iterator[_Found]:
    before = place[0] if place else None
    while entries := transaction.history(object_def.key, record_id, before=before):
        for each in entries:
            yield _Found(TimelineEntry(kind=CHANGES, at=each.at, change=each), [each.id])
        before = entries[-1].id


def _runs(
    transaction: Transaction, runs: RunLog, object_def: ObjectDef, record_id: str, place: Sequence[Any]
) -> Iterator[_Found]:
    which = RunFilter(object=object_def.key, record_id=record_id)
    cursor = place[0] if place else None
    while True:
        page = runs.list(transaction.actor, which, limit=_AT_ONCE, cursor=cursor, within=transaction)
        for each in page.rows:
            after = write_cursor({"created_at": each.created_at, "id": each.id})
            yield _Found(TimelineEntry(kind=RUNS, at=each.created_at, run=each), [after])
        cursor = page.next_cursor
        if cursor is None:
            return


def _list_reader(
    transaction: Transaction, object_def: ObjectDef, record_id: str, inverse: InverseDef
) -> Callable[[Sequence[Any]], Iterator[_Found]]:
    moment = _moment_field(transaction, inverse)

    def read(place: Sequence[Any]) -> Iterator[_Found]:
        # A place is the page that the entry is on, and how old the entry is; newer ones of that page were given.
        cursor, last = (place[0], (place[1], place[2])) if place else (None, None)
        while True:
            page = _page(transaction, object_def, record_id, inverse, limit=_AT_ONCE, cursor=cursor)
            for each in page.rows:
                at = _moment(each.values, moment)
                if at is None:
                    continue
                told = at.isoformat(timespec="microseconds")
                if last is not None and (told, each.id) >= last:
                    continue
                yield _Found(TimelineEntry(kind=inverse.name, at=at, record=each), [cursor, told, each.id])
            cursor = page.next_cursor
            if cursor is None:
                return

    return read


def _page(
    transaction: Transaction,
    object_def: ObjectDef,
    record_id: str,
    inverse: InverseDef,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """Read a page of a list, what happened last first."""
    moment = _moment_field(transaction, inverse)
    readable = transaction.access.of(inverse.object).readable
    fields = tuple(dict.fromkeys((moment, *sorted(readable - {"id", "version"}))))
    if moment == _MOMENT:
        return transaction.related(object_def.key, record_id, inverse.name, fields=fields, limit=limit, cursor=cursor)
    order = (SortKey(path=moment, descending=True), SortKey(path="id", descending=True))
    query = ListQuery(object=inverse.object, fields=fields, sort=order, limit=limit, cursor=cursor)
    inside = (inverse, object_def.key, record_id)
    return transaction.reader.page(transaction.object_def(inverse.object), query, inside=inside)


def _moment(values: Mapping[str, Any], name: str) -> dt.datetime | None:
    """Give when it was; None where the reader may not read that of this record."""
    at: dt.datetime | None = values.get(name)
    return None if at is None else at.astimezone(dt.UTC)
