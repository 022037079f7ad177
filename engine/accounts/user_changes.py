"""Notices saves of user records: who was made inactive or moved to another team must not be kept in memory.

It wraps the after-save step of the door and hands everything on; it changes no record. Nobody who is logged in as
another user changes what people log in with, or where mails with links go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.accounts.stamp import AccountStamp
from engine.accounts.standing_in import OWNERS_ALONE
from engine.accounts.users import LOGIN_FIELD, USER_OBJECT
from engine.errors import AccessDenied
from engine.records.hooks import AfterSave, CalledRun, SaveEvent, SaveKind
from engine.records.saving.record_columns import RecordColumns
from engine.records.transaction import Transaction
from metamodel.values import Ref


class UserChanges:
    """An after-save step that raises the account stamp when users change, then does what it wraps."""

    def __init__(self, inner: AfterSave, stamp: AccountStamp) -> None:
        self._inner = inner
        self._stamp = stamp

    def watches(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say that users are watched, and what the wrapped step watches."""
        return object_key == USER_OBJECT or self._inner.watches(transaction, object_key, kind)

    def looks_at(self, transaction: Transaction, object_key: str, kind: SaveKind, changed: frozenset[str]) -> bool:
        """Say that every save of a user is looked at, and what the wrapped step looks at."""
        return object_key == USER_OBJECT or self._inner.looks_at(transaction, object_key, kind, changed)

    def reads(self, transaction: Transaction, object_key: str, name: str) -> bool:
        """Say what the wrapped step may read."""
        return self._inner.reads(transaction, object_key, name)

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Say that every save of a user is looked at, and what the wrapped step looks at."""
        key = new.plan.object.key
        if key == USER_OBJECT:
            return range(len(new))
        watched = self._inner.watches(transaction, key, SaveKind.CREATED)
        return self._inner.concerned(transaction, new) if watched else ()

    def __call__(self, transaction: Transaction, events: Sequence[SaveEvent]) -> None:
        """Raise the stamp where a user was saved."""
        if transaction.actor.on_behalf_of is not None:
            _refuse_other_address(events)
        if any(event.object == USER_OBJECT for event in events):
            self._stamp.raise_in(transaction.connection)
        handed_on = [e for e in events if self._inner.watches(transaction, e.object, e.kind)]
        if handed_on:
            self._inner(transaction, handed_on)

    def call(self, transaction: Transaction, app: str, name: str, target: Ref | None, event: str) -> CalledRun:
        """Let the wrapped step start a rule."""
        return self._inner.call(transaction, app, name, target, event)


def _refuse_other_address(events: Sequence[SaveEvent]) -> None:
    """Raises: AccessDenied."""
    for event in events:
        if event.object == USER_OBJECT and LOGIN_FIELD in event.changed:
            raise AccessDenied("update", USER_OBJECT, OWNERS_ALONE)
