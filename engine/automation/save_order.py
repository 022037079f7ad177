"""The order of the save that a run comes from: kept with the run, and told to those who look at its trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.automation.run_state import Run
from engine.automation.run_views import SaveStepShown
from engine.records.hooks import SaveEvent
from engine.records.saving.order import SaveStep

_KEY = "order"
_MOST_NAMES = 200
Order = list[list[Any]]


def with_order(facts: dict[str, Any], order: Order | None) -> dict[str, Any]:
    """Give the facts of a run with the order of its save, which is told once all runs of the event are known."""
    if order is not None:
        facts[_KEY] = order
    return facts


def tell_order(order: Order, event: SaveEvent, matched: Iterable[str]) -> None:
    """Tell the steps of an event's save, the matching of the rules being the last."""
    order += ([step, list(names)] for step, names in event.order)
    order.append([int(SaveStep.AFTER_RULES), list(matched)])


def merged_order(runs: Iterable[Run]) -> Order | None:
    """Give the order of the saves behind the runs of a batch as one: each step with the names of all; None of none."""
    found: dict[int, dict[str, None]] = {}
    for run in runs:
        for number, names in run.snapshot.facts.get(_KEY) or ():
            found.setdefault(int(number), {}).update(dict.fromkeys(names))
    return [[number, list(names)[:_MOST_NAMES]] for number, names in sorted(found.items())] or None


def order_shown(facts: Mapping[str, Any], rule: str) -> tuple[SaveStepShown, ...]:
    """Give the steps of the save behind a run, to the commit and what workers do then; none where no save is."""
    kept = facts.get(_KEY)
    if not kept:
        return ()
    shown = [SaveStepShown(number=int(number), names=tuple(names)) for number, names in kept]
    return (*shown, SaveStepShown(number=SaveStep.COMMIT), SaveStepShown(number=SaveStep.RUNS, names=(rule,)))
