"""Whether a value or a schedule may depend on a calendar of business days and hours."""

from __future__ import annotations

from metamodel.values import Duration
from workflow_dsl.syntax import CalendarTimes, Interval, Schedule
from workflow_dsl.typed import Constant, FunctionCall, PeriodTest, Typed
from workflow_dsl.typed_walk import walk
from workflow_dsl.types import Kind


def may_count_business_time(typed: Typed) -> bool:
    """Say whether a calendar may matter: for a duration that is no constant nobody knows before it is computed."""
    return any(_may_count(node) for node in walk(typed))


def counts_business_days(schedule: Schedule) -> bool:
    """Say whether a schedule depends on a calendar."""
    if isinstance(schedule, CalendarTimes):
        return "business day" in schedule.days
    return isinstance(schedule, Interval) and schedule.duration.business


def _may_count(node: Typed) -> bool:
    if isinstance(node, Constant):
        value = node.value
        return isinstance(value, Duration) and bool(value.business_days or value.business_seconds)
    if isinstance(node, FunctionCall):
        return "business" in node.function.name or node.type.kind is Kind.DURATION
    if isinstance(node, PeriodTest):
        return node.period.business
    return node.type.kind is Kind.DURATION
