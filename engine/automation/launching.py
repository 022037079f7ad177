"""The last step before runs exist: loops end here, rules switched off or held back start nothing, the rest is enqueued.

A rule runs once a record and root cause, and a chain is no deeper than its limit; what was not started says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.automation.admission import Admission
from engine.automation.ledger import Ledger
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import Run, RunState, link_text
from engine.automation.starting import RunStarter
from engine.automation.tuning import Tuning
from engine.records.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Writes runs that were decided, and enqueues those that are to run."""

    ledger: Ledger
    starter: RunStarter
    health: RuleHealth
    admission: Admission
    tuning: Tuning

    def launch(self, transaction: Transaction, index: RuleIndex, runs: Sequence[Run]) -> list[Run]:
        """Start runs in the transaction that decided them; give them as they stand then."""
        found = [self._not_too_deep(run) for run in runs]
        found = self._without_repeats(transaction, index, found)
        if found:
            off = self.health.remembered()
            if off is None:
                off = self.health.switched_off(transaction.connection)
            found = [run for run in found if run.rule not in off]
        zone, now = transaction.around.zone, transaction.now
        found = self.admission.admit(lambda: transaction.connection, found, index.programs, zone=zone, now=now)
        self.starter.start(transaction, found)
        return found

    def _not_too_deep(self, run: Run) -> Run:
        if run.state is not RunState.QUEUED or run.depth <= self.tuning.max_depth:
            return run
        reason = f"The chain of causes is deeper than {self.tuning.max_depth}: {_shown(run)}."
        return replace(run, state=RunState.FAILED, outcome="stopped", error=reason)

    def _without_repeats(self, transaction: Transaction, index: RuleIndex, runs: list[Run]) -> list[Run]:
        root = transaction.cause.root
        if root is None or not runs:
            return runs
        earlier = self.ledger.earlier_of_root(transaction.connection, root, {run.rule for run in runs})
        checked = []
        for run in runs:
            times = earlier.count((run.rule, run.record_id))
            if times >= index.programs[run.rule].loop_limit:
                reason = f"It ran for this record before in the same chain: {_shown(run)}."
                checked.append(replace(run, state=RunState.SKIPPED, outcome="loop", error=reason))
            else:
                checked.append(run)
        return checked


def _shown(run: Run) -> str:
    return " → ".join((*run.chain, link_text(run.rule, run.object, run.record_id)))
