"""Where automation joins the save: before rules inside it, and the matching of after rules at its end.

Protocols and the values they are given; the door calls them, automation implements them. Neither imports the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import FieldError, UnknownObject
from metamodel.values import Ref

if TYPE_CHECKING:
    from engine.access.actor import Actor
    from engine.records.saving.drafts import RecordDraft
    from engine.records.saving.record_columns import RecordColumns
    from engine.records.transaction import Transaction
    from metamodel.values import Ref


class SaveKind(StrEnum):
    """What happens to a record in a save."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Values that the product itself gives a new record of an object, whatever who acts may set or read."""

    object: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What a transaction is done for: the run and step behind it and how deep the chain of causes is.

    root: id of the first event of the chain. chain: texts naming rules and records, for messages. approval: the request
    in whose name it is done, whose lock it may pass. placed: what the product itself gives new records.
    """

    run: str | None = None
    step: str | None = None
    depth: int = 0
    root: str | None = None
    chain: tuple[str, ...] = ()
    approval: str | None = None
    placed: Placed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveEvent:
    """What one save did to one record.

    old: all stored field values before (empty mapping on creation). new: after (on deletion the last ones).
    changed: fields whose value differs, formulas and roll-ups included. bulk: it is one row of a batch.
    order: the steps of the save and the names of what was done in each, as far as they were noted.
    """

    object: str
    record_id: str
    kind: SaveKind
    version: int
    changed: frozenset[str]
    new: Mapping[str, Any]
    old: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    bulk: bool = False
    order: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledRun:
    """What came of calling a rule: the id of its run, and why it does not go on (yet), "" where it does."""

    run: str | None
    reason: str = ""


class AfterSave(Protocol):
    """Matches after rules and enqueues their runs, inside the saving transaction, after history and audit."""

    def watches(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say whether any rule of the transaction's release waits for this; `__call__` is left out where none does."""
        ...

    def looks_at(self, transaction: Transaction, object_key: str, kind: SaveKind, changed: frozenset[str]) -> bool:
        """Say whether a save that changes these fields may concern any rule."""
        ...

    def reads(self, transaction: Transaction, object_key: str, name: str) -> bool:
        """Say whether what is matched at a save of an object may read its field."""
        ...

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Give the places of the new records of a batch whose events may concern a rule; the others need none."""
        ...

    def __call__(self, transaction: Transaction, events: Sequence[SaveEvent]) -> None:
        """Match the rules against the events of one save (or of one batch) and enqueue a run a match."""
        ...

    def call(self, transaction: Transaction, app: str, name: str, target: Ref | None, event: str) -> CalledRun:
        """Start a rule that a rule of an app calls by its name. event: what is told of how it came about."""
        ...


class Draft(Protocol):
    """The record at hand of a before rule: what it may read and set.

    `context` is what the Python back end of the expression language evaluates in: `this` is the draft, `old` the
    stored record, `user` the transaction's actor.
    """

    @property
    def object_key(self) -> str:
        """The object's key."""
        ...

    @property
    def kind(self) -> SaveKind:
        """Created, updated or deleted."""
        ...

    @property
    def record_id(self) -> str:
        """The record's id, known before it is written."""
        ...

    @property
    def values(self) -> Mapping[str, object]:
        """The values as they are now, formulas over own fields included."""
        ...

    @property
    def old(self) -> Mapping[str, object]:
        """The stored values before the save; empty on creation."""
        ...

    @property
    def changed(self) -> frozenset[str]:
        """Fields whose value differs from `old` now."""
        ...

    @property
    def context(self) -> Any:
        """The context expressions are evaluated in."""
        ...

    @property
    def language(self) -> str:
        """The language of who is told about the save."""
        ...

    def ran(self, rule: str) -> None:
        """Note that a rule was carried out, for the traces of the save's runs."""
        ...

    def set(self, name: str, value: object) -> None:
        """Give a field a Python value of its type; formulas over it follow at once. Rules are not bound by grants."""
        ...

    def tag(self, name: str, *, add: bool) -> None:
        """Put a tag on the record or take it off in the same transaction. Rules are not bound by grants."""
        ...

    def reject(self, message: str, *, field: str | None = None, code: str = "rejected") -> None:
        """Refuse the save; the messages of all rules are told together."""
        ...

    def warn(self, message: str, *, field: str | None = None, code: str = "warned") -> None:
        """Ask the person to confirm; rules and batches pass over it and report it."""
        ...


class BeforeRules(Protocol):
    """Runs the before rules of an object in their order on one draft."""

    def applies(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say whether any before rule of the transaction's release is for this object and kind of save."""
        ...

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Give the places of the new records of a batch that a rule may change or refuse."""
        ...

    def __call__(self, transaction: Transaction, draft: Draft) -> None:
        """Evaluate the rules and apply their actions to the draft."""
        ...


class RecordApprovals(Protocol):
    """Approvals at the door: they refuse changes of records that they keep as they are, and take what rules submit."""

    def watches(self, transaction: Transaction, object_key: str) -> bool:
        """Say whether records of an object may be kept; `judge` is left out where none are."""
        ...

    def watches_new(self, transaction: Transaction, object_key: str) -> bool:
        """Say whether new records of an object may be refused: parts of a record that is kept."""
        ...

    def judge(self, transaction: Transaction, drafts: Sequence[RecordDraft]) -> None:
        """Reject what may not be done to some records, whose rows are locked."""
        ...

    def submit(self, transaction: Transaction, record: Ref, approval: str | None, by: str | None) -> str:
        """Submit a record within the transaction and give the request. approval: None = the first that fits.

        by: the user who submits, None = who acts.
        """
        ...


class NoApprovals:
    """An installation without approvals."""

    def watches(self, transaction: Transaction, object_key: str) -> bool:
        """Say that none are kept."""
        return False

    def watches_new(self, transaction: Transaction, object_key: str) -> bool:
        """Say that none are refused."""
        return False

    def judge(self, transaction: Transaction, drafts: Sequence[RecordDraft]) -> None:
        """Reject nothing."""

    def submit(self, transaction: Transaction, record: Ref, approval: str | None, by: str | None) -> str:
        """Say that there are none."""
        raise UnknownObject("approval")


class NoBeforeRules:
    """Before rules of an installation without automation."""

    def applies(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say that there are none."""
        return False

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Say that there are none."""
        return ()

    def __call__(self, transaction: Transaction, draft: Draft) -> None:
        """Change nothing."""


class NoAfterSave:
    """After rules of an installation without automation."""

    def watches(self, transaction: Transaction, object_key: str, kind: SaveKind) -> bool:
        """Say that there are none."""
        return False

    def looks_at(self, transaction: Transaction, object_key: str, kind: SaveKind, changed: frozenset[str]) -> bool:
        """Say that there are none."""
        return False

    def reads(self, transaction: Transaction, object_key: str, name: str) -> bool:
        """Say that there are none."""
        return False

    def concerned(self, transaction: Transaction, new: RecordColumns) -> Collection[int]:
        """Say that there are none."""
        return ()

    def __call__(self, transaction: Transaction, events: Sequence[SaveEvent]) -> None:
        """Enqueue nothing."""

    def call(self, transaction: Transaction, app: str, name: str, target: Ref | None, event: str) -> CalledRun:
        """Say that there are no rules."""
        return CalledRun(run=None, reason="There are no rules.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionInfo:
    """What a transaction is bound to, for those who write rows of their own in it."""

    actor: Actor
    now: dt.datetime
    today: dt.date
    release_number: int
    cause: Cause
    notices: tuple[FieldError, ...] = ()
