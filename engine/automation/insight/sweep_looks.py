"""What a schedule over many records (`every …, for each account where …`) makes of one record as it is now."""

from __future__ import annotations

from collections.abc import Container, Sequence

from engine.automation.explaining import explain_value
from engine.automation.insight.reasons import first_false
from engine.automation.insight.views import RuleLook
from engine.automation.program import Program
from engine.automation.trace import part_of
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef
from workflow_dsl.evaluation_errors import EvaluationError


def look_of_schedule(
    transaction: Transaction, object_def: ObjectDef, record_id: str, program: Program, readable: Container[str]
) -> Sequence[RuleLook]:
    """Judge which records a schedule takes, for this one; nothing where the rule is no such schedule, or takes it."""
    where = program.each.where if program.each is not None else None
    values = transaction.cache.related(object_def.key, record_id)
    if not program.on_schedule or where is None or values is None or program.object != object_def.key:
        return ()
    context = transaction.context(object_def.key, values)
    reason = "As it is now, the record is none of those that the rule goes through."
    try:
        if where.evaluate(context, values):
            return ()
    except EvaluationError as error:
        reason = f"Its condition could not be evaluated: {error}"
    explained = explain_value(where, context, values)
    condition = part_of(explained, readable)
    return (
        RuleLook(
            at=transaction.now,
            entry=None,
            version=int(values.get("version") or 0),
            who="",
            trigger=program.on_schedule[0].text,
            matched=False,
            reason=reason,
            because=first_false(condition),
            condition=condition,
        ),
    )
