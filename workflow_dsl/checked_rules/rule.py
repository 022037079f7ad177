"""A checked rule as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.source import Location
from workflow_dsl.checked_rules.approvals import ApprovalTrigger
from workflow_dsl.checked_rules.base import CheckedAction, CheckedRows, CheckedValue
from workflow_dsl.checked_rules.calls import CallTrigger
from workflow_dsl.checked_rules.triggers import HeldTrigger, MomentTrigger, RecordTrigger, TimeTrigger
from workflow_dsl.syntax import RunAs


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRule:
    """One rule of one app.

    key: unique over all apps: its name, or `app.name` where an earlier app has a rule of that name. object: key of the
    object of `this`, None where the rule has no record. each: the records that a scheduled rule runs for, each as
    `this` (and under `each_name`, where one was written). otherwise: actions when the condition does not hold, with
    paths `else/n`. text: as it was written. writes: (object, field) that its actions may set; "" where they make one.
    mode: how runs of one record meet. once: the period in which it runs once a record (`ever` too). limit, limit_unit:
    how often it runs at most. on_failure: actions when it has failed, with paths `failure/n`.
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
    on_held: tuple[HeldTrigger, ...] = ()
    on_time: tuple[TimeTrigger, ...] = ()
    on_approval: tuple[ApprovalTrigger, ...] = ()
    on_call: tuple[CallTrigger, ...] = ()
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
    calendar: str | None = None
    mode: str = "queued"
    once: str | None = None
    limit: int | None = None
    limit_unit: str = ""
    on_failure: tuple[CheckedAction, ...] = ()
    active: bool = True
    writes: frozenset[tuple[str, str]] = frozenset()
