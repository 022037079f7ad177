"""The system table of behaviour events: which ids were taken in, and what they said (engine/intake/events)."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def event_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the table of events."""
    return {
        # One row an event, for as long as its record is not erased. digest: of what was sent; it is sent again alike.
        "event": make.table(
            "fs_event",
            make.text("object", primary_key=True),
            make.text("event_id", primary_key=True),
            make.text("digest", nullable=False),
            make.id("record_id"),
            make.instant("created_at", nullable=False),
            Index("ix_fs_event_record", "object", "record_id"),
        )
    }
