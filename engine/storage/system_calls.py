"""The system tables of the API: numbers of committed changes, how often each caller asked, and calls of webhooks."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def call_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of the change feed and of rate limits."""
    return {
        # One row a committed change that the feed gives; number: its place, without gaps; audit_id: its audit row.
        "change": make.table(
            "fs_change",
            make.number("number", primary_key=True, autoincrement=False),
            make.number("audit_id", nullable=False, unique=True),
        ),
        # `settled`: the audit rows up to this one are numbered, or were rolled back. `marked`: up to this one they are
        # once the transactions in `holders` have ended. `pruned`: the last number that is no longer kept.
        "change_state": make.table(
            "fs_change_state",
            make.text("name", primary_key=True),
            make.number("value", nullable=False),
            make.json("holders"),
        ),
        # How many calls of a user or token the processes have set aside in the newest stretch of time.
        "rate": make.table(
            "fs_rate",
            make.text("key", primary_key=True),
            make.number("stretch", nullable=False),
            make.number("taken", nullable=False),
        ),
    }


def webhook_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of webhooks that rules call (engine/automation/webhook_calls)."""
    return {
        # One row a try; key: of the message (fs_message). No status: no answer came, `error` says why.
        "webhook_try": make.table(
            "fs_webhook_try",
            make.series(),
            make.text("key", nullable=False),
            make.id("run_id", nullable=False),
            make.instant("at", nullable=False),
            make.text("url", nullable=False),
            make.json("headers", nullable=False),
            make.text("body", nullable=False),
            make.number("status"),
            make.json("answer_headers"),
            make.text("answer"),
            make.text("error"),
            Index("ix_fs_webhook_try_key", "key"),
            Index("ix_fs_webhook_try_run", "run_id"),
        ),
        # Webhooks that answered 410; url: the address that did, another one is called.
        "webhook_off": make.table(
            "fs_webhook_off",
            make.text("connection", primary_key=True),
            make.text("url", nullable=False),
            make.instant("at", nullable=False),
        ),
    }
