"""The system tables of what lists remember for people: the views they save, the records they opened."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def view_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of saved views and opened records (engine/records/saved_views.py, recent_records.py)."""
    return {
        # audience: who sees it beside its owner: `user:<id>` of the owner, `team:<id>` or `role:<name>`. first: it is
        # what they see before they choose a view. state: what the address of the list holds. seal: a signature over
        # all of it but used_at, so that a row changed in the database is no view.
        "saved_view": make.table(
            "fs_view",
            make.id(primary_key=True),
            make.text("object", nullable=False),
            make.text("owner", nullable=False),
            make.text("audience", nullable=False),
            make.text("label", nullable=False),
            make.flag("locked"),
            make.flag("first"),
            make.json("state", nullable=False),
            make.text("seal", nullable=False),
            make.instant("changed_at", nullable=False),
            make.instant("used_at"),
            Index("ix_fs_view_audience", "object", "audience"),
            Index("ix_fs_view_owner", "object", "owner"),
        ),
        # at: when the person opened the record last.
        "recent": make.table(
            "fs_recent",
            make.text("user", primary_key=True),
            make.text("object", primary_key=True),
            make.text("record_id", primary_key=True),
            make.instant("at", nullable=False),
        ),
    }
