"""What actions inside the database are given to work with: the transaction of a step, and whose step it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from engine.automation.journal import StepDone
from engine.automation.people import Phonebook
from engine.automation.program import Action, AssignToNext, Rows
from engine.automation.run_state import StepFailed
from engine.records.assigning.assigning import Assigned
from engine.records.hooks import CalledRun
from engine.records.transaction import Transaction
from metamodel.values import Ref
from workflow_dsl.context import Context


class Work(Protocol):
    """One transaction of a run, as the door gives it."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        ...

    @property
    def directory(self) -> Phonebook:
        """Who belongs where."""
        ...

    def context(self, names: Mapping[str, Any], *, with_rights: bool = True) -> Context:
        """Give what values are evaluated in: `this` as it is now, `old` as it was, further names.

        with_rights: with the eyes of the rule's actor; else the whole record, as conditions see it.
        """
        ...

    def watched(self, names: Mapping[str, Any]) -> tuple[Context, Callable[[], frozenset[str]]]:
        """Give what conditions are evaluated in, and what then tells the keys of all that was read."""
        ...

    def rows(self, rows: Rows, names: Mapping[str, Any]) -> list[Any]:
        """Give the records an action is about: ids, or Refs where their object is not known beforehand."""
        ...

    def create(self, object_key: str, values: Mapping[str, Any]) -> str:
        """Create a record and give its id."""
        ...

    def file_mail(self, record: Ref) -> tuple[list[Mapping[str, Any]], str]:
        """File what is attached to the run's mail with a record, once; give what was done and what is said of it."""
        ...

    def update(self, object_key: str, record_id: str, values: Mapping[str, Any]) -> bool:
        """Update a record; False where it had these values already."""
        ...

    def delete(self, object_key: str, record_id: str) -> None:
        """Move a record to the bin."""
        ...

    def restore(self, object_key: str, record_id: str) -> bool:
        """Take a record out of the bin; False where it is not in it."""
        ...

    def change_tag(self, name: str, targets: Sequence[Ref], *, add: bool) -> Mapping[Ref, str]:
        """Put a tag on records or take it off; give those where that was news, with the id of what was written."""
        ...

    @property
    def transaction(self) -> Transaction:
        """The transaction itself, for acts that are more than one save."""
        ...

    @property
    def rule(self) -> str:
        """The rule's name."""
        ...

    def call_rule(self, name: str, target: Ref, event: str) -> CalledRun:
        """Start another rule on a record, as the app of this one calls it."""
        ...

    def assign_next(self, action: AssignToNext, target: Ref, names: Mapping[str, Any]) -> tuple[Assigned, str]:
        """Give a record to the next member of a queue; give what was done, and why in words."""
        ...

    def submit(self, record: Ref, approval: str | None, by: str | None) -> str:
        """Submit a record for an approval, the first that fits where none is named; give the request. by: the user."""
        ...

    def notify(self, user_id: str, text: str, *, key: str) -> None:
        """Tell a user something; the same key tells nobody twice."""
        ...

    def log(self, text: str) -> None:
        """Write a line to the program's log."""
        ...


class Door(Protocol):
    """Opens transactions for a run."""

    def work(self, path: str) -> AbstractContextManager[Work]:
        """Open a transaction for a step; what goes wrong in it comes out as StepFailed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One action at hand: its transaction, the names given so far, and the rule's record, None where it has none.

    key: the idempotency key of the step.
    """

    work: Work
    names: Mapping[str, Any]
    own: Ref | None
    key: str

    def context(self, **more: Any) -> Context:
        """Give what values are evaluated in, with the eyes of the rule's actor; more: further names."""
        return self.work.context({**self.names, **more} if more else self.names)

    def own_record(self, what: str) -> Ref:
        """Give the rule's record; what: for the message where it has none.

        Raises: StepFailed.
        """
        if self.own is None:
            raise StepFailed(f"the rule has no record of its own to {what}")
        return self.own


Perform = Callable[[Doing, Any], StepDone]
"""Does one kind of action."""
Performers = Mapping[type[Action], Perform]
