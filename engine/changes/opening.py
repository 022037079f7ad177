"""The change feed of an installation as its operator has set it, and what its workers do for it beside requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.automation.duties import Duty
from engine.changes.numbering import ChangeNumbers
from engine.clock import Clock
from engine.settings import PlatformSettings
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

_KEEP_UP_EVERY = dt.timedelta(seconds=10)
_FORGET_EVERY = dt.timedelta(hours=1)


def change_numbers(settings: PlatformSettings, database: Database, system: SystemTables) -> ChangeNumbers:
    """Give the numbering of changes."""
    return ChangeNumbers(database, system, dt.timedelta(days=settings.keep_changes_days))


def change_duties(settings: PlatformSettings, database: Database, system: SystemTables, clock: Clock) -> Sequence[Duty]:
    """Give what housekeeping does: number what was committed, let go of what is past its time."""
    numbers = change_numbers(settings, database, system)
    return (
        Duty(name="numbers of changes", every=_KEEP_UP_EVERY, do=lambda: numbers.keep_up(clock.now())),
        Duty(name="changes past their time", every=_FORGET_EVERY, do=lambda: numbers.forget_old(clock.now())),
    )
