"""What a rule would have done over what is on record: saves, the clock, kept calls. Judged as then, imagined, not done.

Throttles are counted over the time looked at, and a save that the rule itself caused does not start it again. What the
rule would have changed is not laid under the saves that followed: those are as they were.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from engine.access.actor import Actor, Origin
from engine.automation.batch_runs import is_once, names_of
from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.by_clock import ClockOccasions
from engine.automation.insight.imagined import ImaginedDoor, ImaginedJournal, ImaginedRecords
from engine.automation.insight.imagined_actions import ImaginedActions
from engine.automation.insight.judging import Judged, context_of, judge
from engine.automation.insight.kept_calls import KeptCalls
from engine.automation.insight.listing import Listed, ListedOutside, ListedWaits
from engine.automation.insight.occasions import Occasion
from engine.automation.insight.past import Entry, PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.recorded import RecordedSaves
from engine.automation.insight.trying_before import acts_on_draft
from engine.automation.insight.views import Backtest, BacktestMatch, Intent
from engine.automation.interpreter import Interpreter
from engine.automation.ledger import Ledger
from engine.automation.notices import Notices
from engine.automation.program import Program
from engine.automation.run_state import Run, RunState, Snapshot, StepFailed, link_text
from engine.automation.throttles import period_of
from engine.automation.tuning import Tuning
from engine.clock import Clock
from engine.errors import AutomationStopped
from engine.ids import IdMaker
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables
from workflow_dsl.evaluation_errors import EvaluationError

MOST_MATCHES = 1_000
"""How many matches are imagined and told of; the others are counted."""
_WRITES = ("created", "updated", "set")
"""What is done with values of fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtester:
    """Tests rules of one installation over its past."""

    system: SystemTables
    records: Records
    before: BeforeRunner
    clock: Clock
    ids: IdMaker
    tuning: Tuning
    find_actor: Callable[[str], Actor | None]

    def run(self, transaction: Transaction, release: Release, program: Program, since: dt.datetime) -> Backtest:
        """Test a rule; transaction: a reading one of who asks, in which one state of the data is seen."""
        looked = _Looked(transaction, program, since, self.clock.now())
        found = sorted(looked, key=lambda each: each.order)
        allowed = _Allowed(transaction, program)
        let_in = [each for each in found if allowed.lets_in(each)]
        matches = [self._match(transaction, release, program, each) for each in let_in[-MOST_MATCHES:]]
        shown = [*_masked(transaction, matches)]
        return Backtest(
            rule=program.name,
            since=since,
            saves=looked.saves,
            occasions=looked.occasions,
            matched=len(let_in),
            records=len({(each.object, each.record_id) for each in let_in if each.record_id is not None}),
            matches=tuple(shown),
            hidden=len(matches) - len(shown),
            unclear=looked.unclear,
            stopped=looked.stopped,
        )

    def _match(self, transaction: Transaction, release: Release, program: Program, occasion: Occasion) -> BacktestMatch:
        if program.is_before and occasion.past is not None:
            done, fault = self._imagine_before(transaction, program, occasion, occasion.past)
        else:
            done, fault = self._imagine(transaction, release, program, occasion)
        return BacktestMatch(
            at=occasion.entry.at,
            entry=occasion.entry.id if occasion.past is not None else None,
            object=occasion.object,
            record_id=occasion.record_id,
            title=None,
            trigger=occasion.trigger,
            otherwise=occasion.holds is False,
            done=tuple(done),
            fault=fault,
        )

    def _imagine(
        self,
        transaction: Transaction,
        release: Release,
        program: Program,
        occasion: Occasion,
    ) -> tuple[Sequence[Intent], str]:
        run = self._run_of(release, program, occasion)
        door = ImaginedDoor(
            run=run,
            program=program,
            metamodel=release.metamodel,
            records=self.records,
            notices=Notices(self.system, self.ids),
            find_actor=self.find_actor,
            reader=transaction,
            release=release,
            world=ImaginedRecords(transaction, occasion.records, occasion.entry),
            ids=self.ids,
        )
        journal = ImaginedJournal(
            run, Ledger(self.system), self.clock, done={}, tries={}, used_actions=0, used_rows=0,
            max_actions=self.tuning.max_actions, max_rows=self.tuning.max_rows,
        )  # fmt: skip
        inside = ImaginedActions(
            journal=journal,
            door=door,
            clock=self.clock,
            object_key=run.object,
            record_id=run.record_id,
        )
        listed = Listed(door.intents)
        walk = Interpreter(
            program=program,
            journal=journal,
            inside=inside,
            outside=ListedOutside(inside=inside, listed=listed),
            waiter=ListedWaits(inside=inside, listed=listed),
        )
        try:
            walk.run(run.snapshot.facts["names"])
        except (StepFailed, AutomationStopped) as failure:
            return door.intents, str(failure)
        return door.intents, ""

    def _run_of(self, release: Release, program: Program, occasion: Occasion) -> Run:
        names = dict(occasion.names)
        if is_once(program) and occasion.record_id is not None:
            names |= names_of([occasion.record_id])
        return Run(
            id=self.ids.new(),
            rule=program.name,
            rule_text=program.text,
            release=release.number,
            object=occasion.object,
            record_id=occasion.record_id,
            event=occasion.trigger,
            snapshot=Snapshot(old=occasion.old, this=occasion.this, holds=occasion.holds, facts={"names": names}),
            actor=occasion.who,
            root=self.ids.new(),
            state=RunState.RUNNING,
            created_at=occasion.entry.at,
        )

    def _imagine_before(
        self, transaction: Transaction, program: Program, occasion: Occasion, past: PastEvent
    ) -> tuple[Sequence[Intent], str]:
        holds = occasion.holds is not False
        try:
            return acts_on_draft(transaction, self.before, program, past, occasion.records, holds=holds), ""
        except EvaluationError as error:
            return (), str(error)


