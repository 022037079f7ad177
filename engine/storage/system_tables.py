"""The product's own tables (`fs_…`): releases, audit, runs, sessions and the like, on both databases.

One `SystemTables` per database; how these tables change between versions of the product is in `system_versions`.
Who writes a table is said at its columns; nothing here reads or writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, false
from sqlalchemy.sql.schema import SchemaItem

from engine.storage.column_types import ColumnKind, column_type
from engine.storage.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTables:
    """All system tables of one database."""

    metadata: MetaData
    release: Table
    stamp: Table
    migration: Table
    setting: Table
    credential: Table
    session: Table
    token: Table
    role: Table
    lockout: Table
    audit: Table
    sequence: Table
    run: Table
    run_step: Table
    timer: Table
    rule_state: Table
    notification: Table
    message: Table
    idempotency: Table
    imported: Table
    import_error: Table
    version: Table


class SystemTableMaker:
    """Makes system tables of one dialect; the methods below name the columns by what they hold."""

    def __init__(self, dialect: Dialect, metadata: MetaData) -> None:
        self._dialect = dialect
        self._metadata = metadata

    def table(self, name: str, *items: SchemaItem) -> Table:
        """Make a table."""
        return Table(name, self._metadata, *items)

    def id(self, name: str = "id", **options: Any) -> Column[Any]:
        """Make a column of record ids."""
        return self._column(name, ColumnKind.ID, options)

    def text(self, name: str, **options: Any) -> Column[Any]:
        """Make a text column."""
        return self._column(name, ColumnKind.TEXT, options)

    def number(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of whole numbers."""
        return self._column(name, ColumnKind.INTEGER, options)

    def instant(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of points in time."""
        return self._column(name, ColumnKind.DATETIME, options)

    def json(self, name: str, **options: Any) -> Column[Any]:
        """Make a column of JSON data."""
        return self._column(name, ColumnKind.JSON, options)

    def flag(self, name: str) -> Column[Any]:
        """Make a yes-or-no column, no by default."""
        return Column(name, Boolean(), nullable=False, server_default=false())

    def series(self, name: str = "id") -> Column[Any]:
        """Make a key that the database counts up."""
        kind = Integer() if self._dialect is Dialect.SQLITE else BigInteger()
        return Column(name, kind, primary_key=True, autoincrement=True)

    def _column(self, name: str, kind: ColumnKind, options: dict[str, Any]) -> Column[Any]:
        return Column(name, column_type(kind, self._dialect), **options)


def build_system_tables(dialect: Dialect) -> SystemTables:
    """Make all system tables of a dialect."""
    metadata = MetaData()
    make = SystemTableMaker(dialect, metadata)
    return SystemTables(
        metadata=metadata,
        **_configuration(make),
        **_accounts(make),
        **_records(make),
        **_runs(make),
        **_timers(make),
        **_outside(make),
        **_imports(make),
    )


def _configuration(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # Immutable; sources: file → text, schema: the tables as they are since then, plan: what was done.
        "release": make.table(
            "fs_release",
            make.number("number", primary_key=True, autoincrement=False),
            make.instant("at", nullable=False),
            make.text("author", nullable=False),
            make.text("comment", nullable=False),
            make.text("product_version", nullable=False),
            make.json("sources", nullable=False),
            make.json("schema", nullable=False),
            make.json("computed", nullable=False),
            make.json("plan", nullable=False),
            make.text("checksum", nullable=False),
        ),
        # Counters that processes watch to learn of changes: release, roles, tokens …
        "stamp": make.table("fs_stamp", make.text("name", primary_key=True), make.number("value", nullable=False)),
        # One row a plan that was begun; done: how many of its steps are finished.
        "migration": make.table(
            "fs_migration",
            make.series(),
            make.text("checksum", nullable=False),
            make.json("plan", nullable=False),
            make.number("done", nullable=False),
            make.json("progress"),
            make.text("state", nullable=False),
            make.instant("started_at", nullable=False),
            make.instant("finished_at"),
            make.text("error"),
        ),
        # Values of app settings in this environment.
        "setting": make.table(
            "fs_setting",
            make.text("name", primary_key=True),
            make.json("value"),
            make.instant("at", nullable=False),
            make.text("author", nullable=False),
        ),
        "version": make.table(
            "fs_version", make.number("number", primary_key=True, autoincrement=False), make.instant("at")
        ),
    }


def _accounts(make: SystemTableMaker) -> dict[str, Table]:
    return {
        "credential": make.table(
            "fs_credential",
            make.id("user_id", primary_key=True),
            make.text("password_hash"),
            make.instant("changed_at"),
            make.flag("must_change"),
            make.flag("disabled"),
        ),
        # id: hash of the secret in the cookie.
        "session": make.table(
            "fs_session",
            make.text("id", primary_key=True),
            make.id("user_id", nullable=False),
            make.instant("created_at", nullable=False),
            make.instant("seen_at", nullable=False),
            make.instant("expires_at", nullable=False),
            make.text("address"),
            make.text("agent"),
            make.json("facts"),
            Index("ix_fs_session_user", "user_id"),
            Index("ix_fs_session_expires", "expires_at"),
        ),
        "token": make.table(
            "fs_token",
            make.id(primary_key=True),
            make.id("user_id", nullable=False),
            make.text("name", nullable=False),
            make.text("hash", nullable=False, unique=True),
            make.text("prefix", nullable=False),
            make.json("scopes"),
            make.instant("created_at", nullable=False),
            make.instant("expires_at"),
            make.instant("used_at"),
            make.instant("revoked_at"),
            Index("ix_fs_token_user", "user_id"),
        ),
        "role": make.table(
            "fs_role",
            make.id("user_id", primary_key=True),
            make.text("role", primary_key=True),
            make.instant("granted_at", nullable=False),
            make.text("granted_by", nullable=False),
            Index("ix_fs_role_role", "role"),
        ),
        # key: a login or an address.
        "lockout": make.table(
            "fs_lockout",
            make.text("key", primary_key=True),
            make.number("failures", nullable=False),
            make.instant("first_at", nullable=False),
            make.instant("last_at", nullable=False),
            make.instant("locked_until"),
        ),
    }


def _records(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # One row a save: audit entry and history in one. changes: {field: [old, new]}.
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
            Index("ix_fs_audit_record", "object", "record_id", "id"),
            Index("ix_fs_audit_at", "at"),
        ),
        # Series of autonumbers and the like.
        "sequence": make.table(
            "fs_sequence", make.text("name", primary_key=True), make.number("value", nullable=False)
        ),
        # Answers to requests with an Idempotency-Key, kept for 24 hours.
        "idempotency": make.table(
            "fs_idempotency",
            make.text("actor", primary_key=True),
            make.text("key", primary_key=True),
            make.text("request_hash", nullable=False),
            make.text("state", nullable=False),
            make.number("status"),
            make.json("headers"),
            make.text("body"),
            make.instant("created_at", nullable=False),
            Index("ix_fs_idempotency_created", "created_at"),
        ),
    }


def _runs(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # snapshot: old and this of the event. cause: chain of rules and records. position, names: where it stands.
        "run": make.table(
            "fs_run",
            make.id(primary_key=True),
            make.text("rule", nullable=False),
            make.text("rule_text", nullable=False),
            make.number("release", nullable=False),
            make.text("object"),
            make.id("record_id"),
            make.text("record_title"),
            make.text("event", nullable=False),
            make.json("snapshot"),
            make.json("actor"),
            make.id("root_cause"),
            make.id("cause_run"),
            make.text("cause_step"),
            make.json("cause"),
            make.number("depth", nullable=False, server_default="0"),
            make.text("state", nullable=False),
            make.json("position"),
            make.json("names"),
            make.number("lease", nullable=False, server_default="0"),
            make.text("executor"),
            make.number("attempt", nullable=False, server_default="0"),
            make.number("actions", nullable=False, server_default="0"),
            make.number("rows", nullable=False, server_default="0"),
            make.text("outcome"),
            make.text("error"),
            make.instant("created_at", nullable=False),
            make.instant("started_at"),
            make.instant("due_at"),
            make.instant("finished_at"),
            Index("ix_fs_run_record", "object", "record_id", "created_at"),
            Index("ix_fs_run_rule", "rule", "created_at"),
            Index("ix_fs_run_state", "state", "due_at"),
            Index("ix_fs_run_created", "created_at"),
            Index("ix_fs_run_root", "root_cause"),
        ),
        "run_step": make.table(
            "fs_run_step",
            make.id("run_id", primary_key=True),
            make.text("path", primary_key=True),
            make.number("attempt", primary_key=True, autoincrement=False),
            make.text("kind", nullable=False),
            make.text("outcome"),
            make.json("result"),
            make.text("error"),
            make.json("effects"),
            make.instant("at", nullable=False),
            make.instant("finished_at"),
        ),
    }


def _timers(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # Pending points in time: schedules, `n days after field`, waits.
        "timer": make.table(
            "fs_timer",
            make.id(primary_key=True),
            make.text("kind", nullable=False),
            make.text("rule", nullable=False),
            make.text("object"),
            make.id("record_id"),
            make.id("run_id"),
            make.text("value"),
            make.instant("due_at", nullable=False),
            make.instant("fired_at"),
            make.text("state", nullable=False),
            make.json("facts"),
            Index("ix_fs_timer_due", "state", "due_at"),
            Index("ix_fs_timer_rule", "rule", "record_id"),
        ),
        # failures: in a row; off_at: since when the rule is switched off, and why.
        "rule_state": make.table(
            "fs_rule_state",
            make.text("rule", primary_key=True),
            make.number("failures", nullable=False, server_default="0"),
            make.instant("last_run_at"),
            make.instant("off_at"),
            make.text("reason"),
        ),
    }


def _outside(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # key: the run's step and the receiver, so that a repeated step tells nobody twice.
        "notification": make.table(
            "fs_notification",
            make.id(primary_key=True),
            make.text("key", unique=True),
            make.id("user_id", nullable=False),
            make.instant("at", nullable=False),
            make.text("text", nullable=False),
            make.text("object"),
            make.id("record_id"),
            make.id("run_id"),
            make.instant("read_at"),
            Index("ix_fs_notification_user", "user_id", "read_at", "at"),
        ),
        # Outbox of what leaves the installation; key: idempotency key `run:path`.
        "message": make.table(
            "fs_message",
            make.id(primary_key=True),
            make.text("key", nullable=False, unique=True),
            make.text("kind", nullable=False),
            make.text("target"),
            make.json("payload"),
            make.text("state", nullable=False),
            make.number("attempts", nullable=False, server_default="0"),
            make.id("run_id"),
            make.text("step"),
            make.text("error"),
            make.json("answer"),
            make.instant("created_at", nullable=False),
            make.instant("next_at"),
            make.instant("sent_at"),
            Index("ix_fs_message_state", "state", "next_at"),
        ),
    }


def _imports(make: SystemTableMaker) -> dict[str, Table]:
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
    }
