"""The system tables of the API: the numbers that committed changes got, and how often each caller asked."""

from __future__ import annotations

from sqlalchemy import Table

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