class _Looked:
    """Goes through all that could have started a rule; gives what did, and counts what was looked at."""

    def __init__(self, transaction: Transaction, program: Program, since: dt.datetime, now: dt.datetime) -> None:
        self._transaction = transaction
        self._program = program
        self._since = since
        self._now = now
        self.saves = self.occasions = self.unclear = 0
        self.stopped = False

    def __iter__(self) -> Iterator[Occasion]:
        program = self._program
        if program.on_record:
            yield from self._of_saves()
        if program.on_schedule or program.on_moment or program.on_held:
            yield from self._others(
                ClockOccasions(transaction=self._transaction, program=program, since=self._since, now=self._now)
            )
        if program.on_call or program.on_approval:
            yield from self._others(KeptCalls(transaction=self._transaction, program=program, since=self._since))

    def _of_saves(self) -> Iterator[Occasion]:
        transaction, program = self._transaction, self._program
        for object_key in sorted({trigger.object for trigger in program.on_record}):
            recorded = RecordedSaves(transaction, object_key, self._since)
            for past, records in recorded:
                judged = judge(program, past, context_of(transaction, past, records))
                if judged is not None and judged.fault:
                    self.unclear += 1
                if judged is not None and judged.starts(program):
                    yield _of_save(program, past, judged, records)
            self.saves, self.stopped = self.saves + recorded.seen, self.stopped or recorded.stopped

    def _others(self, source: ClockOccasions | KeptCalls) -> Iterator[Occasion]:
        for occasion in source:
            self.unclear += bool(occasion.fault)
            if occasion.starts(self._program):
                yield occasion
        self.occasions += source.looked
        self.unclear += source.unclear
        self.stopped = self.stopped or source.stopped


def _of_save(program: Program, past: PastEvent, judged: Judged, records: PastRecords) -> Occasion:
    entry, event = past.entry, past.event
    by_operator = entry.actor is None and entry.origin != Origin.RULE
    who = {"user_id": entry.actor, "system": by_operator, "name": entry.actor_name, "runs_as": program.runs_as}
    return Occasion(
        entry=entry,
        trigger=judged.trigger.text,
        records=records,
        who=who,
        object=event.object,
        record_id=event.record_id,
        old=event.old,
        this=event.new,
        holds=judged.holds,
        past=past,
    )


@dataclass(slots=True)
class _Allowed:
    """Counts what throttles and the guard against loops let in."""

    transaction: Transaction
    program: Program
    _once: set[tuple[str, str]] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    def lets_in(self, occasion: Occasion) -> bool:
        program, entry = self.program, occasion.entry
        local = entry.at.astimezone(self.transaction.around.zone)
        if entry.run is not None and self._caused_by_itself(entry):
            return False
        if program.once is not None and occasion.record_id is not None:
            key = (entry.record_id, period_of(local, program.once))
            if key in self._once:
                return False
            self._once.add(key)
        if program.limit is None:
            return True
        period = period_of(local, program.limit_unit)
        self._counts[period] += 1
        return self._counts[period] <= program.limit

    def _caused_by_itself(self, entry: Entry) -> bool:
        run = self.transaction.system.run
        query = select(run.c.rule, run.c.object, run.c.record_id, run.c.cause).where(run.c.id == entry.run)
        row = self.transaction.connection.execute(query).first()
        if row is None:
            return False
        chain = (*(row.cause or ()), link_text(row.rule, row.object, row.record_id))
        own = link_text(self.program.name, entry.object, entry.record_id)
        return chain.count(own) >= self.program.loop_limit


def _masked(transaction: Transaction, matches: Sequence[BacktestMatch]) -> Iterator[BacktestMatch]:
    """Give the matches of records that the person may read, what is done to others without names and values."""
    keys = {(match.object, match.record_id) for match in matches if match.object and match.record_id}
    keys |= {(act.object, act.record_id) for match in matches for act in match.done if act.object and act.record_id}
    titles = transaction.reader.titles(keys)
    for match in matches:
        title = titles.get((match.object or "", match.record_id or ""))
        if title is not None or match.record_id is None:
            done = tuple(_seen(transaction, act, titles) for act in match.done)
            yield replace(match, title=title, done=done)


def _seen(transaction: Transaction, act: Intent, titles: Mapping[tuple[str, str], str]) -> Intent:
    if act.object is None:
        return act
    whole, values = transaction.access.of(act.object).whole, act.values
    if values is not None and act.kind in _WRITES:
        values = {name: each for name, each in values.items() if name in whole}
    title = titles.get((act.object, act.record_id or ""))
    if act.record_id is not None and title is None:
        return replace(act, record_id=None, values=None, text="")
    return replace(act, title=title, values=values)
