"""The system tables of imports: what was imported, and the lines that were refused."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def import_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of imports."""
    return {
        "imported": make.table(
            "fs_import",
            make.id(primary_key=True),
            make.text("object", nullable=False),
            make.text("file", nullable=False),
            make.text("actor"),
            make.json("mapping"),
            make.flag("dry_run"),
            make.text("state", nullable=False),
            make.json("counts"),
            make.instant("created_at", nullable=False),
            make.instant("finished_at"),
            Index("ix_fs_import_created", "created_at"),
        ),
        "import_error": make.table(
            "fs_import_error",
            make.series(),
            make.id("import_id", nullable=False),
            make.number("line", nullable=False),
            make.text("column"),
            make.text("value"),
            make.text("reason", nullable=False),
            Index("ix_fs_import_error_import", "import_id", "line"),
        ),
        # What an import by pages is made of: the file as one CSV text, what was found out about it, and the rows it
        # refused; beat_at: when whoever works on it last said so.
        "import_file": make.table(
            "fs_import_file",
            make.id("import_id", primary_key=True),
            make.text("content", nullable=False),
            make.text("rejected"),
            make.json("found"),
            make.text("message"),
            make.instant("beat_at"),
        ),
    }
