"""The records that a picker of an object offers by their titles, where no lookup of an object asks (inputs of buttons).

As for lookups: readable, not in the bin, their titles holding the words typed, users only while they are active.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, select

from engine.access.eyes import AccessEyes
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.runtime import runtime
from engine.expressions.sql.scopes import RowScope
from engine.expressions.sql.texts import folded_test
from engine.records.asked_texts import search_words
from engine.records.choosing_statements import OFFERED
from engine.records.ordering import OrderKey, order_by, title_key
from engine.records.statements import Prepared
from engine.records.types import Choice, ListQuery
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def choices_by_title(transaction: Transaction, target: str, text: str = "") -> Sequence[Choice]:
    """Give the first records of an object whose titles hold the words typed."""
    access = transaction.access
    object_def = transaction.parts.metamodel.objects[target]
    if not access.of(target).visible:
        return ()
    if object_def.source is not None:
        query = ListQuery(object=target, search=text or None, fields=("id",), limit=OFFERED)
        return [Choice(target, row.id, row.title) for row in transaction.list(query).rows]
    words = search_words(text)
    whose = (None if access.full else access.roles, transaction.actor.language)
    key = ("choices by title", target, whose, len(words))
    prepared: Prepared = transaction.parts.asked.find(key, lambda: _prepared(transaction, target, len(words)))
    rows = transaction.rows(prepared, {f"word_{index}": word for index, word in enumerate(words)})
    return [Choice(target, row[0], row[1] or "") for row in rows]


def _prepared(transaction: Transaction, target: str, words: int) -> Prepared:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    alias = parts.tables.of(target).table.alias()
    eyes = None if transaction.access.full else AccessEyes(transaction.access)
    scope = RowScope(builder, Frame(alias), target, alias, False, eyes)
    title = cast(scope.title(), Text())
    conditions: list[Any] = [alias.c["deleted_at"].is_(None)]
    if eyes is not None and (readable := eyes.record_condition(scope)) is not None:
        conditions.append(readable)
    if target == "user":
        conditions.append(alias.c["active"].is_(True))
    typed = [runtime(f"word_{index}", Text()) for index in range(words)]
    conditions += [folded_test(builder, BinaryOp.CONTAINS, title, word) for word in typed]
    sorting = order_by(
        [OrderKey(title_key(scope, builder), False), OrderKey(scope.id, False, True)], sqlite=builder.numbers.sqlite
    )
    columns: list[Any] = [scope.id.label("id"), title.label("title")]
    query = select(*columns).select_from(scope.frame.source).where(*conditions).order_by(*sorting)
    return Prepared(query.limit(OFFERED), parts.dialect)
