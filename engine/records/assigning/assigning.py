"""Assigns a record to the next member of a queue who can take it, by turn, load or skill, in the caller's transaction.

The owner is saved with the rights of who acts; who is next follows from the queue alone, whatever of it that person
may read. Assignments of one queue wait for each other, so that shares come out even when they come at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine import faults
from engine.records.assigning.keeping import Asked, keep_assignment
from engine.records.assigning.loads import loads_of
from engine.records.assigning.members import QUEUE, USER, Member, Wanted, folded, left_out, members_of
from engine.records.assigning.reasons import reason
from engine.records.assigning.turns import take_turn, wait_for_queue
from metamodel.values import Duration, Ref
from workflow_dsl.syntax import AssignMethod

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

SKILLS = "skills"
"""The field of an object that says which skills its records need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What came of it. member: id of the user, None where the record is the queue's. changed: whether anything was."""

    target: Ref
    member: str | None
    changed: bool
    reason: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Who can take the record, who can't and why, and what each of the former has on their hands."""

    able: Sequence[Member]
    out: Sequence[tuple[str, str]]
    loads: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def assign_next(transaction: Transaction, target: Ref, asked: Asked, wanted: Wanted) -> Assigned:
    """Make the next fitting member of a queue the owner of a record; without one it is the queue's.

    One that somebody did not touch in time stays where it is, if nobody else can take it.

    Raises: RecordNotFound, AccessDenied, ValidationFailed, EvaluationError.
    """
    transaction.get(target.object, target.id, fields=("id",))
    wait_for_queue(transaction, asked.queue)
    if asked.method is AssignMethod.SKILL:
        wanted = replace(wanted, skills=wanted.skills | needed_skills(transaction, target))
    choice = _choice(transaction, target, asked, wanted)
    queue = transaction.cache.related(QUEUE, asked.queue) or {}
    if not choice.able:
        why = reason("nobody", choice.out, queue=queue.get("name") or "")
        if asked.before is not None:
            return Assigned(target=target, member=None, changed=False, reason=why)
        return _saved(transaction, target, asked, None, why, None)
    code, member = _chosen(transaction, asked, choice)
    why = reason(
        code,
        choice.out,
        before=asked.before,
        queue=queue.get("name") or "",
        name=member.name,
        of=len(choice.able),
        load=choice.loads.get(member.user_id),
        skills=", ".join(sorted(wanted.skills)),
    )
    return _saved(transaction, target, asked, member, why, queue.get("touch_within"))


def needed_skills(transaction: Transaction, target: Ref) -> frozenset[str]:
    """Give the skills that a record needs: the values of its field `skills`."""
    values = transaction.cache.related(target.object, target.id) or {}
    found = values.get(SKILLS)
    if found is None:
        return frozenset()
    return frozenset(folded(str(each)) for each in ([found] if isinstance(found, str) else found))


def _choice(transaction: Transaction, target: Ref, asked: Asked, wanted: Wanted) -> _Choice:
    members = members_of(transaction, asked.queue)
    unable = {member.user_id: (member.name, why) for member, why in left_out(transaction, members, wanted)}
    able = [each for each in members if each.user_id not in unable]
    loads: Mapping[str, int] = {}
    if asked.method is not AssignMethod.ROUND_ROBIN or any(each.capacity is not None for each in able):
        loads = loads_of(transaction, target.object, [each.user_id for each in able], target.id)
        for each in able:
            if each.capacity is not None and loads[each.user_id] >= each.capacity:
                unable[each.user_id] = (each.name, "full")
    able = [each for each in able if each.user_id not in unable]
    return _Choice(able=able, out=list(unable.values()), loads=loads)


def _chosen(transaction: Transaction, asked: Asked, choice: _Choice) -> tuple[str, Member]:
    """Give the member that is next, and the code of the reason; who has equally little on hand takes turns."""
    among: Sequence[Member] = choice.able
    if asked.method is not AssignMethod.ROUND_ROBIN:
        among = _with_least(among, choice.loads)
    member = take_turn(transaction, asked.queue, among)
    if len(choice.able) == 1 and asked.method is not AssignMethod.SKILL:
        return "only", member
    return {AssignMethod.LOAD: "load", AssignMethod.SKILL: "skill"}.get(asked.method, "turn"), member


def _with_least(able: Sequence[Member], loads: Mapping[str, int]) -> Sequence[Member]:
    shares = {each.user_id: Fraction(loads[each.user_id], each.weight) for each in able}
    least = min(shares.values())
    return [each for each in able if shares[each.user_id] == least]


def _saved(
    transaction: Transaction,
    target: Ref,
    asked: Asked,
    member: Member | None,
    why: Mapping[str, Any],
    touch_within: Duration | None,
) -> Assigned:
    owner = Ref(USER, member.user_id) if member is not None else Ref(QUEUE, asked.queue)
    saved = transaction.update(target.object, target.id, {"owner": owner}, confirm=None)
    faults.reach("assign.saved")
    due = None
    if member is not None and touch_within is not None:
        due = transaction.now + dt.timedelta(seconds=float(touch_within.length_seconds))
    user_id = member.user_id if member is not None else None
    keep_assignment(transaction, target, saved.record.version, asked, user_id=user_id, why=why, due_at=due)
    return Assigned(target=target, member=user_id, changed=bool(saved.changed), reason=why)
