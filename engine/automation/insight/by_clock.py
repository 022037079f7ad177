"""When the clock would have started a rule: schedules, times relative to fields, and conditions that held for a time.

They are counted as if the rule had always been on: a condition that held before the time asked for counts from then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine.access.actor import Origin, system_actor
from engine.automation.insight.lives import Life, RecordLives, State
from engine.automation.insight.occasions import LogTimes, Occasion, context_then, judged_then
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.recorded import MOST_SAVES
from engine.automation.program import OnHeld, OnMoment, OnSchedule, Program
from engine.automation.schedules import due_moment
from engine.automation.schedules.waiting import end_of_wait
from engine.automation.stored_actors import stored_actor
from engine.automation.timers import Times, times_of
from engine.expressions.context import RecordContext
from engine.records.hooks import SaveKind
from engine.records.transaction import Transaction
from workflow_dsl.context import Values
from workflow_dsl.evaluation_errors import EvaluationError

_MOMENTS_AT_ONCE = 500
_ALWAYS = dt.datetime.min.replace(tzinfo=dt.UTC)
_TURNS = frozenset(kind.value for kind in (SaveKind.CREATED, SaveKind.DELETED, SaveKind.RESTORED))


@dataclass(slots=True, kw_only=True)
class ClockOccasions:
    """The occasions of one rule by the clock. looked: how many moments were looked at; stopped: there are more."""

    transaction: Transaction
    program: Program
    since: dt.datetime
    now: dt.datetime
    looked: int = 0
    stopped: bool = False
    unclear: int = 0
    _times: LogTimes = field(init=False)

    def __post_init__(self) -> None:
        self._times = LogTimes(self.transaction, self.since)

    def __iter__(self) -> Iterator[Occasion]:
        """Give the occasions, judged; not in order."""
        program = self.program
        for schedule in program.on_schedule:
            yield from self._scheduled(schedule)
        for moment in program.on_moment:
            yield from self._of_lives(moment.object, self._times.base, moment)
        for held in program.on_held:
            yield from self._of_lives(held.object, 0, held)

    # ------------------------------------------------------------------ schedules
    def _scheduled(self, trigger: OnSchedule) -> Iterator[Occasion]:
        moments = self._moments(times_of(self.program, trigger, self.transaction.around))
        if self.program.object is None:
            self.looked += len(moments)
            records = PastRecords(self.transaction, self._times.base)
            for at in moments:
                yield self._judged(self._occasion(trigger.text, at, records))
            return
        lives = RecordLives(self.transaction, self.program.object, self.since, self._times.base)
        for life in lives:
            yield from self._gone_through(trigger, life, moments)
            if self.looked >= MOST_SAVES:
                break
        self.stopped = self.stopped or lives.stopped or self.looked >= MOST_SAVES

    def _gone_through(self, trigger: OnSchedule, life: Life, moments: Sequence[dt.datetime]) -> Iterator[Occasion]:
        where = self.program.each.where if self.program.each is not None else None
        for at in moments:
            values = life.at(at)
            if values is None:
                continue
            self.looked += 1
            occasion = self._occasion(trigger.text, at, life.records, life.record_id)
            try:
                context = context_then(self.transaction, self.program, occasion, values)
                if where is not None and not where.evaluate(context, values):
                    continue
            except EvaluationError:
                # As it is when the moment comes: a record of which it can't be told is none of them.
                continue
            yield self._judged(occasion, values)

    def _moments(self, times: Times) -> list[dt.datetime]:
        found: list[dt.datetime] = []
        reached = self.since - dt.timedelta(microseconds=1)
        while len(found) < MOST_SAVES:
            more = times(reached, _MOMENTS_AT_ONCE)
            found += [each for each in more if each <= self.now]
            if not more or more[-1] > self.now:
                return found
            reached = more[-1]
        self.stopped = True
        return found

    # ------------------------------------------------------------------ times of records
    def _of_lives(self, object_key: str, after: int, trigger: OnMoment | OnHeld) -> Iterator[Occasion]:
        lives = RecordLives(self.transaction, object_key, self.since if after else _ALWAYS, after)
        for life in lives:
            self.looked += 1
            due = self._moments_of(trigger, life) if isinstance(trigger, OnMoment) else self._ends_of(trigger, life)
            for at, values in due:
                if self.since <= at <= self.now:
                    yield self._judged(self._occasion(trigger.text, at, life.records, life.record_id), values)
        self.stopped = self.stopped or lives.stopped

    def _moments_of(self, trigger: OnMoment, life: Life) -> Iterator[tuple[dt.datetime, Values]]:
        """Give when a relative time came due while the record was so; one entered when it was past never does."""
        around = self.transaction.around
        known: dt.datetime | None = None
        begun = _ALWAYS
        for state, end in life.spans(self.now):
            value = state.values.get(trigger.field) if state.values is not None else None
            due = due_moment(trigger.moment, value, around.zone, self.program.calendar or around.calendar)
            if due != known:
                known, begun = due, state.at if state.entry is not None else _ALWAYS
            if due is not None and state.values is not None and begun < due and state.at <= due < end:
                yield due, state.values

    def _ends_of(self, trigger: OnHeld, life: Life) -> Iterator[tuple[dt.datetime, Values]]:
        """Give when a condition had held of a record for its time, once each time that it came to hold."""
        begun: dt.datetime | None = None
        due: dt.datetime | None = None
        for state, end in life.spans(self.now):
            if state.values is None:
                begun = due = None
                continue
            if self._may_turn(trigger, state):
                try:
                    was, begun = begun, self._begun(trigger, life, state, begun)
                    due = self._due(trigger, life, state, begun, fired=was is not None and due is None)
                except EvaluationError:
                    self.unclear += 1
                    begun = due = None
            if due is not None and due < end:
                yield max(due, state.at), state.values
                due = None

    def _may_turn(self, trigger: OnHeld, state: State) -> bool:
        entry = state.entry
        return entry is None or entry.action in _TURNS or not trigger.watched.isdisjoint(entry.changes)

    def _begun(self, trigger: OnHeld, life: Life, state: State, begun: dt.datetime | None) -> dt.datetime | None:
        """Give since when the condition holds; None where it does not."""
        context = self._context_of(trigger, life, state)
        return (begun or state.at) if trigger.match.evaluate(context) else None

    def _due(
        self, trigger: OnHeld, life: Life, state: State, begun: dt.datetime | None, *, fired: bool
    ) -> dt.datetime | None:
        if begun is None or fired:
            return None
        context = self._context_of(trigger, life, state)
        duration = trigger.duration.evaluate(context)
        return None if duration is None else end_of_wait(begun, duration, context)

    def _context_of(self, trigger: OnHeld, life: Life, state: State) -> RecordContext:
        occasion = self._occasion(trigger.text, state.at, life.records, life.record_id)
        if state.entry is not None:
            occasion = replace(occasion, entry=state.entry)
        return context_then(self.transaction, self.program, occasion, state.values)

    # ------------------------------------------------------------------ below
    def _occasion(self, text: str, at: dt.datetime, records: PastRecords, record_id: str | None = None) -> Occasion:
        name = self.program.each_name
        return Occasion(
            entry=self._times.entry(at, self.program.object, record_id),
            trigger=text,
            records=records,
            who=stored_actor(system_actor(Origin.RULE), self.program),
            object=self.program.object if record_id is not None else None,
            record_id=record_id,
            names={name: record_id} if name is not None and record_id is not None else {},
        )

    def _judged(self, occasion: Occasion, values: Values | None = None) -> Occasion:
        return judged_then(self.transaction, self.program, occasion, values)
