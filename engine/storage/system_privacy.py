"""The system tables of privacy: keys of personal values in the audit log, legal holds, what was disposed of."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def privacy_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of engine/privacy."""
    return {
        # One row a record whose audit entries hold personal values; without its key nobody can read them.
        "person_key": make.table(
            "fs_person_key",
            make.text("id", primary_key=True),
            make.text("object", nullable=False),
            make.id("record_id", nullable=False),
            make.text("key", nullable=False),
            Index("ix_fs_person_key_record", "object", "record_id", unique=True),
        ),
        # Records under legal hold: nobody and nothing erases or archives them.
        "hold": make.table(
            "fs_hold",
            make.text("object", primary_key=True),
            make.id("record_id", primary_key=True),
            make.text("reason", nullable=False),
            make.instant("at", nullable=False),
            make.text("by"),
        ),
        # What became of records: act is `erased`, `archived`, or why the nightly job kept one (`held`, `kept`).
        "disposal": make.table(
            "fs_disposal",
            make.series(),
            make.text("act", nullable=False),
            make.text("object", nullable=False),
            make.id("record_id", nullable=False),
            make.instant("at", nullable=False),
            make.text("by"),
            make.text("reason"),
            Index("ix_fs_disposal_record", "object", "record_id"),
            Index("ix_fs_disposal_act", "act", "id"),
        ),
    }
