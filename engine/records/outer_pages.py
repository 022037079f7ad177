"""Lists of records that lie in another database: asked for there as far as any database can, judged here.

A list in the order of its own columns is read there page by page from where the last one ended. Any other question
(sorted by a formula, added up, counted under a scope) is asked of all rows that the conditions let through, up to
`MOST`; a question over more is refused with a word on how to narrow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from engine.access.predicates import EVERYONE, AllOf, AnyOf, Own, Predicate, Written
from engine.outer.conditions import EVERY_ROW, ConditionPusher, Pushed, all_of, any_of, holds_word, one_of
from engine.outer.ordering import Order, read_back, written
from engine.outer.tables import Family, OuterTable
from engine.records.outer_rows import BATCH, Fetched
from engine.records.query import QueryCompiler
from engine.records.query_problems import problem
from engine.records.questions import CompiledRead, Question
from engine.records.types import COUNT_CAP, Count
from engine.storage.source_rows import GivenRows, Which
from metamodel.objects import ObjectDef
from metamodel.views import SortKey
from workflow_dsl.checker import CheckedExpression
from workflow_dsl.typed import Typed

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

MOST = 10_000
_TEXTS = frozenset(("text", "long_text", "email", "url", "phone", "barcode"))
_NUMBERS = frozenset(("integer", "rating", "decimal", "percent", "money"))
_TIMES = frozenset(("date", "datetime", "time"))

OuterPage = tuple[list[Any], CompiledRead, list[Any] | None]


class OuterPages:
    """The questions of one query over an object of another database.

    inside: field, object and record of a related list. words: folded words that are searched for.
    """

    def __init__(
        self,
        transaction: Transaction,
        object_def: ObjectDef,
        question: Question,
        words: Sequence[str],
        inside: tuple[str, str, str] | None = None,
    ) -> None:
        self._transaction = transaction
        self._object = object_def
        self._question = question
        self._words = words
        self._inside = inside
        self._asked = GivenRows(Which.ASKED, object_def.key).parameter

    def order(self) -> tuple[Order, ...] | None:
        """Give the order if the other database can sort by it; None where it can't."""
        compiler = self._compiler()
        sort: Sequence[SortKey] = self._question.sort or compiler.view_sort(compiler.view(self._question.view))
        if not all(self._sorts(key.path) for key in sort):
            return None
        return tuple(Order(key.path, key.descending) for key in sort)

    def _sorts(self, name: str) -> bool:
        field, table = self._object.fields.get(name), self._transaction.outer.table(self._object)
        if field is None or field.formula is not None or name not in self._askable() or name not in table.families:
            return False
        # Numbers that lie in texts stand there in the order of texts.
        is_number = field.type in _NUMBERS and table.families[name] is not Family.TEXT
        return is_number or field.type in _TEXTS or field.type in _TIMES

    def page(self, order: Sequence[Order], cursor: Sequence[Any] | None) -> OuterPage:
        """Read a page in an order of the other database; gives rows, their shape, and where the next page starts.

        Where rights or conditions that are judged here let few rows through, a page may be short; the next one goes on.
        """
        compiled = self._placed()
        pushed, limit = self.pushed(), self._question.limit
        after: Sequence[Any] | None = None if cursor is None else read_back(cursor)
        found: list[Any] = []
        seen, size = 0, limit + 1
        while True:
            batch = self._transaction.outer.fetch(self._object, pushed, limit=size, order=order, after=after)
            seen += size
            for row in self._judged(compiled, batch.rows):
                if len(found) == limit:
                    return found, compiled, written(after or ())
                after = batch.rows[int(row[-1])].place
                found.append(row)
            if batch.is_last:
                return found, compiled, None
            after = batch.end
            if len(found) == limit or seen >= MOST:
                return found, compiled, written(after)
            size = BATCH

    def given(self) -> dict[str, Any]:
        """Give a statement of ours all rows that the conditions let through.

        Raises: QueryProblem where they are more than MOST.
        """
        batch = self._transaction.outer.fetch(self._object, self.pushed(), limit=MOST + 1)
        if not batch.is_last:
            raise too_many(self._object)
        return {self._asked: self._transaction.outer.given(self._object.key, (row.values for row in batch.rows))} | (
            {} if self._inside is None else {"inside": self._inside[2]}
        )

    def count(self, cap: int | None) -> Count:
        """Count, there where the other database judges all of the conditions."""
        pushed = self.pushed()
        if pushed.exact:

            def ask(connection: Any, table: OuterTable) -> int:
                rows: Select[Any] = select(table.columns["id"]).where(table.columns["id"].is_not(None))
                if pushed.test is not None:
                    rows = rows.where(pushed.test)
                rows = rows if cap is None else rows.limit(cap)
                return int(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())

            value = self._transaction.outer.run(self._object, ask)
            return Count(value=value, capped=cap is not None and value >= COUNT_CAP)
        batch = self._transaction.outer.fetch(self._object, pushed, limit=MOST + 1)
        value = sum(1 for _ in self._judged(self._placed(), batch.rows[:MOST]))
        most = value if cap is None else min(value, cap)
        return Count(value=most, capped=not batch.is_last or (cap is not None and most >= COUNT_CAP))

    def pushed(self) -> Pushed:
        """Give what of all conditions the other database judges."""
        transaction, table = self._transaction, self._transaction.outer.table(self._object)
        access = transaction.access.of(self._object.key)
        compiler, question = self._compiler(), self._question
        view = compiler.view(question.view)
        texts = [text for text in (view.where.text if view and view.where else None, question.filter) if text]
        pusher = self._pusher(table, self._askable())
        parts = [pusher.push(node) for text in texts if (node := self._checked(text)) is not None]
        author = self._pusher(table, table.columns)
        for action in ("read", "export") if question.exported else ("read",):
            parts.append(self._predicate(access.actions[action], author, table))
        if self._words:
            parts += [self._searched(table, word) for word in self._words]
        if self._inside is not None:
            field, target, record_id = self._inside
            parts.append(self._pointing_at(table, field, target, record_id))
        if "deleted_at" in table.columns:
            parts.append(Pushed(table.columns["deleted_at"].is_(None), exact=True))
        return all_of(parts)

    # ---------------------------------------------------------------- the parts of a question
    def _judged(self, compiled: CompiledRead, batch: Sequence[Fetched]) -> Iterator[Any]:
        """Give those rows that rights and conditions let through, in their order."""
        if not batch:
            return
        given: dict[str, Any] = {f"word_{index}": word for index, word in enumerate(self._words)}
        if self._inside is not None:
            given["inside"] = self._inside[2]
        given[self._asked] = self._transaction.outer.given(self._object.key, (row.values for row in batch))
        yield from self._transaction.rows(compiled.prepared, given)

    def _placed(self) -> CompiledRead:
        question = replace(self._question, sort=(), limit=0, empty=None)
        found: CompiledRead = self._transaction.parts.asked.find(
            ("placed", question), lambda: self._compiler().placed(question)
        )
        return found

    def _compiler(self) -> QueryCompiler:
        transaction = self._transaction
        return QueryCompiler(transaction.parts, transaction.access, self._object, transaction.actor.language)

    def _checked(self, text: str) -> Typed | None:
        parts, access = self._transaction.parts, self._transaction.access
        key = ("outer condition", self._object.key, text, None if access.full else access.roles)
        found: CheckedExpression = parts.asked.find(
            key, lambda: parts.language.brought(text, self._object.key, access.may_read)
        )
        return found.typed

    def _askable(self) -> frozenset[str]:
        """Give the fields that are seen in every row that is; the others are judged here, row by row."""
        return self._transaction.access.of(self._object.key).whole

    def _pusher(self, table: OuterTable, askable: Mapping[str, Any] | frozenset[str]) -> ConditionPusher:
        transaction = self._transaction
        context = transaction.run_values.context

        def evaluate(node: Typed) -> Any:
            return transaction.parts.language.evaluator(node)(context)

        return ConditionPusher(table, evaluate, transaction.parts.metamodel.main.currency, frozenset(askable))

    def _predicate(self, predicate: Predicate, pusher: ConditionPusher, table: OuterTable) -> Pushed:
        match predicate:
            case AllOf():
                return all_of([self._predicate(part, pusher, table) for part in predicate.parts])
            case AnyOf():
                return any_of([self._predicate(part, pusher, table) for part in predicate.parts])
            case Written():
                return pusher.push(predicate.typed)
            case Own() if self._transaction.actor.user_id is not None:
                return self._pointing_at(table, "owner", "user", self._transaction.actor.user_id)
            case _:
                return Pushed(None, exact=predicate is EVERYONE)

    def _pointing_at(self, table: OuterTable, field: str, target: str, record_id: str) -> Pushed:
        names = self._transaction.outer.names
        keys = names.column_keys(target, [record_id])
        return one_of(table, field, keys, any_case=names.in_any_case(target))

    def _searched(self, table: OuterTable, word: str) -> Pushed:
        paths = [path.text for path in self._object.search]
        if not paths or any(path not in table.columns or path not in self._askable() for path in paths):
            return EVERY_ROW
        return holds_word(table, paths, word)


def too_many(object_def: ObjectDef) -> Exception:
    """Make the error of a question over more rows of another database than are fetched for one."""
    message = f"this asks for more than {MOST} records of {object_def.key}, which lie in another database"
    return problem("EXP503", message, "narrow it by a filter, or sort by a field that is a column there")
