"""The system tables of files: which there are, whose they are, and the contents they share."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def file_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of files and their contents."""
    return {
        # One row a file that came in. object, record_id, field: of the one record that holds or held it; empty until a
        # save names it. released_at: since when the record holds it in its history only.
        "file": make.table(
            "fs_file",
            make.id(primary_key=True),
            make.text("sha256", nullable=False),
            make.text("name", nullable=False),
            make.text("type", nullable=False),
            make.number("size", nullable=False),
            make.id("uploaded_by"),
            make.instant("uploaded_at", nullable=False),
            make.text("object"),
            make.id("record_id"),
            make.text("field"),
            make.instant("released_at"),
            Index("ix_fs_file_record", "record_id", "field"),
            Index("ix_fs_file_content", "sha256"),
            Index("ix_fs_file_uploaded", "uploaded_by", "uploaded_at"),
            Index("ix_fs_file_released", "released_at"),
        ),
        # One row a content in the folder of files; its lock is held while bytes take their place or go.
        "content": make.table(
            "fs_content",
            make.text("sha256", primary_key=True),
            make.number("size", nullable=False),
            make.instant("stored_at", nullable=False),
            Index("ix_fs_content_stored", "stored_at"),
        ),
    }
