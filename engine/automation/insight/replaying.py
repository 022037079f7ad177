"""Judges the recorded saves again by the rules of this release, and compares that with the runs that are on record.

A decision is whether a rule ran for a save, and by its `then` or its `else`. What came out otherwise is listed by rule:
so one sees before it matters what a new release of the product, or of the app, decides differently.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.automation.insight.judging import Judged, context_of, judge
from engine.automation.insight.past import PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.recorded import RecordedSaves
from engine.automation.insight.views import Difference, Replay
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.records.transaction import Transaction

_MOST_DIFFERENCES = 1_000
_THEN, _ELSE, _NO_RUN, _UNCLEAR = "then", "else", "no run", "not judged"
_Key = tuple[str, str, dt.datetime]
"""A rule, a record and the moment of the save."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A decision on record."""

    id: str
    rule: str
    object: str
    record_id: str
    at: dt.datetime
    decision: str


def replay(transaction: Transaction, index: RuleIndex, since: dt.datetime) -> Replay:
    """Compare all decisions since a moment; transaction: a reading one in which one state of the data is seen."""
    stored = _stored(transaction, since)
    differences: list[Difference] = []
    same = saves = 0
    for object_key in sorted(key for key in transaction.parts.metamodel.objects if index.watches(key)):
        recorded = RecordedSaves(transaction, object_key, since)
        for past, records in recorded:
            for found in _compared(transaction, index, past, records, stored):
                if found is None:
                    same += 1
                else:
                    differences.append(found)
        saves += recorded.seen
    differences += (_left(run, index) for runs in stored.values() for run in runs)
    differences.sort(key=lambda each: (each.rule, each.at))
    return Replay(
        since=since,
        saves=saves,
        same=same,
        differences=tuple(differences[:_MOST_DIFFERENCES]),
        rules=tuple(dict.fromkeys(each.rule for each in differences)),
    )


def _compared(
    transaction: Transaction,
    index: RuleIndex,
    past: PastEvent,
    records: PastRecords,
    stored: Mapping[_Key, list[_Stored]],
) -> Iterator[Difference | None]:
    """Give a difference, or None, for each rule that decided then or decides now."""
    event, entry = past.event, past.entry
    context = None
    for program in index.after(event.object, event.kind, event.changed):
        context = context or context_of(transaction, past, records)
        now = _decision(program, judge(program, past, context))
        runs = stored.get((program.name, event.record_id, entry.at))
        run = runs.pop(0) if runs else None
        was = run.decision if run is not None else _NO_RUN
        if was == now:
            yield None
            continue
        yield Difference(
            rule=program.name,
            at=entry.at,
            object=event.object,
            record_id=event.record_id,
            entry=entry.id,
            run=run.id if run is not None else None,
            was=was,
            now=now,
        )


def _decision(program: Program, judged: Judged | None) -> str:
    if judged is None:
        return _NO_RUN
    if judged.fault:
        return _UNCLEAR
    if not judged.starts(program):
        return _NO_RUN
    return _ELSE if judged.holds is False else _THEN


def _stored(transaction: Transaction, since: dt.datetime) -> Mapping[_Key, list[_Stored]]:
    run = transaction.system.run
    columns = (run.c.id, run.c.rule, run.c.object, run.c.record_id, run.c.created_at, run.c.outcome, run.c.snapshot)
    query = select(*columns).where(run.c.created_at >= since, run.c.record_id.is_not(None))
    found: dict[_Key, list[_Stored]] = defaultdict(list)
    for row in transaction.connection.execute(query.order_by(run.c.created_at, run.c.id)):
        snapshot: Mapping[str, Any] = row.snapshot or {}
        if not snapshot.get("changed"):
            # The clock started it, or a person: no save decided it.
            continue
        decision = _ELSE if snapshot.get("holds") is False else _THEN
        decision = _UNCLEAR if row.outcome == "not judged" else decision
        made = _Stored(row.id, row.rule, row.object, row.record_id, row.created_at, decision)
        found[row.rule, row.record_id, row.created_at].append(made)
    return found


def _left(run: _Stored, index: RuleIndex) -> Difference:
    """Tell of a run that no save of today's rules explains."""
    return Difference(
        rule=run.rule,
        at=run.at,
        object=run.object,
        record_id=run.record_id,
        entry=0,
        run=run.id,
        was=run.decision,
        now=_NO_RUN if run.rule in index.programs else "no such rule",
    )
