"""Why a rule did not match, in a sentence, and the first part of its condition that was false."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from engine.automation.held import HELD, NEVER
from engine.automation.insight.judging import Judged
from engine.automation.insight.past import Entry
from engine.automation.program import Program
from engine.automation.run_views import ConditionPart
from engine.automation.schedules.relative import due_moment
from engine.records.transaction import Transaction
from metamodel.objects import ObjectDef


def first_false(part: ConditionPart | None) -> ConditionPart | None:
    """Give the innermost part that made a condition false or could not be told; None where none did.

    Of parts joined by `and` that is the first false one. Parts joined by `or` were all false: then it is the whole.
    """
    if part is None or (part.value is True and part.error is None and not part.masked):
        return None
    failed = [each for each in part.parts if each.error is not None]
    if failed:
        return first_false(failed[0])
    if part.masked:
        shown = [each for each in part.parts if not each.masked and each.value is False]
        return first_false(shown[0]) if len(shown) == 1 else part
    false = [each for each in part.parts if each.value is False]
    return first_false(false[0]) if len(false) == 1 else part


def reason_of_look(program: Program, judged: Judged) -> str:
    """Say what came of a rule's look at a save."""
    if judged.fault:
        return f"Its condition could not be evaluated: {judged.fault}"
    if not judged.fits:
        if judged.trigger.match is None:
            return "The change was another one than its trigger waits for."
        holds = judged.explained is not None and judged.explained[1] is True
        return "It matched before already." if holds else "The record did not come to match."
    if judged.holds is not False:
        return "It acted in the save." if program.is_before else "It matched."
    return "Its condition was false; it did its 'else'." if program.otherwise else "Its condition was false."


def reason_of_silence(
    transaction: Transaction, object_def: ObjectDef, record_id: str, program: Program, entries: Sequence[Entry]
) -> str:
    """Say why a rule never looked at a record."""
    if program.on_moment:
        return _reason_of_moment(transaction, object_def, record_id, program)
    if program.on_held:
        return _reason_of_held(transaction, record_id, program)
    if program.on_schedule:
        return "It starts by the clock, and its time has not come yet."
    fields = {trigger.field for trigger in program.on_record if trigger.object == object_def.key and trigger.field}
    changed = {name for entry in entries for name in entry.changes}
    if fields & changed:
        return "The rule was not there yet when the record was saved."
    if len(fields) == 1:
        return f"Its trigger never fired: '{next(iter(fields))}' was never changed."
    kinds = {kind for trigger in program.on_record if trigger.object == object_def.key for kind in trigger.kinds}
    if not fields and kinds & {entry.action for entry in entries}:
        return "The rule was not there yet when the record was saved."
    return "Its trigger never fired: what it waits for has not happened to this record."


def _reason_of_moment(transaction: Transaction, object_def: ObjectDef, record_id: str, program: Program) -> str:
    moment = program.on_moment[0]
    values = transaction.cache.related(object_def.key, record_id) or {}
    value = values.get(moment.field)
    if value is None:
        return f"Its time is not known: '{moment.field}' is empty."
    calendar = program.calendar or transaction.around.calendar
    due = due_moment(moment.moment, value, transaction.around.zone, calendar)
    if due is None or due <= transaction.now:
        return "Its time was past already when the rule was published or the value entered."
    return f"Its time has not come yet: it comes at {due.astimezone(transaction.around.zone):%Y-%m-%d %H:%M}."


def _reason_of_held(transaction: Transaction, record_id: str, program: Program) -> str:
    timer = transaction.system.timer
    here = (timer.c.kind == HELD, timer.c.rule == program.name, timer.c.record_id == record_id)
    due = transaction.connection.execute(select(timer.c.due_at).where(*here).order_by(timer.c.due_at)).scalar()
    if due is None:
        return "The record does not match what has to hold for a time."
    if due == NEVER:
        return "How long its condition has to hold is not known: a field that says so is empty."
    return f"Its time has not come yet: it comes at {due.astimezone(transaction.around.zone):%Y-%m-%d %H:%M}."
