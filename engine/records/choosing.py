"""The records that lookups offer: readable, fitting the lookup's `where`, their titles holding the words typed.

Several lookups of a form are asked for by one statement; it is kept where nothing was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, literal, select, union_all
from sqlalchemy.sql import ClauseElement

from engine.access.compiler import AccessEyes
from engine.errors import QueryProblem
from engine.expressions.sql.bound import BoundRecord
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import folded_test
from engine.records.hooks import SaveKind
from engine.records.query import problem
from engine.records.reading import search_words
from engine.records.saving.steps import reader
from engine.records.statements import Prepared
from engine.records.types import Choice
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_OFFERED = 20


def choices(
    transaction: Transaction, object_def: ObjectDef, name: str, text: str, raw: Mapping[str, object]
) -> Sequence[Choice]:
    """Give records that a lookup may be set to.

    raw: the form's other values. Raises: QueryProblem where there is no such lookup.
    """
    access = transaction.access.of(object_def.key)
    definition = object_def.fields.get(name)
    settable = access.updatable | access.creatable
    if definition is None or definition.relation is None or name not in access.readable & settable:
        raise problem("EXP903", f"'{name}' is not a lookup of {object_def.key}")
    found = _offered(transaction, object_def, [definition], search_words(text), _given(transaction, object_def, raw))
    if name not in found:
        raise problem("EXP903", f"what '{name}' may be set to can't be asked of the database")
    return found[name]


def choices_of(
    transaction: Transaction, object_def: ObjectDef, names: Sequence[str], raw: Mapping[str, object]
) -> Mapping[str, Sequence[Choice]]:
    """Give some records for each of several lookups; those whose condition SQL can't judge are left out."""
    lookups = [object_def.fields[name] for name in names]
    return _offered(transaction, object_def, lookups, [], _given(transaction, object_def, raw))


def _given(transaction: Transaction, object_def: ObjectDef, raw: Mapping[str, object]) -> dict[str, Any]:
    known = {key: value for key, value in raw.items() if key in object_def.fields}
    given, _ = reader(transaction, object_def, SaveKind.CREATED).try_read(known)
    return dict(given)


def _offered(
    transaction: Transaction,
    object_def: ObjectDef,
    lookups: Sequence[FieldDef],
    words: Sequence[str],
    given: Mapping[str, Any],
) -> dict[str, list[Choice]]:
    access = transaction.access

    def make() -> tuple[Prepared | None, frozenset[str]]:
        return _prepare(transaction, object_def, lookups, words, given)

    if words:
        prepared, asked = make()
    else:
        names = tuple(item.name for item in lookups)
        reads = transaction.parts.made(
            ("choices read", object_def.key, names), lambda: tuple(sorted(_read(transaction, object_def, lookups)))
        )
        read = tuple([(name, given.get(name)) for name in reads])
        roles = None if access.full else access.roles
        key = ("choices", object_def.key, names, roles, transaction.actor.language, read)
        prepared, asked = transaction.parts.asked.find(key, make)
    rows = [] if prepared is None else transaction.rows(prepared, {})
    found: dict[str, list[Choice]] = {item.name: [] for item in lookups if item.name in asked}
    # Parts of one statement may come in any order.
    rows.sort(key=_in_order)
    for place, _, target, record_id, title in rows:
        offered = found[lookups[place].name]
        if len(offered) < _OFFERED:
            offered.append(Choice(target, record_id, title or ""))
    return found


def _in_order(row: Sequence[Any]) -> tuple[Any, ...]:
    return row[0], row[1], row[4] or "", row[2], row[3]


def _read(transaction: Transaction, object_def: ObjectDef, lookups: Sequence[FieldDef]) -> frozenset[str]:
    """Give the fields of the form that the conditions of lookups read."""
    found: frozenset[str] = frozenset()
    for item in lookups:
        relation = item.relation
        if relation is None or relation.where is None:
            continue
        for target in relation.targets:
            reads = transaction.parts.language.condition_reads(relation.where, object_def.key, row_object=target)
            found |= reads.own | {read.field for read in reads.fields if read.object == object_def.key}
    return found


def _prepare(
    transaction: Transaction,
    object_def: ObjectDef,
    lookups: Sequence[FieldDef],
    words: Sequence[str],
    given: Mapping[str, Any],
) -> tuple[Prepared | None, frozenset[str]]:
    parts: list[Select[Any]] = []
    asked: set[str] = set()
    for place, item in enumerate(lookups):
        assert item.relation is not None
        targets = item.relation.targets or tuple(transaction.parts.metamodel.objects)
        visible = [target for target in targets if transaction.access.of(target).visible]
        try:
            found = [_select(transaction, item, target, words, given, object_def.key) for target in visible]
        except QueryProblem:
            continue
        asked.add(item.name)
        for index, (target, query) in enumerate(zip(visible, found, strict=True)):
            rows = query.subquery()
            parts.append(select(literal(place), literal(index), literal(target, Text()), rows.c["id"], rows.c["title"]))
    if not parts:
        return None, frozenset(asked)
    whole: ClauseElement = union_all(*parts) if len(parts) > 1 else parts[0]
    return Prepared(whole, transaction.parts.dialect), frozenset(asked)


def _select(
    transaction: Transaction,
    definition: FieldDef,
    target: str,
    words: Sequence[str],
    given: Mapping[str, Any],
    object_key: str,
) -> Select[Any]:
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
    conditions += [folded_test(builder, BinaryOp.CONTAINS, title, literal(word, Text())) for word in words]
    relation = definition.relation
    if relation is not None and relation.where is not None:
        node = parts.language.condition(relation.where, object_key, row_object=target)
        bound = BoundRecord(builder, scope.frame, object_key, given)
        try:
            plain = scope.with_eyes(None)
            conditions.append(builder.condition(node, Environment(scope.frame, bound, (plain,)), loose=True))
        except NotInSql as fault:
            raise QueryProblem([fault.problem]) from fault
    query = select(alias.c["id"].label("id"), title.label("title")).select_from(scope.frame.source)
    return query.where(*conditions).order_by(title, alias.c["id"]).limit(_OFFERED)
