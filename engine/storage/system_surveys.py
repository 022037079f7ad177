"""The system table of surveys: the links that were sent, whom and for what, and what was answered (engine/intake)."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def survey_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the table of surveys."""
    return {
        # One row a link. hash: of its secret part, which is nowhere. asked: the person, where a record stands for them;
        # about: the record of the rule. answer_id: the record that was made of the answer.
        "survey": make.table(
            "fs_survey",
            make.id(primary_key=True),
            make.text("hash", nullable=False, unique=True),
            make.text("form", nullable=False),
            make.text("asked_object"),
            make.id("asked_id"),
            make.text("about_object"),
            make.id("about_id"),
            make.id("run_id"),
            make.instant("created_at", nullable=False),
            make.instant("expires_at", nullable=False),
            make.instant("used_at"),
            make.id("answer_id"),
            Index("ix_fs_survey_expires", "expires_at"),
        )
    }
