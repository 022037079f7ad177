"""The system tables of connectors: how each stands, what both sides last agreed on, and where they differ."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def connector_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of engine/connectors."""
    return {
        # One row a connector. phase, cursor: where its run is. asked: `run` or `compare`, by a person. holder: who
        # works on it, until when. counts: of the last run. compared_at, differences: of the last report.
        "connector": make.table(
            "fs_connector",
            make.text("name", primary_key=True),
            make.text("holder"),
            make.instant("held_until"),
            make.text("asked"),
            make.text("schedule"),
            make.text("state", nullable=False),
            make.text("phase"),
            make.text("cursor"),
            make.number("attempt", nullable=False),
            make.instant("next_at"),
            make.instant("started_at"),
            make.instant("ended_at"),
            make.text("error"),
            make.json("counts"),
            make.instant("compared_at"),
            make.number("differences"),
        ),
        # One row a record that both sides have, or that one of them refused. seen: field → digest of their value, as it
        # was last read or written; turn: how often that was noted. side: whose refusal `error` is, `in` or `out`.
        "connector_record": make.table(
            "fs_connector_record",
            make.text("connector", primary_key=True),
            make.text("key", primary_key=True),
            make.json("seen"),
            make.number("turn", nullable=False),
            make.text("side"),
            make.text("error"),
            make.instant("at", nullable=False),
        ),
        # The rows of the newest reconciliation report.
        "connector_difference": make.table(
            "fs_connector_difference",
            make.series(),
            make.text("connector", nullable=False),
            make.text("kind", nullable=False),
            make.text("key"),
            make.text("field"),
            make.text("ours"),
            make.text("theirs"),
            Index("ix_fs_connector_difference_connector", "connector"),
        ),
    }
