"""The calendar that business time counts by: the main app's, else Monday to Friday from nine to six."""

from __future__ import annotations

from metamodel.apps import Metamodel
from metamodel.definitions.service import CalendarDef
from workflow_dsl.workdays import BusinessCalendar


def calendar_in_force(metamodel: Metamodel) -> BusinessCalendar:
    """Give the calendar that app.yaml names."""
    found = metamodel.calendars.get(metamodel.main.calendar or "")
    return BusinessCalendar() if found is None else business_calendar(found)


def business_calendar(found: CalendarDef) -> BusinessCalendar:
    """Give a calendar of the app as business time counts by it."""
    hours = {day: spans for day, spans in found.hours.items() if spans}
    return BusinessCalendar(hours=hours, holidays=found.holidays, workdays=found.workdays, zone=found.timezone)
