"""Tables of what became of records: stages they left, what they were converted or merged into, what they are like."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def fate_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of what became of records."""
    return _merges(make) | {
        # One row a stay in a stage of a path that has ended (engine/records/saving/stages.py).
        "stage": make.table(
            "fs_stage",
            make.series(),
            make.text("object", nullable=False),
            make.id("record_id", nullable=False),
            make.text("field", nullable=False),
            make.text("option"),
            make.instant("entered_at", nullable=False),
            make.instant("left_at", nullable=False),
            make.text("left_by"),
            Index("ix_fs_stage_record", "object", "record_id", "field", "left_at"),
        ),
        # What records were converted into, one row a record (engine/records/conversions).
        "conversion": make.table(
            "fs_conversion",
            make.text("object", primary_key=True),
            make.id("record_id", primary_key=True),
            make.text("conversion", nullable=False),
            make.instant("at", nullable=False),
            make.text("by"),
            make.json("made"),
        ),
        # Keys that likely duplicates share, several a record (engine/records/duplicates).
        "match": make.table(
            "fs_match",
            make.text("object", primary_key=True),
            make.text("key", primary_key=True),
            make.id("record_id", primary_key=True),
            Index("ix_fs_match_record", "record_id"),
        ),
    }


def _merges(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # Which records went into which others, one row a record that went, and what undoing it needs
        # (engine/records/merging).
        "merge": make.table(
            "fs_merge",
            make.series(),
            make.id("merge_id", nullable=False),
            make.text("object", nullable=False),
            make.id("record_id", nullable=False),
            make.id("into_id", nullable=False),
            make.instant("at", nullable=False),
            make.text("by"),
            make.json("moved"),
            make.json("values"),
            make.instant("undone_at"),
            Index("ix_fs_merge_merge", "merge_id"),
            Index("ix_fs_merge_record", "object", "record_id"),
            Index("ix_fs_merge_into", "object", "into_id"),
        ),
        # Pairs that somebody said are not duplicates, the smaller id first (engine/records/merging).
        "apart": make.table(
            "fs_apart",
            make.text("object", primary_key=True),
            make.id("one_id", primary_key=True),
            make.id("other_id", primary_key=True),
            make.instant("at", nullable=False),
            make.text("by"),
        ),
    }
