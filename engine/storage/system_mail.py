"""The system tables of received mail: how each mail box stands, and which mails were taken in."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def mail_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of engine/automation/mail_in."""
    return {
        # One row a mail box: which of its mails was the last one taken in, and who looks into it until when.
        "mailbox": make.table(
            "fs_mailbox",
            make.text("name", primary_key=True),
            make.number("validity"),
            make.number("last_uid"),
            make.text("holder"),
            make.instant("held_until"),
            make.instant("looked_at"),
        ),
        # One row a mail and address that it was for; the key is what makes a mail count once.
        "mail_in": make.table(
            "fs_mail_in",
            make.text("address", primary_key=True),
            make.text("identity", primary_key=True),
            make.text("mailbox", nullable=False),
            make.text("message_id"),
            make.text("outcome", nullable=False),
            make.number("runs", nullable=False),
            make.instant("at", nullable=False),
            Index("ix_fs_mail_in_at", "at"),
        ),
    }
