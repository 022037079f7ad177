"""Tries an expression over one record: its type, its value, the value of every part, and the SQL it becomes.

It is judged with the eyes of who tries it: a field that may not be read is an unknown one, a path to a record that may
not be read is empty, in memory and in SQL. Nothing is changed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from engine.access.actor import Actor
from engine.access.eyes import AccessEyes
from engine.automation.eyes import SeenByActor
from engine.errors import RecordNotFound
from engine.expressions.context import RecordContext
from engine.expressions.sql.environment import Environment, NotInSql
from engine.expressions.sql.frames import Frame
from engine.expressions.sql.scopes import RowScope
from engine.records.cells import CellMaker
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.records.statements import Prepared
from engine.records.transaction import Transaction
from metamodel.source import LocatedText, Problem
from workflow_dsl.checker import CheckedExpression, check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.evaluator import Explained
from workflow_dsl.scope import reads_everything
from workflow_dsl.shown_values import text_of
from workflow_dsl.typed import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPart:
    """A part of the expression as it was written; depth: how deep it lies. value: as `text(…)` writes it."""

    source: str
    type: str
    value: str
    depth: int
    is_empty: bool = False
    skipped: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedExpression:
    """What trying gave. parts: the whole first, then what it is made of. sql: empty where `not_in_sql` says why not.

    in_sql: the value that the database gives; None without a record, and where it can't be asked.
    """

    problems: tuple[Problem, ...] = ()
    type: str = ""
    parts: tuple[TriedPart, ...] = ()
    notes: tuple[str, ...] = ()
    sql: str = ""
    not_in_sql: str = ""
    in_sql: str | None = None


def try_expression(
    records: Records, actor: Actor, object_key: str, text: str, record_id: str | None = None
) -> TriedExpression:
    """Try an expression over a record, or only check it where no record is named.

    Raises: UnknownObject, RecordNotFound.
    """
    with records.reading(actor) as transaction:
        transaction.object_def(object_key)
        may_read = reads_everything if transaction.access.full else transaction.access.may_read
        scope = transaction.parts.language.scope(object_key, "this place", may_read=may_read)
        checked = check_text(LocatedText.plain(text, "<expression>"), scope)
        if checked.typed is None:
            return TriedExpression(problems=tuple(checked.problems))
        tried = TriedExpression(problems=tuple(checked.problems), type=str(checked.typed.type))
        if record_id is not None:
            tried = _evaluated(tried, transaction, checked, object_key, text, record_id)
        return _in_sql(tried, transaction, checked.typed, object_key, record_id)


def _evaluated(
    tried: TriedExpression,
    transaction: Transaction,
    checked: CheckedExpression,
    object_key: str,
    text: str,
    record_id: str,
) -> TriedExpression:
    eyes = SeenByActor(transaction)
    values = eyes.related(object_key, record_id) if could_be_id(record_id) else None
    if values is None or checked.typed is None:
        raise RecordNotFound(object_key, record_id)
    context = RecordContext(replace(transaction.around, source=eyes), object_key, values)
    evaluator = compile_expression(checked.typed, LocatedText.plain(text))
    parts: list[TriedPart] = []
    _collect(evaluator.explain(context), 0, transaction, parts)
    again = RecordContext(replace(transaction.around, source=eyes), object_key, values)
    # A failure is told with its part.
    with suppress(EvaluationError):
        evaluator.evaluate(again)
    notes = tuple(f"{message} in '{text[at.start : at.end]}'" for message, at in again.notes)
    return replace(tried, parts=tuple(parts), notes=notes)


def _collect(part: Explained, depth: int, transaction: Transaction, found: list[TriedPart]) -> None:
    value: Any = part.value
    found.append(
        TriedPart(
            source=part.source,
            type=str(part.type),
            value=text_of(value, transaction.around.zone),
            depth=depth,
            is_empty=value is None,
            skipped=part.skipped,
            error=part.error,
        )
    )
    for child in part.children:
        if child.at == part.at:
            continue  # the words between the braces of a text have no place of their own
        _collect(child, depth + 1, transaction, found)


def _in_sql(
    tried: TriedExpression, transaction: Transaction, typed: Typed, object_key: str, record_id: str | None
) -> TriedExpression:
    parts = transaction.parts
    builder = parts.builder(transaction.access, transaction.actor.language)
    eyes = None if transaction.access.full else AccessEyes(transaction.access)
    alias = parts.tables.of(object_key).table.alias()
    scope = RowScope(builder, Frame(alias), object_key, alias, False, eyes)
    try:
        cell = CellMaker(builder, Environment(scope.frame, scope, (), eyes), parts.dialect, 0).make("value", typed)
    except NotInSql as error:
        return replace(tried, not_in_sql=str(error))
    query = select(*(column.label(f"value{number}") for number, column in enumerate(cell.columns)))
    query = query.select_from(scope.frame.source).where(alias.c["id"] == record_id)
    prepared = Prepared(query, parts.dialect)
    tried = replace(tried, sql=prepared.text)
    if record_id is None:
        return tried
    row = transaction.row(prepared, {})
    return (
        tried if row is None else replace(tried, in_sql=text_of(_typed(cell.read(row), typed), transaction.around.zone))
    )


def _typed(value: Any, typed: Typed) -> Any:
    # SQLite has no truth values of its own.
    return bool(value) if typed.type.kind == "boolean" and value is not None else value
