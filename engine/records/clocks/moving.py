"""Moves the service clocks of a record that is being saved: starts, pauses, goes on, stops, and says what is due.

What a clock will be follows from the stored record and the values as they become, so that asking twice in one save
gives the same. A stopped clock starts anew where its start holds again and its stop does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.records.clocks.plan import ClockPlan, Evaluate, clock_plans
from engine.records.clocks.worked_time import allowed_seconds, moment_after, worked_seconds
from engine.records.saving.drafts import RecordDraft
from metamodel.service_clocks import PAUSED, RUNNING, STOPPED
from metamodel.values import Duration
from workflow_dsl.evaluation_errors import EvaluationError

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def move_clocks(draft: RecordDraft, transaction: Transaction) -> None:
    """Bring the clocks of a draft to what they are now."""
    for clock in clock_plans(transaction.parts, draft.object_key):
        try:
            moved = _moved(clock, draft, transaction)
        except EvaluationError as fault:
            draft.reject(str(fault), field=clock.state, code="not_computable")
            continue
        changed = {name for name, value in moved.items() if draft.values[name] != value}
        for name in changed:
            draft.put(name, moved[name])
        if changed:
            draft.compute(changed)


def _moved(clock: ClockPlan, draft: RecordDraft, transaction: Transaction) -> Mapping[str, Any]:
    """Give the fields of a clock after the save."""
    context, now = draft.context, transaction.now
    before = draft.old.get(clock.state)
    stops = bool(clock.stop(context))
    pauses = clock.pause is not None and bool(clock.pause(context))
    zone = transaction.around.zone
    begins = before not in (RUNNING, PAUSED) and not stops and bool(clock.start(context))
    if before not in (RUNNING, PAUSED) and not begins:
        stored = draft.old or dict.fromkeys((clock.due, clock.state, clock.since, clock.used))
        names = (clock.due, clock.state, clock.since, clock.used)
        return {name: stored.get(name) for name in names} | {clock.breached: bool(draft.old.get(clock.breached))}
    since = now if begins else draft.old.get(clock.since)
    used = Decimal(0) if begins else _length(draft.old.get(clock.used))
    allowed = _allowed(clock, draft, zone)
    if stops or pauses:
        counted = worked_seconds(since, now, clock.calendar, zone) if since is not None else Decimal(0)
        due = draft.old.get(clock.due) if stops else None
        if stops and since is not None and allowed is not None:
            due = moment_after(since, allowed - used, clock.calendar, zone)
        total = used + counted
        state, since, used = STOPPED if stops else PAUSED, None, total
        late = allowed is not None and total > allowed
    else:
        state, since = RUNNING, since or now
        due = moment_after(since, allowed - used, clock.calendar, zone) if allowed is not None else None
        late = due is not None and due < now
    return {
        clock.state: state,
        clock.since: since,
        clock.used: Duration(seconds=used.to_integral_value()),
        clock.due: due,
        clock.breached: late,
    }


def _allowed(clock: ClockPlan, draft: RecordDraft, zone: dt.tzinfo) -> Decimal | None:
    """Give how many seconds the clock may run, by the option that counts; None where there is no target."""
    chosen: Evaluate | None = clock.target
    if clock.by is not None:
        chosen = clock.targets.get(str(draft.values.get(clock.by)), clock.target)
    found = chosen(draft.context) if chosen is not None else None
    return allowed_seconds(found, clock.calendar, zone) if isinstance(found, Duration) else None


def _length(value: object) -> Decimal:
    return value.length_seconds if isinstance(value, Duration) else Decimal(0)
