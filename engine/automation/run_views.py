"""What people and programs read of runs: summaries for lists, and the trace of one run. Plain values for pages and API.

Values a reader may not see are masked where these are made (`run_log`), not where they are shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.automation.run_state import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list; None = any."""

    rule: str | None = None
    object: str | None = None
    record_id: str | None = None
    state: RunState | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run in a list.

    label: the rule's label in the reader's language, else its name. event: what happened, in words of the rule
    language (`opportunity is created`). record_id, record_title: None where the reader may not read the record.
    reason: why it failed or was skipped. due_at: when a waiting run goes on.
    """

    id: str
    rule: str
    label: str
    state: RunState
    event: str
    object: str | None
    record_id: str | None
    record_title: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    due_at: dt.datetime | None
    release: int
    actions: int
    reason: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Runs, the newest first, and where the next page starts."""

    rows: tuple[RunSummary, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionPart:
    """A part of a condition with the value it had; `text` is as the author wrote it, `value` for people."""

    text: str
    value: Any = None
    masked: bool = False
    error: str | None = None
    parts: tuple[ConditionPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShown:
    """A field that the event changed."""

    field: str
    old: Any = None
    new: Any = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """One try of a step.

    path: place in the rule (`actions/2/then/0`). kind: `set`, `create`, `send email` … text: the action as written.
    outcome: done, failed, skipped, not sent. effects: records touched and messages, each a plain mapping with
    `kind` (created, updated, deleted, notified, mail, webhook), `object`, `record_id`, `title`. condition: what a
    decision judged, with its values.
    """

    path: str
    attempt: int
    kind: str
    text: str
    outcome: str
    at: dt.datetime
    finished_at: dt.datetime | None
    result: Any = None
    error: str | None = None
    effects: tuple[Mapping[str, Any], ...] = ()
    condition: ConditionPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveStepShown:
    """A step of the save behind a run, by its number in the order of execution, and the names of what was done."""

    number: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """Everything about one run.

    chain: texts naming rules and records from the root cause to this run. cause: the run that caused it, if one did.
    caused: runs that its steps caused. matched: what the record came to match, where its trigger is such an edge.
    order: the steps of the save that it comes from. records: ids of a batch, the first of so many, readable or not.
    mode: how runs of its rule and record meet. may_retry, may_dismiss: whether the reader may, and the run can be.
    """

    summary: RunSummary
    rule_text: str
    rule_at: str
    actor_id: str | None
    actor_name: str
    runs_as: str
    mode: str
    changes: tuple[ChangeShown, ...] = ()
    condition: ConditionPart | None = None
    matched: ConditionPart | None = None
    holds: bool | None = None
    steps: tuple[StepShown, ...] = ()
    chain: tuple[str, ...] = ()
    cause: RunSummary | None = None
    caused: tuple[RunSummary, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    order: tuple[SaveStepShown, ...] = ()
    records: tuple[str, ...] = ()
    record_count: int = 0
    may_retry: bool = False
    may_dismiss: bool = False
