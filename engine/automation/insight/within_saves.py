"""What a before rule did within a save of the past, found by judging it again.

The log has what a record was after a save, and a rule such as `if discount is empty then set discount = 5%` no longer
holds of that. So where it does not, it is judged once more with the fields it sets as they were before the save: if it
then gives just the values that were saved, it acted. Somebody who typed just that value cannot be told from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.judging import Judged, context_of, judge
from engine.automation.insight.past import PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.trying_before import acts_on_draft
from engine.automation.insight.views import Intent
from engine.automation.program import Action, Branch, Loop, Program, SetFields
from engine.expressions.context import RecordContext
from engine.records.transaction import Transaction
from workflow_dsl.evaluation_errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSaves:
    """Judges rules over saves of the past, within one reading transaction."""

    transaction: Transaction
    before: BeforeRunner
    records: PastRecords
    _contexts: dict[int, RecordContext] = field(default_factory=dict)

    def judged(self, program: Program, past: PastEvent) -> Judged | None:
        """Judge a rule over a save; None where none of its triggers looks at such a save."""
        return self._judged(program, past)[0]

    def values_set(self, program: Program, past: PastEvent) -> Iterator[tuple[str, Any]]:
        """Give the fields that a before rule set in a save, as often as it did, with the values it gave them."""
        judged, seen = self._judged(program, past)
        if judged is None or not judged.starts(program):
            return
        yield from self._given(program, seen, judged)

    def _judged(self, program: Program, past: PastEvent) -> tuple[Judged | None, PastEvent]:
        judged = judge(program, past, self._context(past))
        if judged is None or not program.is_before:
            return judged, past
        if judged.starts(program) and self._gave(program, past, judged, past):
            return judged, past
        seen = _as_it_came(program, past)
        if seen is None:
            return judged, past
        again = judge(program, seen, context_of(self.transaction, seen, self.records))
        fits = again is not None and again.starts(program) and self._gave(program, seen, again, past)
        return (again, seen) if fits else (judged, past)

    def _gave(self, program: Program, seen: PastEvent, judged: Judged, past: PastEvent) -> bool:
        """Say whether the rule gives just what the save had, and all that it is taken to have set."""
        given, new, was = dict(self._given(program, seen, judged)), past.event.new, seen.event.new
        return all(new.get(name) == value for name, value in given.items()) and all(
            name in given for name in new if new[name] != was.get(name)
        )

    def _context(self, past: PastEvent) -> RecordContext:
        # One for all rules about a save: what it has read of other records serves them all.
        found = self._contexts.get(past.entry.id)
        if found is None:
            found = self._contexts[past.entry.id] = context_of(self.transaction, past, self.records)
        return found

    def _given(self, program: Program, past: PastEvent, judged: Judged) -> Iterator[tuple[str, Any]]:
        for act in self._acts(program, past, judged):
            if act.kind == "set":
                yield from (act.values or {}).items()

    def _acts(self, program: Program, past: PastEvent, judged: Judged) -> Sequence[Intent]:
        holds = judged.holds is not False
        try:
            return acts_on_draft(self.transaction, self.before, program, past, self.records, holds=holds)
        except EvaluationError:
            return ()


def _as_it_came(program: Program, past: PastEvent) -> PastEvent | None:
    """Give a save as it was before a rule set its fields; None where the save changed none of them."""
    event = past.event
    fields = frozenset(_fields_set((*program.actions, *program.otherwise)))
    changed = fields & event.changed
    if not changed:
        return None
    new = {**event.new, **{name: event.old.get(name) for name in changed}}
    return replace(past, event=replace(event, new=new))


def _fields_set(actions: Sequence[Action]) -> Iterator[str]:
    for action in actions:
        if isinstance(action, SetFields):
            yield from (name for name, _ in action.fields)
        elif isinstance(action, Branch):
            yield from _fields_set((*action.then, *action.otherwise))
        elif isinstance(action, Loop):
            yield from _fields_set(action.actions)
