"""The system tables of automation: runs, steps, timers, rule states, notifications and the outbox."""

from __future__ import annotations

from sqlalchemy import Index, Table, TextClause, text

from engine.storage.system_maker import SystemTableMaker


def is_open(of: str = "") -> TextClause:
    """Say which runs are not over, always in the words of their index, so that it is used. of: an alias and a point."""
    return text(f"{of}state IN ('queued', 'running', 'waiting')")


def run_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of rule runs and their steps."""
    open_runs = is_open()
    return {
        # snapshot: old and this of the event. cause: chain of rules and records. position, names: where it stands.
        # turn: it was let in beside other runs of its rule and record; followed: one waits for its end; held_by: what
        # a waiting run waits for where that is no moment (`turn`, `target …`).
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
            make.number("turn", nullable=False, server_default="0"),
            make.number("followed", nullable=False, server_default="0"),
            make.text("held_by"),
            make.instant("created_at", nullable=False),
            make.instant("started_at"),
            make.instant("due_at"),
            make.instant("finished_at"),
            Index("ix_fs_run_record", "object", "record_id", "created_at"),
            Index("ix_fs_run_rule", "rule", "created_at"),
            Index("ix_fs_run_state", "state", "due_at"),
            Index("ix_fs_run_created", "created_at"),
            Index("ix_fs_run_root", "root_cause"),
            Index("ix_fs_run_open", "rule", "record_id", postgresql_where=open_runs, sqlite_where=open_runs),
        ),
        "run_step": _steps(make),
    }


def _steps(make: SystemTableMaker) -> Table:
    return make.table(
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
    )


def timer_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of what waits for a time, and of the rules' own state."""
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
        # What webhooks received that started no rule; names: what a rule would have known it by.
        "call": make.table(
            "fs_call",
            make.id(primary_key=True),
            make.text("webhook", nullable=False),
            make.json("names", nullable=False),
            make.instant("at", nullable=False),
            Index("ix_fs_call_webhook", "webhook", "at"),
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


def outside_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of what people are told and what leaves the installation."""
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


def assignment_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of what queues gave to their members (engine/records/assigning)."""
    return {
        # Whose turn it is: who has the most credit.
        "queue_turn": make.table(
            "fs_queue_turn",
            make.id("queue_id", primary_key=True),
            make.id("user_id", primary_key=True),
            make.number("credit", nullable=False),
        ),
        # version: of the record with this owner. place, names: the action of the run and what its condition was given.
        "assignment": make.table(
            "fs_assignment",
            make.series(),
            make.text("object", nullable=False),
            make.id("record_id", nullable=False),
            make.number("version", nullable=False),
            make.id("queue_id", nullable=False),
            make.id("user_id"),
            make.instant("at", nullable=False),
            make.instant("due_at"),
            make.text("state", nullable=False),
            make.json("reason"),
            make.id("run_id"),
            make.text("place"),
            make.json("names"),
            Index("ix_fs_assignment_record", "object", "record_id", "id"),
            Index("ix_fs_assignment_due", "state", "due_at"),
        ),
    }


def control_tables(make: SystemTableMaker) -> dict[str, Table]:
    """Make the tables of what holds runs back, and of what stays of runs that are no longer kept."""
    return {
        # How often a rule ran in a period (scope ''), or for a record in a period (scope: its id). A run's row and its
        # count commit together.
        "throttle": make.table(
            "fs_throttle",
            make.text("rule", primary_key=True),
            make.text("scope", primary_key=True),
            make.text("period", primary_key=True),
            make.number("used", nullable=False),
            make.instant("at", nullable=False),
            Index("ix_fs_throttle_at", "at"),
        ),
        # What rules call outside and how it answers. failures: in a row; pauses: in a row; paused_until: nobody calls
        # it before; error: the last one.
        "target": make.table(
            "fs_target",
            make.text("name", primary_key=True),
            make.number("failures", nullable=False),
            make.number("pauses", nullable=False),
            make.instant("paused_until"),
            make.text("error"),
            make.instant("at", nullable=False),
        ),
        # Where values come from that runs set which are no longer kept.
        "run_origin": make.table(
            "fs_run_origin",
            make.id(primary_key=True),
            make.text("rule", nullable=False),
            make.number("release", nullable=False),
            make.text("object"),
            make.id("record_id"),
            make.text("record_title"),
            make.text("event", nullable=False),
            make.text("state", nullable=False),
            make.json("actor"),
            make.id("root_cause"),
            make.id("cause_run"),
            make.text("cause_step"),
            make.instant("created_at", nullable=False),
            Index("ix_fs_run_origin_created", "created_at"),
        ),
        # How many runs of a rule began on a day (UTC) and ended so, of those that are no longer kept.
        "run_count": make.table(
            "fs_run_count",
            make.text("rule", primary_key=True),
            make.text("day", primary_key=True),
            make.text("state", primary_key=True),
            make.number("runs", nullable=False),
            make.number("milliseconds", nullable=False),
        ),
    }
