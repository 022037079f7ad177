"""A checked approval: who may submit it, its steps and their people, what its decisions set off; trigger and action.

Every block of actions (`on approve …`, `after approval …`) has its own paths (`actions/0`), as a rule's actions have.
"""

from __future__ import annotations

from dataclasses import dataclass

from metamodel.source import Location
from workflow_dsl.checked_rules.base import CheckedAction, CheckedValue
from workflow_dsl.syntax import ApproverChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEntry:
    """`if amount > 500_000 else approve`; otherwise: skip, approve or reject."""

    condition: CheckedValue
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDeadline:
    """`within 2 business days else …`; otherwise: escalate, approve, reject or remind."""

    within: CheckedValue
    otherwise: str
    escalate_to: tuple[CheckedValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStep:
    """One step. people: each a record or a role's name, or a list of these; none where they are chosen at submit."""

    name: str
    choice: ApproverChoice
    text: str
    label: str | None = None
    quorum: int | None = None
    people: tuple[CheckedValue, ...] = ()
    entry: CheckedEntry | None = None
    deadline: CheckedDeadline | None = None
    may_edit: tuple[str, ...] = ()
    after_approval: tuple[CheckedAction, ...] = ()
    after_rejection: tuple[CheckedAction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDecision:
    """`on approve …`; outcome: submit, approve, reject or recall."""

    outcome: str
    actions: tuple[CheckedAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedApproval:
    """One approval of one app.

    key: unique over all apps: its name, or `app.name` where an earlier app has an approval of that name. submitted_by:
    people, none where whoever may change the record submits it.
    """

    key: str
    name: str
    app: str
    at: Location
    text: str
    object: str
    steps: tuple[CheckedStep, ...]
    label: str | None = None
    condition: CheckedValue | None = None
    priority: int = 0
    submitted_by: tuple[CheckedValue, ...] = ()
    decisions: tuple[CheckedDecision, ...] = ()
    locks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTrigger:
    """`approval discount is approved`. approval: its key. outcome: submitted, approved, recalled … or timed out."""

    approval: str
    outcome: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSubmit(CheckedAction):
    """`submit for approval discount by owner`. approval: its key, None = the first that fits. by: who submits."""

    approval: str | None = None
    by: CheckedValue | None = None
