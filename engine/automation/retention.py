"""The nightly job: deletes runs and traces that are over longer than they are kept; what is asked of them later stays.

What stays of them: how many there were a day by rule and outcome and how long they took (fs_run_count), and for runs
that did something where they came from (fs_run_origin), which is what the blame of a value needs. The audit log is
not touched. Runs that are not over are never deleted. Links of surveys go some time after they were good.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from engine.automation.calls.kept import forget_old_calls
from engine.automation.mail_in.files import forget_files
from engine.automation.rule_index import RuleIndex
from engine.automation.run_state import OPEN_STATES
from engine.automation.surveys import forget_old_links
from engine.automation.throttles import Throttles
from engine.clock import Clock
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.dialect import Dialect
from engine.storage.system_tables import SystemTables
from metamodel.apps import Metamodel

KEPT_DAYS = 90
"""How long runs are kept where nobody says."""
_AT_ONCE = 500
_ORIGIN = (
    "id", "rule", "release", "object", "record_id", "record_title", "event", "state", "actor", "root_cause",
    "cause_run", "cause_step", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes what is past its time; done twice, or by two workers at once, it does no harm."""

    database: Database
    system: SystemTables
    clock: Clock
    current: Callable[[], Release | None]
    index_of: Callable[[Release], RuleIndex]

    def delete_old(self) -> int:
        """Delete runs past their time, some at a time; give how many there were."""
        release, now = self.current(), self.clock.now()
        if release is None:
            return 0
        past, deleted = self._past(kept_days(self.index_of(release), release.metamodel), now), 0
        while True:
            with self.database.write() as connection:
                count = self._delete_some(connection, past)
            deleted += count
            if count < _AT_ONCE:
                break
        with self.database.write() as connection:
            Throttles(self.system).forget_old(connection, now)
            forget_old_calls(connection, self.system, now)
        forget_old_links(self.database, self.system, now)
        return deleted

    def _past(self, kept: Mapping[str, int], now: dt.datetime) -> ColumnElement[bool]:
        """Give which runs are past their time, by the days that apps say for their rules."""
        run = self.system.run
        by_days: dict[int, list[str]] = {}
        for rule, days in kept.items():
            by_days.setdefault(days, []).append(rule)
        named = [
            and_(run.c.rule.in_(rules), run.c.finished_at < now - dt.timedelta(days=days))
            for days, rules in sorted(by_days.items())
        ]
        others = run.c.finished_at < now - dt.timedelta(days=KEPT_DAYS)
        # For the index: nothing younger than this is past its time.
        oldest = run.c.created_at < now - dt.timedelta(days=min((KEPT_DAYS, *by_days)))
        return and_(oldest, or_(*named, and_(run.c.rule.not_in(list(kept)), others)))

    def _delete_some(self, connection: Connection, past: ColumnElement[bool]) -> int:
        run, step, message = self.system.run, self.system.run_step, self.system.message
        columns = [run.c[name] for name in (*_ORIGIN, "actions", "started_at", "finished_at")]
        over = run.c.state.not_in([state.value for state in OPEN_STATES])
        asked = select(*columns).where(over, past).order_by(run.c.created_at).limit(_AT_ONCE)
        rows = connection.execute(asked.with_for_update(skip_locked=True)).mappings().all()
        if not rows:
            return 0
        ids = [row["id"] for row in rows]
        self._count(connection, rows)
        origins = [{name: row[name] for name in _ORIGIN} for row in rows if row["actions"]]
        if origins:
            connection.execute(insert(self.system.run_origin), origins)
        connection.execute(delete(step).where(step.c.run_id.in_(ids)))
        connection.execute(delete(message).where(message.c.run_id.in_(ids)))
        tries = self.system.webhook_try
        connection.execute(delete(tries).where(tries.c.run_id.in_(ids)))
        forget_files(connection, self.system, ids)
        connection.execute(delete(run).where(run.c.id.in_(ids)))
        return len(ids)

    def _count(self, connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> None:
        table = self.system.run_count
        runs: Counter[tuple[str, str, str]] = Counter()
        took: Counter[tuple[str, str, str]] = Counter()
        for row in rows:
            key = (row["rule"], f"{row['created_at']:%Y-%m-%d}", row["state"])
            runs[key] += 1
            if row["started_at"] is not None and row["finished_at"] is not None:
                took[key] += max(int((row["finished_at"] - row["started_at"]).total_seconds() * 1_000), 0)
        make = postgresql_insert if self.database.dialect is Dialect.POSTGRESQL else sqlite_insert
        for key in sorted(runs):
            rule, day, state = key
            values = {"rule": rule, "day": day, "state": state, "runs": runs[key], "milliseconds": took[key]}
            more = {"runs": table.c.runs + runs[key], "milliseconds": table.c.milliseconds + took[key]}
            connection.execute(
                make(table).values(**values).on_conflict_do_update(index_elements=["rule", "day", "state"], set_=more)
            )


def kept_days(index: RuleIndex, metamodel: Metamodel) -> Mapping[str, int]:
    """Give how many days the runs of rules are kept, of the rules that an app says something of."""
    apps = {app.name: app for app in metamodel.apps}
    found: dict[str, int] = {}
    for program in index.programs.values():
        app = apps[program.app]
        own = {each.rule: each.days for each in app.keep_runs_of}
        days = own.get(program.name.removeprefix(f"{app.name}."), app.keep_runs or KEPT_DAYS)
        if days != KEPT_DAYS:
            found[program.name] = days
    return found
