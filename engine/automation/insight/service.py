"""What is asked of rules afterwards, judged by access: the one place that pages, API and commands ask.

Rules about a record are for its readers. The list and page of rules need the system right `view_runs`; trying a rule
and testing it over the past need `configure` too, since a rule sees more than who looks at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import select

from engine.access.actor import Actor
from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.backtesting import Backtester
from engine.automation.insight.blaming import Blamer
from engine.automation.insight.causes import Causes
from engine.automation.insight.record_rules import Asked, rules_of_record
from engine.automation.insight.recorded import forbid_writing
from engine.automation.insight.replaying import replay
from engine.automation.insight.rule_figures import rule_summaries, rule_view
from engine.automation.insight.rules_then import RulesThen
from engine.automation.insight.trying import Trier
from engine.automation.insight.views import Backtest, Blame, RecordRules, Replay, RuleSummary, RuleView, Tried
from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.automation.run_log import RunLog
from engine.automation.run_sight import RunSight
from engine.clock import Clock
from engine.errors import AccessDenied, EngineError, RecordNotFound
from engine.records.identifiers import could_be_id
from engine.records.service import Records
from engine.records.transaction import Transaction
from engine.releases.release import Release
from engine.releases.store import ReleaseStore
from engine.storage.system_tables import SystemTables
from metamodel.names import did_you_mean

CONFIGURE, VIEW_RUNS = "configure", "view_runs"


class RuleNotFound(EngineError):
    """There is no rule of that name."""

    def __init__(self, rule: str, known: Iterable[str] = ()) -> None:
        self.rule = rule
        hint = did_you_mean(rule, known)
        super().__init__(f"There is no rule '{rule}'{f'; {hint}' if hint else '.'}")


class Insight:
    """Answers about rules of one installation."""

    def __init__(
        self,
        *,
        records: Records,
        releases: ReleaseStore,
        system: SystemTables,
        index_of: Callable[[Release], RuleIndex],
        runs: RunLog,
        sight: RunSight,
        clock: Clock,
        trier: Trier,
        backtester: Backtester,
        before: BeforeRunner,
        next_runs: Callable[[str], tuple[dt.datetime, ...]],
    ) -> None:
        self._records = records
        self._releases = releases
        self._system = system
        self._index_of = index_of
        self._runs = runs
        self._sight = sight
        self._clock = clock
        self._trier = trier
        self._backtester = backtester
        self._before = before
        self._next_runs = next_runs

    def of_record(self, actor: Actor, object_key: str, record_id: str, *, rule: str | None = None) -> RecordRules:
        """Tell which rules touched a record, which looked at it, which never did, and why.

        Raises: UnknownObject, RecordNotFound.
        """
        with self._reading(actor) as transaction:
            object_def = transaction.object_def(object_key)
            transaction.reader.require_readable(object_def, record_id)
            if object_def.source is not None:
                return RecordRules(rules=(), saves=0, more=False)
            asked = Asked(
                actor=actor,
                transaction=transaction,
                object_def=object_def,
                record_id=record_id,
                readable=self._sight.condition_eyes(actor, object_key, record_id),
                before=self._before,
            )
            then = RulesThen(self._releases.numbered, self._index_of)
            off = self._switched_off(transaction)
            return rules_of_record(asked, self._index(), then, off, self._runs, rule)

    def rules(self, actor: Actor) -> tuple[RuleSummary, ...]:
        """Give the rules by name, with what their runs came to lately.

        Raises: AccessDenied.
        """
        self.require(actor, VIEW_RUNS, "list")
        with self._reading(actor) as transaction:
            return rule_summaries(transaction, self._index())

    def rule(self, actor: Actor, rule: str) -> RuleView:
        """Give one rule.

        Raises: AccessDenied, RuleNotFound.
        """
        self.require(actor, VIEW_RUNS, "read")
        index = self._index()
        program = self._program(index, rule)
        with self._reading(actor) as transaction:
            return rule_view(transaction, index, program, self._next_runs(rule))

    def blame(
        self, actor: Actor, object_key: str, record_id: str, *, fields: Sequence[str] | None = None
    ) -> tuple[Blame, ...]:
        """Tell where values of a record come from, of those fields that the actor may read in it.

        Raises: UnknownObject, RecordNotFound.
        """
        with self._reading(actor) as transaction:
            object_def = transaction.object_def(object_key)
            record = transaction.get(object_key, record_id)
            if object_def.source is not None:
                return ()
            known = [name for name in object_def.fields if name in record.values]
            blamer = Blamer(
                transaction=transaction,
                object_def=object_def,
                record_id=record_id,
                eyes=self._sight.condition_eyes(actor, object_key, record_id),
                index=self._index(),
                before=self._before,
                causes=Causes(transaction=transaction, sight=self._sight),
            )
            return blamer.all([name for name in known if fields is None or name in fields])

    def try_rule(self, actor: Actor, rule: str, record_id: str | None) -> Tried:
        """Try a rule on a record: all of it is taken back, what would leave the installation is only listed.

        Raises: AccessDenied, RuleNotFound, RecordNotFound.
        """
        self.require(actor, CONFIGURE, "try")
        release = self._releases.current()
        program = self._program(self._index_of(release), rule)
        if program.object is not None and (record_id is None or not could_be_id(record_id)):
            raise RecordNotFound(program.object, record_id or "")
        return self._trier.try_rule(actor, release, program, record_id if program.object is not None else None)

    def backtest(self, actor: Actor, rule: str, since: dt.datetime) -> Backtest:
        """Tell what a rule would have done over the changes, moments and kept calls since a moment; writes nothing.

        Raises: AccessDenied, RuleNotFound.
        """
        self.require(actor, CONFIGURE, "test")
        release = self._releases.current()
        program = self._program(self._index_of(release), rule)
        with self._reading(actor, release) as transaction:
            forbid_writing(transaction)
            return self._backtester.run(transaction, release, program, since)

    def replay(self, actor: Actor, since: dt.datetime) -> Replay:
        """Judge the saves since a moment again and tell where that is not what the stored runs say; writes nothing.

        Raises: AccessDenied.
        """
        self.require(actor, CONFIGURE, "test")
        release = self._releases.current()
        with self._reading(actor, release) as transaction:
            forbid_writing(transaction)
            return replay(transaction, self._index_of(release), since)

    def require(self, actor: Actor, right: str, action: str) -> None:
        """Make sure that somebody has a system right.

        Raises: AccessDenied.
        """
        if not self._sight.has_right(actor, right):
            raise AccessDenied(action, "rules", f"it needs the system right '{right}'.")

    def _program(self, index: RuleIndex, rule: str) -> Program:
        found = index.programs.get(rule)
        if found is None:
            raise RuleNotFound(rule, index.programs)
        return found

    @contextmanager
    def _reading(self, actor: Actor, release: Release | None = None) -> Iterator[Transaction]:
        # One state of the data: what a record is and what its log says belong together.
        with self._records.reading(actor, release=release, snapshot=True) as transaction:
            yield transaction

    def _index(self) -> RuleIndex:
        return self._index_of(self._releases.current())

    def _switched_off(self, transaction: Transaction) -> Mapping[str, str]:
        state = self._system.rule_state
        rows = transaction.connection.execute(select(state.c.rule, state.c.reason).where(state.c.off_at.is_not(None)))
        return {rule: reason or "" for rule, reason in rows}
