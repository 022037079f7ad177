"""Puts approvals together and joins them to the door, which asks for locks, and the housekeeping, which keeps time."""

from __future__ import annotations

import datetime as dt

from engine.approvals.service import Approvals
from engine.automation.duties import Duty
from engine.automation.service import Automation
from engine.clock import Clock
from engine.ids import IdMaker
from engine.records.service import Records
from engine.releases.store import ReleaseStore
from engine.settings import PlatformSettings
from engine.storage.system_tables import SystemTables

_EVERY = dt.timedelta(seconds=5)


def open_approvals(
    settings: PlatformSettings,
    system: SystemTables,
    releases: ReleaseStore,
    records: Records,
    automation: Automation,
    clock: Clock,
    ids: IdMaker,
) -> Approvals:
    """Make the approvals of an installation."""
    made = Approvals(
        system=system,
        releases=releases,
        records=records,
        automation=automation,
        clock=clock,
        ids=ids,
        secret=settings.secret(),
        base_url=settings.base_url,
    )
    records.guard(made.locks)
    automation.take_on(Duty(name="approvals", every=_EVERY, do=made.times().act))
    return made
