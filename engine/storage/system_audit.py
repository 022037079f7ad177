"""The tables of the audit log and of its seals, and the guard that lets nobody change what stands in them.

Entries and seals are only ever added: the database itself refuses to change or remove them. Who owns the tables can
take the guard away, which is what the seals are for. Who writes entries, and who seals them, is no matter of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Index, Table

from engine.storage.system_maker import SystemTableMaker

_REFUSED = "the audit log is only ever added to"
_POSTGRESQL_GUARD = f"""
CREATE OR REPLACE FUNCTION fs_audit_guard() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''{_REFUSED}'' USING ERRCODE = ''insufficient_privilege''; END'
"""


def audit_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the table of entries and that of seals."""
    return {
        # One row a save: audit entry and history in one. changes: {field: [old, new]}. address, request_id: from where.
        "audit": make.table(
            "fs_audit",
            make.series(),
            make.text("object", nullable=False),
            make.id("record_id"),
            make.number("version"),
            make.instant("at", nullable=False),
            make.text("actor"),
            make.text("actor_name"),
            make.text("on_behalf"),
            make.text("origin", nullable=False),
            make.id("run_id"),
            make.text("step"),
            make.number("release"),
            make.text("action", nullable=False),
            make.json("changes"),
            make.text("address"),
            make.text("request_id"),
            Index("ix_fs_audit_record", "object", "record_id", "id"),
            Index("ix_fs_audit_at", "at"),
        ),
        # One row a block of entries that were sealed together. last: the block, and those before it, have all entries
        # up to this id. entries: id and digest of each; chained: over this block and what the one before has there.
        "seal": make.table(
            "fs_seal",
            make.number("number", primary_key=True, autoincrement=False),
            make.instant("at", nullable=False),
            make.number("last", nullable=False),
            make.number("rows", nullable=False),
            make.bytes("entries", nullable=False),
            make.bytes("chained", nullable=False),
        ),
    }


def guard_tables(connection: Connection, tables: Sequence[Table]) -> None:
    """Let the database refuse to change or remove rows of tables."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_GUARD)
    for table in tables:
        for statement in _guards(connection.dialect.name, table.name):
            connection.exec_driver_sql(statement)


def _guards(dialect: str, table: str) -> Sequence[str]:
    if dialect == "postgresql":
        return (
            f"DROP TRIGGER IF EXISTS {table}_guard ON {table}",
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION fs_audit_guard()",
        )
    return tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_guard_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        for act in ("UPDATE", "DELETE")
    )
