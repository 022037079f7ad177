"""`assign to next of queue` in the transaction of a run: what the action says, asked of the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.automation.program import AssignToNext
from engine.automation.run_state import Run, StepFailed
from engine.automation.stored_values import to_stored
from engine.records.assigning.assigning import Assigned, assign_next
from engine.records.assigning.keeping import Asked
from engine.records.assigning.members import Wanted
from engine.records.assigning.reasons import told
from engine.records.transaction import Transaction
from metamodel.values import Ref
from workflow_dsl.context import Context


def assign_in_run(
    transaction: Transaction,
    run: Run,
    action: AssignToNext,
    target: Ref,
    context: Context,
    names: Mapping[str, Any],
    *,
    besides: frozenset[str] = frozenset(),
    before: str | None = None,
) -> tuple[Assigned, str]:
    """Give a record to the next member; give what was done and why, in words. context: with the author's eyes.

    besides: users who had it. before: name of who did not touch it.

    Raises: StepFailed, EngineError, EvaluationError.
    """
    queue = action.queue.evaluate(context)
    if queue is None:
        raise StepFailed(f"There is no such queue: {action.queue.text}.")
    where = action.where
    wanted = Wanted(fits=None if where is None else lambda user: where.evaluate(context, user) is True, besides=besides)
    asked = Asked(
        queue=str(queue),
        method=action.method,
        run=run.id,
        place=action.place,
        names=to_stored(dict(names)) if names else None,
        before=before,
    )
    done = assign_next(transaction, target, asked, wanted)
    return done, told(done.reason, transaction.actor.language)
