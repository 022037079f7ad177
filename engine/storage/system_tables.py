"""The product's own tables (`fs_…`): releases, audit, runs, sessions and the like, on both databases.

One `SystemTables` per database; how these tables change between versions of the product is in `system_versions`.
Who writes a table is said at its columns; nothing here reads or writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Index, MetaData, Table

from engine.storage.dialect import Dialect
from engine.storage.system_accounts import account_tables
from engine.storage.system_approvals import approval_tables
from engine.storage.system_audit import audit_tables
from engine.storage.system_automation import (
    assignment_tables,
    control_tables,
    outside_tables,
    run_tables,
    timer_tables,
)
from engine.storage.system_calls import call_tables, webhook_tables
from engine.storage.system_connectors import connector_tables
from engine.storage.system_events import event_tables
from engine.storage.system_fates import fate_tables
from engine.storage.system_files import file_tables
from engine.storage.system_imports import export_tables, import_tables
from engine.storage.system_mail import mail_tables
from engine.storage.system_maker import SystemTableMaker
from engine.storage.system_privacy import privacy_tables
from engine.storage.system_sharing import sharing_tables
from engine.storage.system_surveys import survey_tables
from engine.storage.system_views import view_tables
from engine.storage.system_waits import wait_tables

RELEASE_STAMP = "release"
"""The stamp that has the newest release's number."""
DATA_STAMP = "reference_data"
"""The stamp that has the number of the last release whose data files and organization were loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTables:
    """All system tables of one database."""

    metadata: MetaData
    release: Table
    checked: Table
    stamp: Table
    migration: Table
    setting: Table
    credential: Table
    session: Table
    token: Table
    role: Table
    lockout: Table
    recovery: Table
    access_request: Table
    reset: Table
    audit: Table
    seal: Table
    renamed: Table
    sequence: Table
    conversion: Table
    merge: Table
    apart: Table
    match: Table
    share: Table
    saved_view: Table
    recent: Table
    stage: Table
    run: Table
    run_step: Table
    timer: Table
    wait: Table
    wait_key: Table
    touched: Table
    awaited: Table
    rule_state: Table
    throttle: Table
    target: Table
    run_origin: Table
    run_count: Table
    approval: Table
    approval_visit: Table
    approval_seat: Table
    approval_event: Table
    queue_turn: Table
    assignment: Table
    notification: Table
    message: Table
    idempotency: Table
    imported: Table
    import_error: Table
    import_file: Table
    import_batch: Table
    exported: Table
    file: Table
    content: Table
    survey: Table
    event: Table
    mailbox: Table
    mail_in: Table
    change: Table
    change_state: Table
    rate: Table
    person_key: Table
    hold: Table
    disposal: Table
    call: Table
    webhook_try: Table
    webhook_off: Table
    connector: Table
    connector_record: Table
    connector_difference: Table
    version: Table


def build_system_tables(dialect: Dialect) -> SystemTables:
    """Make all system tables of a dialect."""
    metadata = MetaData()
    make = SystemTableMaker(dialect, metadata)
    return SystemTables(
        metadata=metadata,
        **_configuration(make),
        **account_tables(make),
        **audit_tables(make),
        **_records(make),
        **fate_tables(make),
        **sharing_tables(make),
        **view_tables(make),
        **run_tables(make),
        **timer_tables(make),
        **wait_tables(make),
        **assignment_tables(make),
        **outside_tables(make),
        **approval_tables(make),
        **control_tables(make),
        **import_tables(make),
        **export_tables(make),
        **file_tables(make),
        **mail_tables(make),
        **survey_tables(make),
        **event_tables(make),
        **call_tables(make),
        **privacy_tables(make),
        **connector_tables(make),
        **webhook_tables(make),
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
        # What was found when checking the newest release's expressions and rules, one signed row a part of it; program:
        # which program found it (engine/releases/kept_trees.py). Checked again wherever it is missing.
        "checked": make.table(
            "fs_checked",
            make.number("release", primary_key=True, autoincrement=False),
            make.text("part", primary_key=True),
            make.text("program", nullable=False),
            make.bytes("content", nullable=False),
        ),
        # Counters that processes watch to learn of changes: release, roles, tokens …
        "stamp": make.table("fs_stamp", make.text("name", primary_key=True), make.number("value", nullable=False)),
        # One row a plan that was begun; release: the one it starts from; done: how many of its steps are finished.
        "migration": make.table(
            "fs_migration",
            make.series(),
            make.text("checksum", nullable=False),
            make.json("plan", nullable=False),
            make.number("done", nullable=False),
            make.number("release", nullable=False),
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


def _records(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # One row a rename of a field or option: what it is called in audit entries up to `last_entry`.
        "renamed": make.table(
            "fs_renamed",
            make.series(),
            make.text("object", nullable=False),
            make.text("field", nullable=False),
            make.text("kind", nullable=False),
            make.text("before", nullable=False),
            make.text("after", nullable=False),
            make.number("last_entry", nullable=False),
            Index("ix_fs_renamed_object", "object"),
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
