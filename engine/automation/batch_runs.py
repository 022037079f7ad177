"""`bulk once`: the matches of one rule in one batch become one run, which has them as the given name `records`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.automation.program import Program
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import Run, RunState, Snapshot
from engine.automation.save_order import merged_order, with_order

ONCE = "once"
RECORDS = "records"


def as_batches(runs: Iterable[Run], index: RuleIndex) -> list[Run]:
    """Give runs with those of rules with `bulk once` as one a rule; what was not judged stays as it is."""
    kept: list[Run] = []
    together: dict[str, list[Run]] = {}
    for run in runs:
        if is_once(index.programs.get(run.rule)) and run.state is RunState.QUEUED:
            together.setdefault(run.rule, []).append(run)
        else:
            kept.append(run)
    return [*kept, *(_one(each) for each in together.values())]


def is_once(program: Program | None) -> bool:
    """Say whether a rule has one run a batch."""
    return program is not None and program.bulk == ONCE


def names_of(record_ids: Iterable[str]) -> dict[str, object]:
    """Give the names that the actions of such a rule see."""
    return {RECORDS: list(record_ids)}


def _one(runs: list[Run]) -> Run:
    first = runs[0]
    names = names_of(run.record_id for run in runs if run.record_id is not None)
    if len(runs) == 1:
        facts = {**first.snapshot.facts, "names": names}
        return replace(first, snapshot=replace(first.snapshot, facts=facts))
    # What one record was before says nothing of the others.
    facts = with_order({"at": first.snapshot.facts.get("at"), "names": names}, merged_order(runs))
    return replace(
        first,
        record_id=None,
        record_title=None,
        event=f"{first.event} ({len(runs):,} records)",
        snapshot=Snapshot(holds=first.snapshot.holds, facts=facts),
    )
