"""The system tables of imports and exports: what came in and went out, how far it is, and the refused lines."""

from __future__ import annotations

from sqlalchemy import Connection, Index, Table, column, inspect, select, table, update

from engine.storage.system_maker import SystemTableMaker

OF_PAGES = ("found", "message", "beat_at")
ADDED = (*OF_PAGES, "sample")
"""The columns that imports of an older database do not have."""


def import_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of imports."""
    return {
        # sample: heads and first rows of the file; found: what was found out about it; beat_at: when whoever works on
        # it last said so. What pages show stands here, beside no large text.
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
            make.json("found"),
            make.text("message"),
            make.instant("beat_at"),
            make.json("sample"),
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
        # The file of an import by pages or programs as one CSV text, and the rows that it refused.
        "import_file": make.table(
            "fs_import_file",
            make.id("import_id", primary_key=True),
            make.text("content", nullable=False),
            make.text("rejected"),
        ),
        # One row a batch, written in the batch's own transaction: behind the last one an import goes on. rows: of the
        # file, so far; counts: so far; held: lines that the next batch has; waiting: rows of this batch whose lookups
        # wait for later ones; waited: how many of all those have been looked up again.
        "import_batch": make.table(
            "fs_import_batch",
            make.id("import_id", primary_key=True),
            make.number("number", primary_key=True),
            make.number("rows", nullable=False),
            make.json("counts"),
            make.json("held"),
            make.json("waiting"),
            make.number("waited", nullable=False),
        ),
    }


def export_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the table of exports."""
    return {
        # Exports that are made beside requests; the file lies in the data folder. roles: of who asked, as they were.
        "exported": make.table(
            "fs_export",
            make.id(primary_key=True),
            make.text("object", nullable=False),
            make.text("actor", nullable=False),
            make.json("roles"),
            make.json("asked"),
            make.text("state", nullable=False),
            make.json("counts"),
            make.text("message"),
            make.instant("created_at", nullable=False),
            make.instant("finished_at"),
            make.instant("beat_at"),
            Index("ix_fs_export_created", "created_at"),
        ),
    }


def move_to_imports(connection: Connection, imported: Table, import_file: Table) -> None:
    """Let what pages show of imports stand with the import itself, where an older database has it with the file."""
    older = {each["name"] for each in inspect(connection).get_columns(import_file.name)}
    if not older.issuperset(OF_PAGES):
        return
    names = ("import_id", *OF_PAGES)
    before = table(import_file.name, *(column(name) for name in names))
    for name in OF_PAGES:
        value = select(before.c[name]).where(before.c.import_id == imported.c.id).scalar_subquery()
        connection.execute(update(imported).values({name: value}))
