"""Tries a before rule on a record: on a draft of it that is never written, each of its acts noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.judging import context_of
from engine.automation.insight.past import PastEvent
from engine.automation.insight.past_source import PastRecords
from engine.automation.insight.views import Intent
from engine.automation.program import Program
from engine.records.hooks import Draft, SaveKind
from engine.records.saving.drafts import RecordDraft
from engine.records.saving.loading import load_for_change
from engine.records.saving.plan import save_plan
from engine.records.transaction import Transaction
from workflow_dsl.evaluation_errors import EvaluationError


class NotedDraft:
    """A draft whose rule's acts are noted as well as done."""

    def __init__(self, draft: Any) -> None:
        self._draft = draft
        self.acts: list[Intent] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._draft, name)

    def set(self, name: str, value: object) -> None:
        """Give a field a value."""
        self._draft.set(name, value)
        self._note("set", values={name: self._draft.values[name]})

    def tag(self, name: str, *, add: bool) -> None:
        """Put a tag on the record or take it off."""
        self._draft.tag(name, add=add)
        self._note("add tag" if add else "remove tag", text=name)

    def reject(self, message: str, **more: Any) -> None:
        """Refuse the save."""
        self._draft.reject(message, **more)
        self._note("reject", text=message, target=more.get("field") or "")

    def warn(self, message: str, **more: Any) -> None:
        """Warn of the save."""
        self._draft.warn(message, **more)
        self._note("warn", text=message, target=more.get("field") or "")

    def _note(self, kind: str, **more: Any) -> None:
        own = {"object": self._draft.object_key, "record_id": self._draft.record_id}
        self.acts.append(Intent(path=f"actions/{len(self.acts)}", kind=kind, **own, **more))


def try_before(
    transaction: Transaction, runner: BeforeRunner, program: Program, record_id: str, *, holds: bool
) -> tuple[Sequence[Intent], str]:
    """Carry a before rule out on a record as it is; give what it did, and why it ended where it could not go on.

    Raises: RecordNotFound, AccessDenied.
    """
    assert program.object is not None, "a before rule is about an object"
    draft = NotedDraft(load_for_change(transaction, program.object, record_id, SaveKind.UPDATED, None))
    try:
        runner.carry_out(program, cast(Draft, draft), holds=holds)
    except EvaluationError as error:
        return draft.acts, str(error)
    return draft.acts, ""


def acts_on_draft(
    transaction: Transaction,
    runner: BeforeRunner,
    program: Program,
    past: PastEvent,
    records: PastRecords,
    *,
    holds: bool,
) -> Sequence[Intent]:
    """Carry a before rule out on what a record was after a save of the past.

    Raises: EvaluationError.
    """
    event, context = past.event, context_of(transaction, past, records)
    around = replace(
        transaction.around, source=records.at(past.entry), now=context.now, today=context.today, user=context.user
    )
    draft = RecordDraft(
        save_plan(transaction.parts, event.object), around, event.kind, event.record_id, event.old or None, None
    )
    draft.values.update(event.new)
    noted = NotedDraft(draft)
    runner.carry_out(program, cast(Draft, noted), holds=holds)
    return noted.acts
