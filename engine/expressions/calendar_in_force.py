"""The calendar that business time counts by: the main app's, else Monday to Friday from nine to six."""

from __future__ import annotations

from metamodel.apps import Metamodel
from workflow_dsl.workdays import BusinessCalendar


def calendar_in_force(metamodel: Metamodel) -> BusinessCalendar:
    """Give the calendar that app.yaml names."""
    found = metamodel.calendars.get(metamodel.main.calendar or "")
    if found is None:
        return BusinessCalendar()
    hours = {day: spans for day, spans in found.hours.items() if spans}
    return BusinessCalendar(hours=hours, holidays=found.holidays, workdays=found.workdays, zone=found.timezone)
