"""The order of a save as it happened: what it came to at each step, noted while it is done, for the traces of its runs.

Nothing is noted where no rule looks at saves of the object. docs/order-of-execution.md explains the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.records.hooks import SaveKind
    from engine.records.saving.drafts import RecordDraft
    from engine.records.transaction import Transaction

OrderNote = tuple[int, tuple[str, ...]]
"""A step by its number, and the names of what was done in it: rules, validations, roll-ups."""


class SaveStep(IntEnum):
    """The steps of a save, by their numbers in the documented order."""

    LOAD = 1
    ACCESS = 2
    DEFAULTS = 3
    BEFORE_RULES = 4
    CHECKS = 5
    WRITE = 6
    ROLL_UPS = 7
    HISTORY = 8
    AFTER_RULES = 9
    COMMIT = 10
    RUNS = 11


class BatchOrder:
    """What is told of the records of a batch: each step is done for all of them before the next.

    checks: what every one of them passed. figures: those of parents that the batch changed.
    """

    def __init__(self, checks: Iterable[str], figures: Iterable[str]) -> None:
        self._checks = tuple(checks)
        self._figures = tuple(figures)
        self._known: dict[tuple[str, ...], tuple[OrderNote, ...]] = {}

    def of(self, draft: RecordDraft | None) -> tuple[OrderNote, ...]:
        """Give the steps of one record; None for one that no before rule concerned. Those alike share one value."""
        order = draft.order if draft is not None else None
        rules = order[0][1] if order and order[0][0] == SaveStep.BEFORE_RULES else ()
        found = self._known.get(rules)
        if found is None:
            names = {SaveStep.BEFORE_RULES: rules, SaveStep.CHECKS: self._checks, SaveStep.ROLL_UPS: self._figures}
            steps = (SaveStep(number) for number in range(SaveStep.LOAD, SaveStep.AFTER_RULES))
            found = self._known[rules] = tuple((int(step), names.get(step, ())) for step in steps)
        return found


def begin_notes(draft: RecordDraft, transaction: Transaction) -> None:
    """Begin to note the steps of a save that a rule may look at; the record is loaded and may be touched."""
    if transaction.services.after_save.watches(transaction, draft.object_key, draft.kind):
        draft.order = []
        note(draft, SaveStep.LOAD)
        note(draft, SaveStep.ACCESS)


def begin_batch_notes(drafts: Iterable[RecordDraft], transaction: Transaction) -> None:
    """Begin to note which before rules the records of a batch meet, where a rule may look at what became of them."""
    watched: dict[SaveKind, bool] = {}
    for draft in drafts:
        if draft.kind not in watched:
            watched[draft.kind] = transaction.services.after_save.watches(transaction, draft.object_key, draft.kind)
        if watched[draft.kind]:
            draft.order = []


def note(draft: RecordDraft, step: SaveStep, names: Iterable[str] = ()) -> None:
    """Note a step, or further names of the one that is noted last."""
    order = draft.order
    if order is None:
        return
    if order and order[-1][0] == step:
        order[-1] = (step, (*order[-1][1], *names))
    else:
        order.append((int(step), tuple(names)))


def note_all(drafts: Sequence[RecordDraft], step: SaveStep, names: Iterable[str] = ()) -> None:
    """Note a step of several records that are saved together."""
    for draft in drafts:
        note(draft, step, names)
