"""The system tables of approvals: requests, the steps they came by, the people asked, and what everybody did."""

from __future__ import annotations

from sqlalchemy import Index, Table

from engine.storage.system_maker import SystemTableMaker


def approval_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of approvals between people (engine/approvals)."""
    return {"approval": _requests(make), "approval_visit": _visits(make), **_people(make)}


def _requests(make: SystemTableMaker) -> Table:
    # open_key: object and record while it is open, so that a record has one open request at a time. may_edit: fields
    # that the step at hand allows while the record is locked. chosen: step → people chosen at submit.
    return make.table(
        "fs_approval",
        make.id(primary_key=True),
        make.text("approval", nullable=False),
        make.number("release", nullable=False),
        make.text("object", nullable=False),
        make.id("record_id", nullable=False),
        make.text("record_title"),
        make.text("open_key", unique=True),
        make.text("state", nullable=False),
        make.flag("locks"),
        make.json("may_edit"),
        make.number("visit", nullable=False, server_default="0"),
        make.id("submitter"),
        make.json("chosen"),
        make.text("reason"),
        make.instant("submitted_at", nullable=False),
        make.instant("finished_at"),
        Index("ix_fs_approval_record", "object", "record_id", "submitted_at"),
        Index("ix_fs_approval_submitter", "submitter", "submitted_at"),
        Index("ix_fs_approval_submitted", "submitted_at"),
    )


def _visits(make: SystemTableMaker) -> Table:
    # One row each time a request comes to a step. mode, needed: how the step ends. explained: its condition with
    # values. worked_s: business seconds from the beginning to the end.
    return make.table(
        "fs_approval_visit",
        make.id("request_id", primary_key=True),
        make.number("number", primary_key=True, autoincrement=False),
        make.text("step", nullable=False),
        make.number("place", nullable=False),
        make.text("state", nullable=False),
        make.text("mode"),
        make.number("needed"),
        make.json("explained"),
        make.text("note"),
        make.instant("entered_at", nullable=False),
        make.instant("due_at"),
        make.instant("finished_at"),
        make.number("worked_s"),
    )


def _people(make: SystemTableMaker) -> dict[str, Table]:
    return {
        # One row a person asked in a visit. part: which of the listed people the person stands for. came_by: how
        # the person got here (found, chosen, added, delegated, escalated, copy). decided_by: who acted, or a stand-in.
        "approval_seat": make.table(
            "fs_approval_seat",
            make.id(primary_key=True),
            make.id("request_id", nullable=False),
            make.number("visit", nullable=False),
            make.id("user_id", nullable=False),
            make.number("part", nullable=False),
            make.text("came_by", nullable=False),
            make.id("from_user"),
            make.text("state", nullable=False),
            make.id("decided_by"),
            make.instant("decided_at"),
            make.instant("link_used_at"),
            Index("ix_fs_approval_seat_request", "request_id", "visit"),
            Index("ix_fs_approval_seat_user", "user_id", "state"),
        ),
        # What happened, in order. actor: None = the product; for_user: for whom a stand-in acted.
        "approval_event": make.table(
            "fs_approval_event",
            make.series(),
            make.id("request_id", nullable=False),
            make.instant("at", nullable=False),
            make.text("kind", nullable=False),
            make.number("visit"),
            make.text("step"),
            make.id("actor"),
            make.id("for_user"),
            make.json("people"),
            make.text("comment"),
            Index("ix_fs_approval_event_request", "request_id", "id"),
        ),
    }
