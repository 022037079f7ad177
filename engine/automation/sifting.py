"""Which new records of a batch rules can concern: judged over columns, so that nobody makes an event of the others.

It may name records that no rule runs for; it never leaves one out. Who is named is matched as after a single save.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.automation.program import OnHeld, OnRecord, Program, Value
from engine.automation.rule_index import triggers_for
from engine.expressions.context import RecordContext
from engine.records.hooks import SaveKind
from engine.records.saving.record_columns import RecordColumns, RowView
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.typed import ChangedTest, Constant, FieldPath, RootKind, Typed
from workflow_dsl.typed_walk import walk

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def filled_fields(records: RecordColumns) -> frozenset[str]:
    """Give the fields that any of some new records fills."""
    return frozenset(name for name, column in records.values.items() if column.count(None) < len(column))


def concerned(transaction: Transaction, programs: Iterable[Program], records: RecordColumns) -> set[int]:
    """Give the places of the new records that one of some rules may run for."""
    found: set[int] = set()
    filled = filled_fields(records)
    for program in programs:
        if len(found) == len(records):
            break
        triggers = triggers_for(program, records.plan.object.key, SaveKind.CREATED, filled)
        if triggers and program.calendar is not None:
            # Here all is judged by the calendar in force.
            found.update(range(len(records)))
            continue
        fitting = set[int]().union(*(_fitting(transaction, trigger, records) for trigger in triggers)) - found
        if program.condition is None or program.otherwise:
            found |= fitting
        elif fitting:
            found.update(_holding(transaction, program.condition, records, sorted(fitting)))
    return found


def held_by_some(
    transaction: Transaction, conditions: Iterable[tuple[Program, OnHeld]], records: RecordColumns
) -> set[int]:
    """Give the places of the new records that one of some conditions holds of that have to hold for a time."""
    everywhere = range(len(records))
    found: set[int] = set()
    for program, held in conditions:
        found.update(everywhere if program.calendar else _holding(transaction, held.match, records, everywhere))
    return found


def _fitting(transaction: Transaction, trigger: OnRecord, records: RecordColumns) -> Sequence[int]:
    """Give the places of the records that a trigger may fit."""
    if trigger.match is not None:
        return list(_holding(transaction, trigger.match, records, range(len(records))))
    if trigger.field is None:
        return range(len(records))
    column = records.values[trigger.field]
    if trigger.after is None or not isinstance(trigger.after.typed, Constant):
        return [at for at, value in enumerate(column) if value is not None]
    wanted = trigger.after.evaluate(transaction.context(records.plan.object.key, {}))
    return [at for at, value in enumerate(column) if value == wanted]


def _holding(
    transaction: Transaction, condition: Value, records: RecordColumns, places: Sequence[int]
) -> Iterable[int]:
    """Give the places where a condition holds, or can't be evaluated."""
    key, evaluate = records.plan.object.key, condition.evaluate
    if _computes(condition.typed, records):
        contexts: Iterable[tuple[int, RecordContext]] = (
            (at, transaction.context(key, records.row(at))) for at in places
        )
    else:
        contexts = _seen_in_turn(transaction.context(key, {}), records, places)
    for at, context in contexts:
        try:
            if evaluate(context):
                yield at
        except EvaluationError:
            yield at


def _seen_in_turn(
    context: RecordContext, records: RecordColumns, places: Sequence[int]
) -> Iterable[tuple[int, RecordContext]]:
    view = RowView(records.values)
    context.this = view
    for at in places:
        view.at = at
        yield at, context


def _computes(typed: Typed, records: RecordColumns) -> bool:
    """Say whether a condition may read formulas of the record that are not kept."""
    return any(_reads_beyond(node, records) for node in walk(typed))


def _reads_beyond(node: Typed, records: RecordColumns) -> bool:
    if not isinstance(node, FieldPath) or node.root.kind is not RootKind.THIS:
        return isinstance(node, ChangedTest)
    first = node.steps[0].field if node.steps else node.field
    return first is not None and first.name not in records.values
