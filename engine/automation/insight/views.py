"""What people read of rules: about one record, of one rule, of a try or a backtest. Plain values, masked already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.automation.run_views import ChangeShown, ConditionPart, RunSummary, RunTrace


class RuleStanding(StrEnum):
    """How a rule stands to a record: it ran or acted, looked and did not match, its trigger never fired, it is off."""

    RAN = "ran"
    LOOKED = "looked"
    NEVER = "never fired"
    OFF = "off"


class RuleStart(StrEnum):
    """What a rule waits for: a save, within or after it, the clock, a call from outside, or an approval."""

    IN_SAVE = "in the save"
    AFTER_SAVE = "after the save"
    CLOCK = "by the clock"
    CALL = "when called"
    APPROVAL = "in an approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLook:
    """One save that a rule looked at.

    entry: of the record's history, None where it is judged as of now. matched: whether it did something. otherwise: it
    did its `else`. reason: a sentence. because: the first part of its condition that was false. condition: all of it.
    change: the change of the field that the trigger waits for, where that was another one.
    """

    at: dt.datetime
    entry: int | None
    version: int
    who: str
    trigger: str
    matched: bool
    reason: str
    otherwise: bool = False
    because: ConditionPart | None = None
    condition: ConditionPart | None = None
    change: ChangeShown | None = None
    release: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOnRecord:
    """A rule and one record. looks: the newest first. runs: of the rule about the record, or that wrote it."""

    rule: str
    label: str
    is_before: bool
    start: RuleStart
    triggers: tuple[str, ...]
    standing: RuleStanding
    reason: str
    looks: tuple[RuleLook, ...] = ()
    runs: tuple[RunSummary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRules:
    """The rules of a record. saves: how many of its saves were judged, the newest; more: there are older ones."""

    rules: tuple[RuleOnRecord, ...]
    saves: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """One rule in a list, with what its runs came to.

    runs: in the time looked at, by state. mean_s, longest_s: of those that ended. off_reason: why it is switched off.
    """

    name: str
    label: str
    app: str
    is_before: bool
    start: RuleStart
    object: str | None
    triggers: tuple[str, ...]
    active: bool
    off_since: dt.datetime | None
    off_reason: str
    runs: Mapping[str, int]
    mean_s: float | None
    longest_s: float | None
    last_at: dt.datetime | None

    @property
    def total(self) -> int:
        """How many runs there were."""
        return sum(self.runs.values())

    @property
    def failed(self) -> int:
        """How many runs failed."""
        return self.runs.get("failed", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule with its text, where it stands in the app, and its next moments."""

    summary: RuleSummary
    text: str
    at: str
    runs_as: str
    has_record: bool
    next_runs: tuple[dt.datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something that a rule does or would do.

    kind: created, updated, deleted, notified, mail, webhook, wait, refused … object, record_id, title: the record it is
    about, where the reader may see it. values: what it would write. target: whom it reaches. text: what it says.
    """

    path: str
    kind: str
    object: str | None = None
    record_id: str | None = None
    title: str | None = None
    values: Mapping[str, Any] | None = None
    target: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What trying a rule on a record gave; nothing of it was kept.

    trace: as of a run. written: what each step wrote, with its values. outside: mails, webhooks and waits, which were
    not done. trigger_note: what was taken as its trigger.
    """

    trace: RunTrace
    written: tuple[Intent, ...]
    outside: tuple[Intent, ...]
    trigger_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestMatch:
    """What would have started the rule, a save, a moment or a call. entry: of the log, None where it is no save.

    object, record_id: None where the rule has no record then. done: what it would have done; fault: where that ended.
    """

    at: dt.datetime
    entry: int | None
    object: str | None
    record_id: str | None
    title: str | None
    trigger: str
    otherwise: bool
    done: tuple[Intent, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a rule would have done since a moment. saves: looked at; occasions: moments and kept calls looked at.

    matched: in all; matches: those shown. hidden: matches of records that the reader may not read. unclear: where it
    can't be told. stopped: there is more than was looked at.
    """

    rule: str
    since: dt.datetime
    saves: int
    occasions: int
    matched: int
    records: int
    matches: tuple[BacktestMatch, ...]
    hidden: int
    unclear: int
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A save of which this release thinks otherwise than the run that is on record, or than that there is none."""

    rule: str
    at: dt.datetime
    object: str
    record_id: str
    entry: int
    run: str | None
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The stored decisions since a moment judged again. same: how many came out as they did."""

    since: dt.datetime
    saves: int
    same: int
    differences: tuple[Difference, ...]
    rules: tuple[str, ...] = ()


class Setter(StrEnum):
    """What set a value: a person, an import, a step of a run, a rule within the save, a formula, figures of a list."""

    PERSON = "person"
    IMPORT = "import"
    RULE = "rule"
    BEFORE_RULE = "rule in the save"
    FORMULA = "formula"
    ROLLUP = "roll-up"
    PRODUCT = "product"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLink:
    """One cause on the way from a value to its root. kind: of the link. who: a person's name, "" for the product.

    run, step: of a rule. object, record_id, record_title: the record it was about, where the reader may see it.
    text: what happened, in words of the rule language; of an import the name of its file.
    """

    kind: Setter
    at: dt.datetime
    who: str = ""
    rule: str | None = None
    label: str = ""
    run: str | None = None
    step: str | None = None
    release: int | None = None
    object: str | None = None
    record_id: str | None = None
    record_title: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Where a field's value comes from. chain: its causes, the nearest first, the root cause last; () if nobody set it.

    entry, at: of the history. formula: of what follows from others, as written; inputs: what it read, with values.
    """

    field: str
    setter: Setter
    entry: int | None = None
    at: dt.datetime | None = None
    formula: str = ""
    inputs: ConditionPart | None = None
    chain: tuple[CauseLink, ...] = ()
