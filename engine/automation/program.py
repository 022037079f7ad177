"""A rule as it is carried out: its actions with compiled values. Made once a release by `program_builder`.

The nodes know no database and no records; `before` and `interpreter` carry them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from metamodel.apps import ConnectionDef, TemplateDef
from metamodel.values import Ref
from workflow_dsl.context import Context
from workflow_dsl.evaluator import Evaluator
from workflow_dsl.syntax import CalendarTimes, Cron, Interval, Moment
from workflow_dsl.typed import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A compiled expression; `text` is as the author wrote it.

    reference: the object its ids are of, where the field they are for may point at several objects.
    """

    evaluator: Evaluator
    text: str
    reference: str | None = None

    @property
    def typed(self) -> Typed:
        """The typed tree."""
        return self.evaluator.typed

    def evaluate(self, context: Context, row: Mapping[str, Any] | None = None) -> Any:
        """Give the value for a context.

        Raises:
            EvaluationError: it cannot be computed.
        """
        found = self.evaluator.evaluate(context, row)
        return Ref(self.reference, found) if self.reference is not None and isinstance(found, str) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Base of what a rule does. index: its place in its block, as paths name it. text: as written, one line."""

    index: str
    text: str
    unless: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFields(Action):
    """`set a = 1, b = 2`, several in a row in one."""

    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRecord(Action):
    """`create task { … } as review`."""

    object: str
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which records an action is about.

    object: key of their object, None where `one` may lead to several. one: a path to one record (its value is an id,
    or a Ref). base, base_object, list_name: a path to a record and the list of it whose rows are meant. Without any of
    these: all records of the object. where, sorted_by: what a row must meet, and by what rows are sorted (then how);
    both are evaluated with the row in sight.
    """

    object: str | None
    one: Value | None = None
    base: Value | None = None
    base_object: str | None = None
    list_name: str | None = None
    where: Value | None = None
    sorted_by: Value | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecords(Action):
    """`update account { … }`, `update product where … { … }`; values see the updated record as `it`."""

    rows: Rows
    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRecords(Action):
    """`delete path`, `delete object where …`."""

    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRecord(Action):
    """`restore this`."""

    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTag(Action):
    """`add tag "vip" on account`, `remove tag "cold"`; without rows the rule's own record."""

    add: bool
    tag: Value
    rows: Rows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostComment(Action):
    """`post comment "…" on account`; without rows on the rule's own record."""

    message: Value
    rows: Rows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyPeople(Action):
    """`notify owner "…"`."""

    people: tuple[Value, ...]
    message: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmail(Action):
    """`send email welcome to contact.email`."""

    template: TemplateDef
    recipients: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWebhook(Action):
    """`call webhook finance { … } as answer`."""

    connection: ConnectionDef
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlugin(Action):
    """`call telephony.ring { … } as x`."""

    action: str
    fields: tuple[tuple[str, Value], ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Action):
    """`wait 3 days`."""

    duration: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Action):
    """`if … then … else … end`."""

    condition: Value
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Action):
    """`for each line in lines where … do … end`."""

    variable: str
    rows: Rows
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule(Action):
    """`stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLog(Action):
    """`log "…"`."""

    message: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseSave(Action):
    """`reject discount "…"`, `warn …`; before rules only."""

    message: Value
    field: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """A trigger on records.

    kinds: created, updated, deleted, restored. field: it must have changed. before, after: values it changes from, to.
    match: what must hold now and not before, an edge; watched: the fields that may turn it.
    """

    object: str
    kinds: frozenset[str]
    text: str
    field: str | None = None
    before: Value | None = None
    after: Value | None = None
    match: Value | None = None
    watched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMoment:
    """A trigger at a time relative to a field's value."""

    object: str
    field: str
    moment: Moment
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSchedule:
    """A trigger by the calendar."""

    schedule: Interval | Cron | CalendarTimes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One rule.

    object: key of its record's object, None where it has none. condition: its `if`. otherwise: its `else`.
    runs_as: user, owner or system. text, at: the rule as written and where. each, each_name: the records that a
    schedule runs for, and the name they were given beside `this`. label: as its text gives it; labels: in further
    languages.
    """

    name: str
    label: str | None
    text: str
    at: str
    app: str
    is_before: bool
    object: str | None
    actions: tuple[Action, ...]
    otherwise: tuple[Action, ...] = ()
    condition: Value | None = None
    on_record: tuple[OnRecord, ...] = ()
    on_moment: tuple[OnMoment, ...] = ()
    on_schedule: tuple[OnSchedule, ...] = ()
    priority: int = 0
    runs_as: str = "user"
    retries: int | None = None
    loop_limit: int = 1
    bulk: str = "each"
    missed: str = "once"
    active: bool = True
    each: Rows | None = None
    each_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def called(self, language: str) -> str:
        """Give its label in a language, else as its text gives it, else its name."""
        return self.labels.get(language) or self.label or self.name

    @property
    def order(self) -> tuple[int, str]:
        """Its place among rules of one event."""
        return (self.priority, self.name)
