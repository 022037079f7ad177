"""A run as a row of fs_run and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from engine.automation.run_state import OPEN_STATES, Run, RunState, Snapshot
from engine.automation.stored_values import from_stored, to_stored

NEW_RUN = (
    "id", "rule", "rule_text", "release", "object", "record_id", "record_title", "event", "snapshot", "actor",
    "root_cause", "cause_run", "cause_step", "cause", "depth", "state", "position", "lease", "attempt", "actions",
    "rows", "outcome", "error", "created_at", "due_at", "finished_at",
)  # fmt: skip
"""The columns that a new run's row has."""


def run_of_row(row: Mapping[Any, Any]) -> Run:
    """Read a row of fs_run."""
    stored = row["snapshot"] or {}
    position = row["position"] or {}
    failing = position.get("failing")
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
        turn=bool(row["turn"]),
        failing=from_stored(failing) if failing is not None else None,
        failures=position.get("failures", 0),
    )


def position_of(run: Run, *, segment: int | None = None, begun: int = 0) -> dict[str, Any]:
    """Give where a run stands, as its row keeps it. segment: the piece that is due, else that of the run."""
    position: dict[str, Any] = {"segment": run.segment if segment is None else segment, "begun": begun}
    if run.failing is not None:
        position["failing"] = to_stored(run.failing)
    if run.failures:
        position["failures"] = run.failures
    return position


def row_of_new(run: Run, *, to_workers: bool = True) -> dict[str, Any]:
    """Give the row of a new run; one that is over already carries its end.

    to_workers: one that is to run has a moment, and so is handed over to them (`handing_over`).
    """
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
        "due_at": run.created_at if to_workers and run.state is RunState.QUEUED else None,
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


def step_row(
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
) -> dict[str, Any]:
    """Give the row of one try of a step."""
    return {
        "run_id": run.id,
        "path": path,
        "attempt": attempt,
        "kind": kind,
        "outcome": outcome,
        "result": to_stored(result),
        "error": error,
        "effects": [dict(effect) for effect in effects] or None,
        "at": at,
        "finished_at": finished_at,
    }
