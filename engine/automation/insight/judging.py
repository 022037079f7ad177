"""Judges a rule over a save of the past by the code that matches rules: did it look, did it match, what was false.

The surroundings are those of the save: who acted, when, and other records as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.automation.explaining import explain_value
from engine.automation.insight.past import PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.matcher import fitting
from engine.automation.program import OnRecord, Program
from engine.automation.rule_index import triggers_for
from engine.expressions.context import RecordContext
from engine.records.transaction import Transaction
from workflow_dsl.evaluation_errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a rule made of a save.

    fits: whether the trigger's own values did (`changes to`, `comes to match`). holds: what its condition gave, None
    where it was not asked. fault: why it can't be told. explained: the trigger's or rule's condition with its values.
    """

    trigger: OnRecord
    fits: bool
    holds: bool | None = None
    fault: str = ""
    explained: Any = None

    @property
    def matched(self) -> bool:
        """Whether the rule's `then` was to be done."""
        return self.fits and not self.fault and self.holds is not False

    def starts(self, program: Program) -> bool:
        """Say whether the rule had something to do: its `then`, or its `else`."""
        return self.matched or (self.fits and not self.fault and bool(program.otherwise))


def judge(program: Program, past: PastEvent, context: RecordContext) -> Judged | None:
    """Judge a rule over a save; None where none of its triggers looks at such a save."""
    event = past.event
    triggers = triggers_for(program, event.object, event.kind, event.changed)
    if not triggers or (event.bulk and program.bulk == "skip"):
        return None
    trigger, fault = fitting(triggers, event, context)
    if fault is not None and trigger is not None:
        return Judged(trigger=trigger, fits=False, fault=str(fault), explained=_explained(trigger.match, context))
    if trigger is None:
        first = triggers[0]
        return Judged(trigger=first, fits=False, explained=_explained(first.match, context))
    if program.condition is None:
        return Judged(trigger=trigger, fits=True, explained=_explained(trigger.match, context))
    explained = _explained(program.condition, context)
    try:
        holds = bool(program.condition.evaluate(context))
    except EvaluationError as error:
        return Judged(trigger=trigger, fits=True, fault=str(error), explained=explained)
    return Judged(trigger=trigger, fits=True, holds=holds, explained=explained)


def context_of(transaction: Transaction, past: PastEvent, records: PastRecords) -> RecordContext:
    """Give what a save of the past was judged in."""
    around, entry, event = transaction.around, past.entry, past.event
    around = replace(
        around,
        source=records.at(entry),
        user=entry.actor,
        now=entry.at,
        today=entry.at.astimezone(around.zone).date(),
    )
    return RecordContext(around, event.object, event.new, old=event.old or None)


def _explained(condition: Any, context: RecordContext) -> Any:
    return None if condition is None else explain_value(condition, context)
