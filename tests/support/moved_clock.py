"""Installations of the sample shop whose clock is moved: opened again, asked what was made and what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from plugins.manager import PluginManager
from tests.support.automation import FAST, do_runs, rows_of
from tests.support.platforms import settings_for

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)


@contextmanager
def opened(url: str, folder: Path, clock: FixedClock) -> Iterator[Platform]:
    """Open an installation again, as a process that is started anew does."""
    settings = settings_for(url, folder)
    platform = Platform.open(settings, plugins=PluginManager.load(environment={}), clock=clock, tuning=FAST)
    try:
        yield platform
    finally:
        platform.close()


def at(platform: Platform, clock: FixedClock, moment: str) -> None:
    """Let it be a moment, and do what is due then."""
    clock.move_to(dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC))
    platform.automation.keeper().tick()
    do_runs(platform)
    platform.automation.keeper().tick()
    do_runs(platform)


def subjects(platform: Platform) -> list[str]:
    """Give what jobs were made."""
    return sorted(job["subject"] for job in rows_of(platform, "job"))


def create(platform: Platform, name: str, **values: object) -> str:
    """Make a deal."""
    return platform.records.create(system_actor(), "deal", {"name": name, **values}).record.id


def change(platform: Platform, deal: str, **values: object) -> None:
    """Change a deal."""
    platform.records.update(system_actor(), "deal", deal, values)


def waiting(platform: Platform) -> int:
    """Give how many runs wait for a condition, and for nothing else."""
    run = platform.system.run
    with platform.database.read() as connection:
        return int(
            connection.execute(select(func.count()).select_from(run).where(run.c.held_by == "condition")).scalar() or 0
        )
