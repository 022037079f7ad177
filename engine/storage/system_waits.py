"""The system tables of runs that wait until a condition holds (`wait until`)."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def wait_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of who waits for what, and of the saves that they have not been told of yet."""
    return {
        # look_at: when the run is looked at next, empty until a save touches what it reads. until: where it times out.
        "wait": make.table(
            "fs_wait",
            make.id("run_id", primary_key=True),
            make.instant("look_at"),
            make.instant("until"),
            Index("ix_fs_wait_look", "look_at"),
        ),
        # One row a record, list or object that the condition of a waiting run has read.
        "wait_key": make.table(
            "fs_wait_key",
            make.text("key", primary_key=True),
            make.id("run_id", primary_key=True),
            Index("ix_fs_wait_key_run", "run_id"),
        ),
        # What saves have touched of objects that some rule waits for; gone once the waiting runs have been told.
        "touched": make.table("fs_touched", make.series(), make.json("keys", nullable=False)),
        # What the waits of a release may read, so that a later release knows it for the runs that are still on the way.
        "awaited": make.table(
            "fs_awaited",
            make.number("release", primary_key=True, autoincrement=False),
            make.text("object", primary_key=True),
            make.text("via", primary_key=True),
        ),
    }
