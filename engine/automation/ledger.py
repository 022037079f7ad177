"""The rows of runs and steps: added in the saving transaction, taken by one worker at a time, moved step by step.

Every write of a worker names the lease number it took the run with; where another one has taken it since, the row is
not found and the transaction is given up. So what a worker commits late, having been taken for dead, is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine.automation.run_state import OPEN_STATES, LeaseLost, Run, RunState, Snapshot
from engine.automation.stored_values import from_stored, to_stored
from engine.storage.system_tables import SystemTables

FAILED_TRY = "failed"
NEW_RUN = (
    "id", "rule", "rule_text", "release", "object", "record_id", "record_title", "event", "snapshot", "actor",
    "root_cause", "cause_run", "cause_step", "cause", "depth", "state", "position", "lease", "attempt", "actions",
    "rows", "outcome", "error", "created_at", "finished_at",
)  # fmt: skip
"""The columns that a new run's row has."""


class Ledger:
    """Reads and writes fs_run and fs_run_step."""

    def __init__(self, system: SystemTables) -> None:
        self._run = system.run
        self._step = system.run_step

    def add(self, connection: Connection, runs: Sequence[Run]) -> None:
        """Write new runs; those that are over already carry their end."""
        if runs:
            connection.execute(insert(self._run), [row_of_new(run) for run in runs])

    def load(self, connection: Connection, run_id: str) -> Run | None:
        """Read a run."""
        row = connection.execute(select(self._run).where(self._run.c.id == run_id)).mappings().first()
        return None if row is None else run_of_row(row)

    def take(self, connection: Connection, run_id: str, segment: int, *, executor: str, now: dt.datetime) -> Run | None:
        """Make the run this worker's own; None where it is over or another piece of it is due."""
        run = self._run
        found = connection.execute(select(run).where(run.c.id == run_id).with_for_update()).mappings().first()
        if found is None:
            return None
        current = run_of_row(found)
        if current.state not in OPEN_STATES or current.segment != segment:
            return None
        # A worker that takes its own run again only waited for the database; that is no death of a worker.
        again = current.state is RunState.RUNNING and found["executor"] == executor
        position = {"segment": segment, "begun": current.begun + (0 if again else 1)}
        connection.execute(
            update(run)
            .where(run.c.id == run_id)
            .values(
                lease=current.lease + 1,
                executor=executor,
                state=RunState.RUNNING,
                started_at=found["started_at"] or now,
                due_at=None,
                position=position,
            )
        )
        return run_of_row({**found, "lease": current.lease + 1, "state": RunState.RUNNING, "position": position})

    def advance(
        self, connection: Connection, run: Run, *, actions: int = 0, rows: int = 0, progress: bool = True
    ) -> None:
        """Count an action; the first statement of a step's transaction, which holds the run's row from then on.

        progress: the step will be done with this transaction, so the tries and crashes before it are forgotten.

        Raises:
            LeaseLost: the run is another worker's now.
        """
        table = self._run
        more = {"attempt": 0, "position": {"segment": run.segment, "begun": 0}} if progress else {}
        self._fenced(connection, run, actions=table.c.actions + actions, rows=table.c.rows + rows, **more)

    def pause(
        self, connection: Connection, run: Run, *, due_at: dt.datetime, tries: int, error: str | None = None
    ) -> int:
        """Let the run wait for its next piece, and give that piece's number."""
        segment = run.segment + 1
        self._fenced(
            connection,
            run,
            state=RunState.WAITING,
            due_at=due_at,
            attempt=tries,
            error=error,
            position={"segment": segment, "begun": 0},
        )
        return segment

    def finish(
        self,
        connection: Connection,
        run: Run,
        state: RunState,
        *,
        now: dt.datetime,
        outcome: str,
        error: str | None = None,
    ) -> None:
        """End the run."""
        self._fenced(connection, run, state=state, outcome=outcome, error=error, finished_at=now, due_at=None)

    def add_step(
        self,
        connection: Connection,
        run: Run,
        path: str,
        *,
        attempt: int,
        kind: str,
        outcome: str,
        at: dt.datetime,
        finished_at: dt.datetime,
        result: object = None,
        error: str | None = None,
        effects: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Write what one try of a step did."""
        connection.execute(
            insert(self._step).values(
                run_id=run.id,
                path=path,
                attempt=attempt,
                kind=kind,
                outcome=outcome,
                result=to_stored(result),
                error=error,
                effects=[dict(effect) for effect in effects] or None,
                at=at,
                finished_at=finished_at,
            )
        )

    def steps(self, connection: Connection, run_id: str) -> tuple[dict[str, Any], dict[str, int]]:
        """Give path → result of the steps that are done, and path → number of tries that failed."""
        step = self._step
        columns = (step.c.path, step.c.attempt, step.c.outcome, step.c.result)
        done: dict[str, Any] = {}
        tries: dict[str, int] = {}
        for path, attempt, outcome, result in connection.execute(select(*columns).where(step.c.run_id == run_id)):
            if outcome == FAILED_TRY:
                tries[path] = max(tries.get(path, 0), attempt)
            else:
                done[path] = from_stored(result)
        return done, tries

    def used_by_root(self, connection: Connection, root: str) -> tuple[int, int]:
        """Give the actions and rows of all runs with a root cause."""
        run = self._run
        found = connection.execute(
            select(func.coalesce(func.sum(run.c.actions), 0), func.coalesce(func.sum(run.c.rows), 0)).where(
                run.c.root_cause == root
            )
        ).one()
        return int(found[0]), int(found[1])

    def earlier_of_root(self, connection: Connection, root: str, rules: Iterable[str]) -> list[tuple[str, str | None]]:
        """Give (rule, record) of each run with a root cause, of some rules, that did not skip."""
        run = self._run
        rows = connection.execute(
            select(run.c.rule, run.c.record_id).where(
                run.c.root_cause == root, run.c.rule.in_(list(rules)), run.c.state != RunState.SKIPPED.value
            )
        )
        return [(rule, record_id) for rule, record_id in rows]

    def _fenced(self, connection: Connection, run: Run, **values: object) -> None:
        table = self._run
        changed = connection.execute(
            update(table)
            .where(table.c.id == run.id, table.c.lease == run.lease, table.c.state == RunState.RUNNING)
            .values(**values)
        )
        if changed.rowcount != 1:
            raise LeaseLost


def run_of_row(row: Mapping[Any, Any]) -> Run:
    """Read a row of fs_run."""
    stored = row["snapshot"] or {}
    position = row["position"] or {}
    return Run(
        id=row["id"],
        rule=row["rule"],
        rule_text=row["rule_text"],
        release=row["release"],
        object=row["object"],
        record_id=row["record_id"],
        record_title=row["record_title"],
        event=row["event"],
        snapshot=Snapshot(
            old=from_stored(stored.get("old") or {}),
            changed=tuple(stored.get("changed") or ()),
            this=from_stored(stored["this"]) if stored.get("this") is not None else None,
            explained=stored.get("explained"),
            matched=stored.get("matched"),
            holds=stored.get("holds"),
            facts=from_stored(stored.get("facts") or {}),
        ),
        actor=row["actor"] or {},
        root=row["root_cause"],
        cause_run=row["cause_run"],
        cause_step=row["cause_step"],
        chain=tuple(row["cause"] or ()),
        depth=row["depth"],
        state=RunState(row["state"]),
        segment=position.get("segment", 0),
        begun=position.get("begun", 0),
        tries=row["attempt"],
        lease=row["lease"],
        actions=row["actions"],
        rows=row["rows"],
        error=row["error"],
        outcome=row["outcome"],
        created_at=row["created_at"],
    )


def row_of_new(run: Run) -> dict[str, Any]:
    """Give the row of a new run; one that is over already carries its end."""
    over = run.state not in OPEN_STATES
    return {
        "id": run.id,
        "rule": run.rule,
        "rule_text": run.rule_text,
        "release": run.release,
        "object": run.object,
        "record_id": run.record_id,
        "record_title": run.record_title,
        "event": run.event,
        "snapshot": _stored_snapshot(run.snapshot),
        "actor": dict(run.actor),
        "root_cause": run.root,
        "cause_run": run.cause_run,
        "cause_step": run.cause_step,
        "cause": list(run.chain),
        "depth": run.depth,
        "state": run.state.value,
        "position": {"segment": run.segment, "begun": 0},
        "lease": 0,
        "attempt": 0,
        "actions": 0,
        "rows": 0,
        "outcome": run.outcome,
        "error": run.error,
        "created_at": run.created_at,
        "finished_at": run.created_at if over else None,
    }


def _stored_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    if snapshot.old:
        stored["old"] = to_stored(snapshot.old)
    if snapshot.changed:
        stored["changed"] = list(snapshot.changed)
    if snapshot.this is not None:
        stored["this"] = to_stored(snapshot.this)
    if snapshot.explained is not None:
        stored["explained"] = snapshot.explained
    if snapshot.matched is not None:
        stored["matched"] = snapshot.matched
    if snapshot.holds is not None:
        stored["holds"] = snapshot.holds
    if snapshot.facts:
        stored["facts"] = to_stored(snapshot.facts)
    return stored
