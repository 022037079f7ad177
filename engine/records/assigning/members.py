"""The members of a queue as they stand now, and why some of them can't take a record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.expressions.calendar_in_force import business_calendar

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

QUEUE, MEMBER, USER = "queue", "queue_member", "user"
Days = tuple[dt.date | None, dt.date | None]
Fits = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in a queue. weight: how many of them somebody of weight 1 gets one to. capacity: None = any number.

    calendar: name of the calendar of the working hours, None = always. away: absences, in this queue and of the user,
    each with first and last day, None = open.
    """

    user_id: str
    name: str
    values: Mapping[str, Any]
    weight: int = 1
    capacity: int | None = None
    skills: frozenset[str] = frozenset()
    calendar: str | None = None
    away: tuple[Days, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a member must be to take a record. fits: the rule's own condition. besides: who had it already."""

    skills: frozenset[str] = frozenset()
    fits: Fits | None = None
    besides: frozenset[str] = frozenset()


def members_of(transaction: Transaction, queue_id: str) -> tuple[Member, ...]:
    """Give the members of a queue by the id of their user, whether or not they can take something now."""
    cache = transaction.cache
    rows = [row for _, row in cache.children(QUEUE, "members", queue_id) if row["member"] is not None]
    cache.prefetch(USER, [row["member"] for row in rows])
    queue = cache.related(QUEUE, queue_id) or {}
    found = []
    for row in rows:
        user = cache.related(USER, row["member"])
        if user is not None:
            found.append(_member(row, user, queue))
    return tuple(sorted(found, key=lambda each: each.user_id))


def _member(row: Mapping[str, Any], user: Mapping[str, Any], queue: Mapping[str, Any]) -> Member:
    absences = ((each.get("away_from"), each.get("away_until")) for each in (row, user))
    return Member(
        user_id=str(user["id"]),
        name=str(user.get("name") or ""),
        values=user,
        weight=max(int(row.get("weight") or 1), 1),
        capacity=row.get("capacity") or queue.get("capacity"),
        skills=frozenset(folded(skill) for skill in row.get("skills") or ()),
        calendar=row.get("hours") or None,
        away=tuple(days for days in absences if days != (None, None)),
    )


def folded(skill: str) -> str:
    """Give a skill as it is compared: case and spaces around it do not count."""
    return skill.strip().casefold()


def left_out(transaction: Transaction, members: tuple[Member, ...], wanted: Wanted) -> Iterator[tuple[Member, str]]:
    """Give the members that can't take a record now, each with the code of the first reason; load is not looked at.

    Raises: EvaluationError: the rule's condition can't be told of somebody.
    """
    for member in members:
        why = _why_not(transaction, member, wanted)
        if why is not None:
            yield member, why


def _why_not(transaction: Transaction, member: Member, wanted: Wanted) -> str | None:
    if member.values.get("active") is False:
        return "inactive"
    if member.user_id in wanted.besides:
        return "had"
    if _is_away(member, transaction.today):
        return "away"
    if member.calendar is not None and not _works_now(transaction, member.calendar):
        return "hours"
    if not wanted.skills <= member.skills:
        return "skills"
    return "where" if wanted.fits is not None and not wanted.fits(member.values) else None


def _is_away(member: Member, today: dt.date) -> bool:
    return any((first is None or first <= today) and (last is None or today <= last) for first, last in member.away)


def _works_now(transaction: Transaction, name: str) -> bool:
    """Say whether a calendar counts this moment; one that is not there counts none."""
    definition = transaction.parts.metamodel.calendars.get(name)
    if definition is None:
        return False
    zone, now = transaction.around.zone, transaction.now
    calendar = business_calendar(definition)
    # A day of another zone may have begun or not have ended yet.
    days = (now.astimezone(zone).date() + dt.timedelta(days=shift) for shift in (-1, 0, 1))
    return any(begin <= now < end for day in days for begin, end in calendar.spans(day, zone))
