"""Puts the desks of imports and exports together, and the duties by which they go on after a restart and are tidied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from engine.access.actor import Actor
from engine.accounts.users import UserDirectory
from engine.automation.duties import Duty
from engine.clock import Clock
from engine.exports.desk import ExportDesk
from engine.exports.service import Exports
from engine.ids import IdMaker
from engine.imports.desk import ImportDesk
from engine.imports.job_rows import JobRows
from engine.imports.service import Imports
from engine.records.service import Records
from engine.releases.store import ReleaseStore

_LOOK_EVERY, _TIDY_EVERY = dt.timedelta(seconds=20), dt.timedelta(hours=1)


def open_desks(
    releases: ReleaseStore,
    records: Records,
    imports: Imports,
    exports: Exports,
    clock: Clock,
    ids: IdMaker,
    data_folder: Path,
    take_on: Callable[[Duty], None],
) -> tuple[ImportDesk, ExportDesk]:
    """Open both desks. take_on: who does duties for them."""
    database, system = releases.database, releases.system
    users = UserDirectory(releases.current, system.credential, system.role, clock)

    def find_actor(user_id: str) -> Actor | None:
        with database.read() as connection:
            found = users.load(connection, user_id)
        return found.actor() if found is not None and found.enabled else None

    coming = ImportDesk(
        imports=imports,
        records=records,
        release=releases.current,
        database=database,
        rows=JobRows(system, imports.kept),
        clock=clock,
        ids=ids,
        find_actor=find_actor,
    )
    going = ExportDesk(
        exports=exports,
        records=records,
        database=database,
        system=system,
        clock=clock,
        ids=ids,
        folder=data_folder / "exports",
        find_actor=find_actor,
    )

    def go_on() -> None:
        if releases.has_release():
            coming.go_on()
            going.go_on()

    def tidy() -> None:
        coming.purge()
        going.purge()

    take_on(Duty(name="imports and exports that stand still", every=_LOOK_EVERY, do=go_on))
    take_on(Duty(name="old files of imports and exports", every=_TIDY_EVERY, do=tidy, at_start=False))
    return coming, going
