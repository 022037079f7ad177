"""The statement that asks what lookups may be set to, and what it must be given of the record they stand in.

One part a lookup and target object; lookups that offer the same records share one. Running it is the matter of
`choosing`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, literal_column, select, union_all
from sqlalchemy.sql import ClauseElement

from engine.access.eyes import AccessEyes
from engine.errors import QueryProblem
from engine.expressions.sql.bound import GivenColumns, given_scope
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import folded_test
from engine.records.identifiers import could_be_id
from engine.records.ordering import OrderKey, order_by, title_key
from engine.records.statements import Prepared
from engine.storage.codecs import Codec
from engine.storage.column_types import ColumnKind
from metamodel.fields import FieldDef
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

OFFERED = 20
Wanted = tuple[tuple[str, tuple[str, ...]], ...]
"""Objects and the lookups of each that are asked for; an object's place in it names whose record is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedColumn:
    """A column of a record that a condition reads; parameter: what it is called in the statement."""

    place: int
    parameter: str
    field: str
    column: str
    codec: Codec
    is_id: bool

    def of(self, values: Mapping[str, Any]) -> object:
        """Give the column's value; what can be no id points at nothing."""
        value = self.codec.to_columns(values.get(self.field))[self.column]
        return None if self.is_id and not could_be_id(str(value)) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """A kept statement over rows of (part, id, title, what it is sorted by).

    prepared: None where there is nothing to ask. targets: the object of each part. answered: by place, the parts that
    answer a lookup; those without an answer are left out. given: the columns that it reads of each place.
    """

    prepared: Prepared | None
    targets: Sequence[str]
    answered: Sequence[Mapping[str, Sequence[int]]]
    given: Sequence[GivenColumns]


def make_offers(transaction: Transaction, wanted: Wanted, words: int, empty: Collection[str]) -> Offers:
    """Make the statement for so many words typed; empty: parameters that are NULL at each run."""
    maker = _OffersMaker(transaction, wanted, words, empty)
    objects = transaction.parts.metamodel.objects
    answered: list[dict[str, Sequence[int]]] = []
    for place, (key, names) in enumerate(wanted):
        parts = {name: maker.add(place, objects[key].fields[name], key) for name in names}
        answered.append({name: found for name, found in parts.items() if found is not None})
    return Offers(prepared=maker.prepared(), targets=maker.targets, answered=answered, given=maker.given)


class _OffersMaker:
    def __init__(self, transaction: Transaction, wanted: Wanted, words: int, empty: Collection[str]) -> None:
        self._transaction = transaction
        self._words = words
        self._numbers: dict[tuple[str, ...], int] = {}
        self._selects: list[Select[Any]] = []
        self.targets: list[str] = []
        self.given = [
            GivenColumns(transaction.parts.tables.of(key).table, f"of_{place}_", empty)
            for place, (key, _) in enumerate(wanted)
        ]

    def add(self, place: int, definition: FieldDef, object_key: str) -> Sequence[int] | None:
        """Give the parts that answer a lookup; None where its condition can't be asked of the database."""
        relation, access = definition.relation, self._transaction.access
        assert relation is not None
        targets = relation.targets or tuple(self._transaction.parts.metamodel.objects)
        objects = self._transaction.parts.metamodel.objects
        visible = [target for target in targets if access.of(target).visible and objects[target].source is None]
        # What a condition narrows is this lookup's own.
        own = () if relation.where is None else (str(place), definition.name)
        try:
            selects = {
                target: self._select(place, definition, target, object_key)
                for target in visible
                if (target, *own) not in self._numbers
            }
        except QueryProblem:
            return None
        for target, query in selects.items():
            self._numbers[target, *own] = len(self._selects)
            self._selects.append(query)
            self.targets.append(target)
        return [self._numbers[target, *own] for target in visible]

    def _select(self, place: int, definition: FieldDef, target: str, object_key: str) -> Select[Any]:
        transaction = self._transaction
        parts = transaction.parts
        builder = parts.builder(transaction.access, transaction.actor.language)
        alias = parts.tables.of(target).table.alias()
        eyes = None if transaction.access.full else AccessEyes(transaction.access)
        scope = RowScope(builder, Frame(alias), target, alias, False, eyes)
        title = cast(scope.title(), Text())
        conditions: list[Any] = [alias.c["deleted_at"].is_(None)]
        if eyes is not None and (readable := eyes.record_condition(scope)) is not None:
            conditions.append(readable)
        if "active" in parts.metamodel.objects[target].fields and target == "user":
            conditions.append(alias.c["active"].is_(True))
        typed = [runtime(f"word_{index}", Text()) for index in range(self._words)]
        conditions += [folded_test(builder, BinaryOp.CONTAINS, title, word) for word in typed]
        relation = definition.relation
        if relation is not None and relation.where is not None:
            node = parts.language.condition(relation.where, object_key, row_object=target)
            this = given_scope(builder, scope.frame, object_key, self.given[place])
            try:
                plain = scope.with_eyes(None)
                conditions.append(builder.condition(node, Environment(scope.frame, this, (plain,)), loose=True))
            except NotInSql as fault:
                raise QueryProblem([fault.problem]) from fault
        # By what lists sort titles by, which an index has; the number is in the text, so that it counts in the plan.
        key = title_key(scope, builder)
        sorting = order_by([OrderKey(key, False), OrderKey(scope.id, False, True)], sqlite=builder.numbers.sqlite)
        columns: list[Any] = [scope.id.label("id"), title.label("title"), cast(key, Text()).label("place")]
        query = select(*columns).select_from(scope.frame.source).where(*conditions)
        return query.order_by(*sorting).limit(literal_column(str(OFFERED)))

    def prepared(self) -> Prepared | None:
        """Give the statement of all parts."""
        rows = [query.subquery() for query in self._selects]
        parts = [
            select(literal_column(str(number)), part.c["id"], part.c["title"], part.c["place"])
            for number, part in enumerate(rows)
        ]
        if not parts:
            return None
        whole: ClauseElement = union_all(*parts) if len(parts) > 1 else parts[0]
        return Prepared(whole, self._transaction.parts.dialect)


def asked_columns(transaction: Transaction, wanted: Wanted) -> Sequence[AskedColumn]:
    """Give the columns that the conditions of lookups read, found by making the statement once."""
    made, found = make_offers(transaction, wanted, 0, ()), []
    for place, (key, _) in enumerate(wanted):
        table, given = transaction.parts.tables.of(key), made.given[place]
        for field, codec in table.codecs.items():
            for name in codec.names:
                if name in given:
                    is_id = table.spec.columns[name].kind is ColumnKind.ID
                    found.append(
                        AskedColumn(
                            place=place,
                            parameter=given.name(name),
                            field=field,
                            column=name,
                            codec=codec,
                            is_id=is_id,
                        )
                    )
    return tuple(found)
