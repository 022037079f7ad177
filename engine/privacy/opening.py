"""Puts together what an installation does about personal data, and the duties by which it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from engine.automation.duties import Duty
from engine.clock import Clock
from engine.files.collecting import FileCollector
from engine.privacy.erasure_list import ErasureList
from engine.privacy.leftovers import Leftovers
from engine.privacy.service import Privacy
from engine.records.service import Records
from engine.releases.store import ReleaseStore
from engine.settings import PlatformSettings

_A_NIGHT, _LOOK_EVERY = dt.timedelta(days=1), dt.timedelta(minutes=5)


def open_privacy(
    settings: PlatformSettings,
    releases: ReleaseStore,
    records: Records,
    collector: FileCollector,
    clock: Clock,
    take_on: Callable[[Duty], None],
) -> Privacy:
    """Open it. take_on: who does duties for it."""
    database, system, folder = releases.database, releases.system, settings.data_folder
    privacy = Privacy(
        database=database,
        system=system,
        records=records,
        clock=clock,
        current=lambda: releases.current() if releases.has_release() else None,
        collector=collector,
        erasures=ErasureList(folder=folder),
        leftovers=Leftovers(database=database, system=system, collector=collector, data_folder=folder),
        data_folder=folder,
    )
    take_on(Duty(name="erasures that a restore undid", every=_LOOK_EVERY, do=privacy.erase_again))
    take_on(Duty(name="records past their time", every=_A_NIGHT, do=lambda: privacy.keeper().run()))
    return privacy
