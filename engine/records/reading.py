"""Reads through the door: one record, a page, a count, each by one kept statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import RecordNotFound
from engine.records.asked_texts import computable, is_storable, search_words
from engine.records.batches import given_values
from engine.records.cursor import CursorSigner
from engine.records.held_lists import HeldReader
from engine.records.identifiers import could_be_id
from engine.records.outer_pages import OuterPages
from engine.records.query import QueryCompiler
from engine.records.query_problems import problem
from engine.records.questions import CompiledRead, Question
from engine.records.types import COUNT_CAP, MAX_PAGE, Count, ListQuery, Page, Record
from metamodel.objects import InverseDef, ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

Inside = tuple[InverseDef, str, str]
"""A related list: its definition, and object and id of the record it belongs to."""

RecordKey = tuple[str, str]
"""Object and id of a record."""

_MAX_TEXT = 10_000


class Reader:
    """Reads within one transaction."""

    __slots__ = ("_known", "_transaction")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._known: set[tuple[str, str]] | None = None

    def remember(self) -> None:
        """Ask once only whether a record may be read; for transactions that write nothing."""
        self._known = set()

    def know_readable(self, object_def: ObjectDef, record_id: str) -> None:
        """Take note of a record whose reading another statement of the transaction has judged."""
        if self._known is not None:
            self._known.add((object_def.key, record_id))

    def require_readable(self, object_def: ObjectDef, record_id: str) -> None:
        """Make sure that a record may be read.

        Raises: RecordNotFound.
        """
        if self._known is None or (object_def.key, record_id) not in self._known:
            self.get(object_def, record_id, ("id",))

    def titles(self, wanted: Iterable[RecordKey], *, binned: bool = False) -> dict[RecordKey, str]:
        """Give what those of some records that may be read are called, in their order; one kept statement an object.

        binned: of those that lie in the bin, for who could read them if they did not.
        """
        asked = dict.fromkeys(wanted)
        by_object: dict[str, list[str]] = {}
        for key, record_id in asked:
            if could_be_id(record_id, self._transaction.parts.metamodel.objects.get(key)):
                by_object.setdefault(key, []).append(record_id)
        found: dict[RecordKey, str] = {}
        for key, ids in by_object.items():
            object_def = self._transaction.parts.metamodel.objects.get(key)
            if object_def is not None and self._transaction.access.of(key).visible:
                found |= {(key, record_id): title for record_id, title in self._titles(object_def, ids, binned)}
        return {each: found[each] for each in asked if each in found}

    def _titles(self, object_def: ObjectDef, ids: Iterable[str], binned: bool) -> Iterator[tuple[str, str]]:
        transaction = self._transaction
        key = ("titles", object_def.key, self._roles(), self._language(), binned)
        compiled = transaction.parts.asked.find(key, lambda: self._compiler(object_def).titles(binned=binned))
        given = {"ids": given_values(ids, transaction.database.dialect)}
        for row in transaction.rows(compiled.prepared, given):
            record = compiled.shape.record(row)
            yield record.id, record.title

    def get(self, object_def: ObjectDef, record_id: str, fields: Sequence[str] | None) -> Record:
        """Read one record.

        Raises: RecordNotFound, QueryProblem.
        """
        row, compiled = self._row(object_def, record_id, fields)
        if row is None:
            raise RecordNotFound(object_def.key, record_id)
        if self._known is not None:
            self._known.add((object_def.key, record_id))
        return compiled.shape.record(row)

    def page(self, object_def: ObjectDef, query: ListQuery, inside: Inside | None = None) -> Page:
        """Read a page; `inside`: only of the records that point at a record.

        Raises: QueryProblem.
        """
        if not 1 <= query.limit <= MAX_PAGE:
            raise problem("EXP904", f"'limit' is {query.limit}; it must be 1 to {MAX_PAGE}")
        return self._page(object_def, query, inside)

    def pages(self, object_def: ObjectDef, query: ListQuery, size: int) -> Iterator[Page]:
        """Read a whole list, `size` rows at a time, each page by its own statement from where the last one ended.

        Raises: QueryProblem.
        """
        cursor: str | None = None
        while True:
            page = self._page(object_def, replace(query, limit=size, cursor=cursor), None)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    def _page(self, object_def: ObjectDef, query: ListQuery, inside: Inside | None) -> Page:
        words = search_words(query.search)
        place = self._place(query) + (f"\0{inside[0].field}:{inside[2]}" if inside is not None else "")
        after = self._cursor_values(query, place, sealed=object_def.source is not None)
        empty = tuple(value is None for value in after) if after is not None else None
        question = self.question(query, words, empty)
        if inside is not None:
            question = replace(question, inside=(inside[0].field, inside[1]))
        elsewhere = self._elsewhere(object_def, question, words, inside)
        order = None if elsewhere is None else elsewhere.order()
        if elsewhere is not None and order is not None:
            rows, compiled, goes_on = elsewhere.page(order, after)
            return Page(rows, compiled.shape, None if goes_on is None else self._signer().seal(place, goes_on))
        given: dict[str, object] = {f"word_{index}": word for index, word in enumerate(words)}
        if inside is not None:
            given["inside"] = inside[2]
        if after is not None:
            given |= {f"after_{index}": value for index, value in enumerate(after) if value is not None}
        if elsewhere is not None:
            given |= elsewhere.given()
        with computable():
            few = self._few(object_def).rows(question, given)
            rows, compiled = few if few is not None else self._in_order(object_def, question, given)
        following = None
        if len(rows) > query.limit:
            rows = rows[: query.limit]
            write = self._signer().write if elsewhere is None else self._signer().seal
            following = write(place, rows[-1][-compiled.keys :])
        return Page(rows, compiled.shape, following)

    def count(self, object_def: ObjectDef, query: ListQuery, *, exact: bool) -> Count:
        """Count what a list holds.

        Raises: QueryProblem.
        """
        words = search_words(query.search)
        question = self.question(query, words, None)
        cap = None if exact else COUNT_CAP
        elsewhere = self._elsewhere(object_def, question, words, None)
        if elsewhere is not None:
            return elsewhere.count(cap)
        given = {f"word_{index}": word for index, word in enumerate(words)}
        with computable():
            few = self._few(object_def).count(question, cap, given)
            value = few if few is not None else self._count_in_order(object_def, question, cap, given)
        return Count(value=value, capped=not exact and value >= COUNT_CAP)

    def shown_paths(self, object_def: ObjectDef, paths: Sequence[str]) -> list[str]:
        """Give those of some paths that are shown to the reader, in clear or masked."""
        return self._compiler(object_def).shown_paths(paths)

    def related(
        self,
        object_def: ObjectDef,
        record_id: str,
        list_name: str,
        fields: tuple[str, ...],
        limit: int,
        cursor: str | None,
    ) -> Page:
        """Read a page of the records of a related list, the newest first.

        Raises: RecordNotFound, QueryProblem.
        """
        transaction = self._transaction
        inverse = object_def.inverses.get(list_name)
        if inverse is None or not transaction.access.may_read(inverse.object, inverse.field):
            raise problem("EXP903", f"'{list_name}' is not a list of {object_def.key}")
        self.require_readable(object_def, record_id)
        query = ListQuery(object=inverse.object, fields=fields, limit=limit, cursor=cursor)
        return self.page(transaction.object_def(inverse.object), query, inside=(inverse, object_def.key, record_id))

    def _row(self, object_def: ObjectDef, record_id: str, fields: Sequence[str] | None) -> tuple[Any, CompiledRead]:
        transaction = self._transaction
        key = ("get", object_def.key, None if fields is None else tuple(fields), self._roles(), self._language())
        compiled = transaction.parts.asked.find(key, lambda: self._compiler(object_def).one(fields))
        if not could_be_id(record_id, object_def):
            return None, compiled
        return transaction.row(compiled.prepared, {"id": record_id}), compiled

    def elsewhere(self, object_def: ObjectDef, question: Question, words: Sequence[str]) -> Mapping[str, Any]:
        """Give a statement over an object of another database the rows it asks for; of ours it needs none.

        Raises: QueryProblem where they are too many.
        """
        found = self._elsewhere(object_def, question, words, None)
        return {} if found is None else found.given()

    def _elsewhere(
        self, object_def: ObjectDef, question: Question, words: Sequence[str], inside: Inside | None
    ) -> OuterPages | None:
        if object_def.source is None:
            return None
        if question.binned:
            raise problem("EXP912", f"{object_def.key} has no bin: its records lie in another database")
        related = None if inside is None else (inside[0].field, inside[1], inside[2])
        return OuterPages(self._transaction, object_def, question, words, related)

    def _in_order(
        self, object_def: ObjectDef, question: Question, given: Mapping[str, Any]
    ) -> tuple[list[Any], CompiledRead]:
        compiled = self._transaction.parts.asked.find(question, lambda: self._compiler(object_def).page(question))
        return self._transaction.rows(compiled.prepared, given), compiled

    def _count_in_order(
        self, object_def: ObjectDef, question: Question, cap: int | None, given: Mapping[str, Any]
    ) -> int:
        key = ("count", question, cap)
        prepared = self._transaction.parts.asked.find(key, lambda: self._compiler(object_def).count(question, cap))
        return int(self._transaction.row(prepared, given)[0])

    def _few(self, object_def: ObjectDef) -> HeldReader:
        return HeldReader(self._transaction, object_def, partial(self._compiler, object_def))

    def _compiler(self, object_def: ObjectDef) -> QueryCompiler:
        transaction = self._transaction
        return QueryCompiler(transaction.parts, transaction.access, object_def, self._language())

    def question(self, query: ListQuery, words: Sequence[str], empty: tuple[bool, ...] | None) -> Question:
        """Give what a statement for the query is compiled for.

        Raises: QueryProblem.
        """
        if not is_storable(query.filter):
            raise problem("EXP101", "the filter holds a character that no text can have")
        if query.filter is not None and len(query.filter) > _MAX_TEXT:
            raise problem("EXP401", f"the filter has {len(query.filter)} characters; at most {_MAX_TEXT} are allowed")
        return Question(
            object=query.object,
            fields=tuple(query.fields) or None,
            filter=query.filter,
            view=query.view,
            sort=tuple(query.sort),
            limit=query.limit,
            words=len(words),
            empty=empty,
            exported=query.exported,
            linked=query.linked,
            binned=query.binned,
            language=self._language(),
            roles=self._roles(),
        )

    def _place(self, query: ListQuery) -> str:
        # A cursor belongs to the question that made it: object, conditions, order, and who may see what.
        roles = self._roles()
        who = "*" if roles is None else ",".join(sorted(roles))
        sort = ",".join(f"{'-' if key.descending else ''}{key.path}" for key in query.sort)
        parts = [query.object, query.filter or "", query.view or "", sort, query.search or "", who]
        parts += ["bin"] if query.binned else []
        return "\0".join(parts)

    def _cursor_values(self, query: ListQuery, place: str, *, sealed: bool) -> list[object] | None:
        read = self._signer().unseal if sealed else self._signer().read
        return read(place, query.cursor) if query.cursor is not None else None

    def _signer(self) -> CursorSigner:
        return CursorSigner(self._transaction.services.secret)

    def _roles(self) -> frozenset[str] | None:
        access = self._transaction.access
        return None if access.full else access.roles

    def _language(self) -> str:
        return self._transaction.actor.language
