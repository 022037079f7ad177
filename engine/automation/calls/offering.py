"""Which buttons a person has on a record: those of their role whose rule's condition holds there.

Conditions see the whole record, as conditions of rules do; one that can't be evaluated is not met. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.access.compiler import Access
from engine.automation.calls.among import holding_among
from engine.automation.calls.index import Button
from engine.automation.eyes import SeenByActor
from engine.automation.people import users_of
from engine.automation.people_in_records import RecordDirectory
from engine.automation.program import OnButton, Program, reads_inputs
from engine.expressions.context import RecordContext
from engine.records.transaction import Transaction
from workflow_dsl.evaluation_errors import EvaluationError
from workflow_dsl.typed import ListValue, NamedValue
from workflow_dsl.types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRule:
    """A rule that a press starts. holds: what its condition gave; None where it has none."""

    program: Program
    trigger: OnButton
    holds: bool | None


class Presser:
    """A `Directory` of one person: it knows of them alone whether they belong somewhere."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._directory = RecordDirectory(transaction, SeenByActor(transaction))

    def members(self, object_key: str, record_id: str) -> Iterable[str]:
        """Give the person where they are in that team or queue."""
        actor = self._transaction.actor
        if object_key == "team":
            found = actor.team_id == record_id
        else:
            found = actor.user_id in tuple(self._directory.members(object_key, record_id))
        return (actor.user_id,) if found and actor.user_id is not None else ()

    def with_role(self, role: str) -> Iterable[str]:
        """Give the person where they hold that role, by others that include it too."""
        actor = self._transaction.actor
        return (actor.user_id,) if role in self._transaction.access.roles and actor.user_id is not None else ()

    def address(self, object_key: str, record_id: str) -> str | None:
        """Give nobody's address."""
        return None


def may_press(transaction: Transaction, trigger: OnButton, context: RecordContext) -> bool:
    """Say whether a button is for who acts: one of those that `by` names, or anybody where it names nobody.

    Raises: EvaluationError.
    """
    actor = transaction.actor
    if not trigger.by or actor.is_system:
        return True
    who = Presser(transaction)
    return any(actor.user_id in tuple(users_of(each.typed, each.evaluate(context), who)) for each in trigger.by)


def may_press_somewhere(access: Access, trigger: OnButton) -> bool:
    """Say whether a button can be for somebody, on some record: all but roles that they do not hold can."""
    if not trigger.by or access.full:
        return True
    for each in trigger.by:
        parts = each.typed.items if isinstance(each.typed, ListValue) else (each.typed,)
        for part in parts:
            if not (isinstance(part, NamedValue) and part.type.kind is Kind.ROLE):
                return True
            if part.name in access.roles:
                return True
    return False


def open_rules(
    transaction: Transaction,
    button: Button,
    context: RecordContext,
    names: Mapping[str, Any] | None = None,
    *,
    off: frozenset[str] = frozenset(),
) -> tuple[OpenRule, ...]:
    """Give the rules that a press on a record starts now; none where the button is not there for who acts.

    names: what was entered; without it conditions that read it are taken to hold. off: rules that are switched off.
    """
    found = []
    for program, trigger in button.rules:
        if program.name in off:
            continue
        try:
            if not may_press(transaction, trigger, context):
                continue
            holds = _holds(program, context, names)
        except EvaluationError:
            continue
        if holds is not False or program.otherwise:
            found.append(OpenRule(program=program, trigger=trigger, holds=holds))
    return tuple(found)


def open_among(
    transaction: Transaction, button: Button, ids: Sequence[str], *, off: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Give those of some records that a button is there on for who acts, by a statement a rule."""
    found: set[str] = set()
    for program, trigger in button.rules:
        if program.name in off:
            continue
        mine = [each for each in ids if each not in found]
        if trigger.by and not _is_for_all(transaction, trigger):
            mine = [each for each in mine if _is_for(transaction, button.object, each, trigger)]
        judged = None if program.otherwise or reads_inputs(program.condition) else program.condition
        found |= holding_among(transaction, button.object, judged, mine)
    return frozenset(found)


def _is_for_all(transaction: Transaction, trigger: OnButton) -> bool:
    """Say whether a button is for who acts on every record, by a role of theirs."""
    roles = transaction.access.roles
    named = (each.typed for each in trigger.by if isinstance(each.typed, NamedValue))
    return transaction.actor.is_system or any(each.type.kind is Kind.ROLE and each.name in roles for each in named)


def _is_for(transaction: Transaction, object_key: str, record_id: str, trigger: OnButton) -> bool:
    values = transaction.cache.related(object_key, record_id)
    try:
        return values is not None and may_press(transaction, trigger, transaction.context(object_key, values))
    except EvaluationError:
        return False


def _holds(program: Program, context: RecordContext, names: Mapping[str, Any] | None) -> bool | None:
    if program.condition is None or (names is None and reads_inputs(program.condition)):
        return None
    judged = context if names is None else context.with_given(names)
    return bool(program.condition.evaluate(judged))
