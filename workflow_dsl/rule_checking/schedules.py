"""Checks schedules: how often, the words of a cron expression, and whether there is such a time zone."""

from __future__ import annotations

from zoneinfo import available_timezones

from metamodel.names import did_you_mean
from workflow_dsl.checked_rules import TimeTrigger
from workflow_dsl.cron import CronWrong, parse_cron
from workflow_dsl.rule_checking.state import RuleChecking
from workflow_dsl.syntax import CalendarTimes, Cron, DurationUnit, Interval, ScheduleTrigger

_SHORTEST_INTERVAL_SECONDS = 60


def check_schedule(checking: RuleChecking, trigger: ScheduleTrigger) -> TimeTrigger | None:
    """Check when a schedule starts its rule; None where it can't be kept."""
    schedule = trigger.schedule
    if isinstance(schedule, Interval) and _too_short(schedule):
        checking.refuse("RUL412", "a rule runs every minute at most", schedule.duration.at, "write every 1 minute")
        return None
    assert isinstance(schedule, Interval | Cron | CalendarTimes)
    if not isinstance(schedule, Interval) and not _known(checking, schedule):
        return None
    return TimeTrigger(schedule=schedule, text=checking.text_of(trigger.at))


def _known(checking: RuleChecking, schedule: Cron | CalendarTimes) -> bool:
    if isinstance(schedule, Cron):
        try:
            parse_cron(schedule.expression)
        except CronWrong as wrong:
            hint = 'five fields say minute, hour, day, month and weekday: "0 9 * * 1" is Mondays at 09:00'
            checking.refuse("RUL419", str(wrong), schedule.at, hint)
            return False
    zones = available_timezones()
    if schedule.zone is None or schedule.zone in zones:
        return True
    hint = did_you_mean(schedule.zone, zones) or 'write it as "Asia/Shanghai"'
    checking.refuse("RUL419", f"there is no time zone '{schedule.zone}'", schedule.at, hint)
    return False


def _too_short(schedule: Interval) -> bool:
    seconds = {DurationUnit.SECOND: 1, DurationUnit.MINUTE: 60}.get(schedule.duration.unit, 3600)
    return schedule.duration.amount * seconds < _SHORTEST_INTERVAL_SECONDS
