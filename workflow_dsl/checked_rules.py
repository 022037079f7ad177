"""A rule that was checked: triggers to index it by, typed conditions and values, and a tree of typed actions.

The engine compiles and interprets these; they hold no compiled code and nothing of a database. Each action has a stable
path (`actions/1/then/0`), its text in one line, and the condition of its `unless`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from metamodel.source import Location
from workflow_dsl.reads import Reads
from workflow_dsl.syntax import CalendarTimes, Cron, EventKind, Interval, Moment, RunAs
from workflow_dsl.typed import Aggregate, Typed

__all__ = [
    "CheckedAction",
    "CheckedCallAction",
    "CheckedCallWebhook",
    "CheckedCreate",
    "CheckedDelete",
    "CheckedForEach",
    "CheckedIf",
    "CheckedLog",
    "CheckedNotify",
    "CheckedPostComment",
    "CheckedRefuse",
    "CheckedRestore",
    "CheckedRows",
    "CheckedRule",
    "CheckedSendEmail",
    "CheckedSet",
    "CheckedStop",
    "CheckedTag",
    "CheckedUpdate",
    "CheckedValue",
    "CheckedWait",
    "FieldValue",
    "MomentTrigger",
    "NamedInput",
    "RecordTrigger",
    "TimeTrigger",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedValue:
    """A typed expression of a rule, with what it reads and how it was written."""

    typed: Typed
    reads: Reads
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """A value for a field of a record that an action writes."""

    field: str
    value: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedInput:
    """A value that is sent along under a name, of any type."""

    name: str
    value: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRows:
    """Which records an action is about: one, or many.

    object: key of their object; None where `one` may point at several objects. one: a path to a record. many: an
    aggregate (of kind count) whose rows are meant, those for which its `where` holds, in the order of its `sorted_by`;
    the row is root ROW, level 0, and `this` the rule's record.
    """

    object: str | None
    one: CheckedValue | None = None
    many: Aggregate | None = None
    reads: Reads = field(default_factory=Reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAction:
    """Base of the checked actions."""

    path: str
    text: str
    at: Location
    unless: CheckedValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSet(CheckedAction):
    """`set a = 1, b = 2`, in order; `assign to x` is `set owner = x`."""

    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCreate(CheckedAction):
    """`create task { … } as review`."""

    object: str
    fields: tuple[FieldValue, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedUpdate(CheckedAction):
    """`update account { … }`; values see the updated record as the given name `it`."""

    rows: CheckedRows
    fields: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDelete(CheckedAction):
    """`delete path`, `delete object where …`."""

    rows: CheckedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRestore(CheckedAction):
    """`restore this`; `rows` is one record."""

    rows: CheckedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTag(CheckedAction):
    """`add tag "vip" on account`, `remove tag "cold"`; without rows the rule's record."""

    add: bool
    tag: CheckedValue
    rows: CheckedRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPostComment(CheckedAction):
    """`post comment "…" on account`; without rows on the rule's record."""

    message: CheckedValue
    rows: CheckedRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedNotify(CheckedAction):
    """`notify owner "…"`; each of `people` is a record, a role's name, or a list of these."""

    people: tuple[CheckedValue, ...]
    message: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSendEmail(CheckedAction):
    """`send email welcome to contact.email`; recipients are people or texts with an address."""

    template: str
    recipients: tuple[CheckedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCallWebhook(CheckedAction):
    """`call webhook finance { … } as answer`."""

    webhook: str
    inputs: tuple[NamedInput, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCallAction(CheckedAction):
    """`call plugin.action { … } as x`."""

    action: str
    inputs: tuple[NamedInput, ...]
    given_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRefuse(CheckedAction):
    """`reject field "…"`, `warn field "…"`."""

    message: CheckedValue
    field: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWait(CheckedAction):
    """`wait 3 days`."""

    duration: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIf(CheckedAction):
    """`if … then … else … end`; its blocks have the paths `…/then/n` and `…/else/n`."""

    condition: CheckedValue
    then: tuple[CheckedAction, ...]
    otherwise: tuple[CheckedAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedForEach(CheckedAction):
    """`for each line in lines … do … end`; `variable` is a given name inside; its block has the paths `…/do/n`."""

    variable: str
    rows: CheckedRows
    actions: tuple[CheckedAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStop(CheckedAction):
    """`stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLog(CheckedAction):
    """`log "…"`."""

    message: CheckedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTrigger:
    """A trigger on saves or deletions of an object's records: the key that the index finds the rule by.

    kinds: created, updated, deleted (`saved` is the first two). field: it must have changed (be filled, on creation).
    before, after: what it changes from and to. match: what holds after the save and not before; watched: what turns it.
    """

    object: str
    kinds: frozenset[EventKind]
    text: str
    field: str | None = None
    before: CheckedValue | None = None
    after: CheckedValue | None = None
    match: CheckedValue | None = None
    watched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentTrigger:
    """A trigger at a moment relative to a date or datetime field."""

    object: str
    field: str
    moment: Moment
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTrigger:
    """A trigger by the calendar."""

    schedule: Interval | Cron | CalendarTimes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """One rule of one app.

    key: unique over all apps: its name, or `app.name` where an earlier app has a rule of that name. object: key of the
    object of `this`, None where the rule has no record. each: the records that a scheduled rule runs for, each as
    `this` (and under `each_name`, where one was written). otherwise: actions when the condition does not hold, with
    paths `else/n`. text: as it was written. writes: (object, field) that its actions may set; "" where they make one.
    """

    key: str
    name: str
    app: str
    at: Location
    text: str
    is_before: bool
    object: str | None
    on_record: tuple[RecordTrigger, ...] = ()
    on_moment: tuple[MomentTrigger, ...] = ()
    on_time: tuple[TimeTrigger, ...] = ()
    each: CheckedRows | None = None
    each_name: str | None = None
    condition: CheckedValue | None = None
    actions: tuple[CheckedAction, ...] = ()
    otherwise: tuple[CheckedAction, ...] = ()
    label: str | None = None
    priority: int = 0
    run_as: RunAs = RunAs.USER
    retries: int | None = None
    loop_limit: int = 1
    bulk: str = "each"
    missed: str = "once"
    active: bool = True
    writes: frozenset[tuple[str, str]] = frozenset()
