"""The order of the save that a run comes from: kept with the run, and told to those who look at its trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.automation.run_state import Run, RunState
from engine.automation.run_views import SaveStepShown
from engine.records.hooks import SaveEvent
from engine.records.saving.order import SaveStep

_KEY = "order"


def with_order(runs: Iterable[Run], event: SaveEvent) -> list[Run]:
    """Give the runs of one event with the steps of its save, the matching of the rules being the last."""
    runs = list(runs)
    if not event.order:
        return runs
    matched = [run.rule for run in runs if run.state is not RunState.SKIPPED]
    order = [[step, list(names)] for step, names in (*event.order, (int(SaveStep.AFTER_RULES), matched))]
    return [
        replace(run, snapshot=replace(run.snapshot, facts={**run.snapshot.facts, _KEY: order}))
        for run in runs
    ]  # fmt: skip


def order_shown(facts: Mapping[str, Any], rule: str) -> tuple[SaveStepShown, ...]:
    """Give the steps of the save behind a run, to the commit and what workers do then; none where no save is."""
    kept = facts.get(_KEY)
    if not kept:
        return ()
    shown = [SaveStepShown(number=int(number), names=tuple(names)) for number, names in kept]
    return (*shown, SaveStepShown(number=SaveStep.COMMIT), SaveStepShown(number=SaveStep.RUNS, names=(rule,)))
