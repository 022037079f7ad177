"""The system table of records that are shared by hand."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def sharing_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the table of who has which records by a share (engine/records/sharing)."""
    return {
        # One row a record and grantee: `user:<id>`, `team:<id>` or `role:<name>`. edits: may change it, else only read.
        # until: when it ends, empty = never; conditions compare it with the clock, so that nothing has to end it.
        "share": make.table(
            "fs_share",
            make.text("object", primary_key=True),
            make.id("record_id", primary_key=True),
            make.text("grantee", primary_key=True),
            make.flag("edits"),
            make.instant("until"),
            make.instant("at", nullable=False),
            make.text("by"),
            Index("ix_fs_share_grantee", "grantee", "object", "record_id"),
        )
    }
