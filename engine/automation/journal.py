"""What a run has done so far: results of its steps by path, so that a piece that starts again does nothing twice.

A rule is interpreted from its first action each time; a step that is on record gives its recorded result instead of
being done. Decisions (branch taken, rows of a loop) are recorded like effects, so the way through the rule stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine.automation.ledger import Ledger
from engine.automation.run_rows import position_of, step_row
from engine.automation.run_state import Run
from engine.automation.run_statements import End, write_step
from engine.clock import Clock
from engine.errors import AutomationStopped
from engine.records.transaction import Transaction

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """What a step did, for its row.

    value: what later steps need (given name, decision, rows). effects: what it touched, for the trace.
    rows: records written. outcome: done, skipped or not sent.
    """

    kind: str
    text: str
    value: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    effects: Sequence[Mapping[str, Any]] = ()
    rows: int = 0
    outcome: str = "done"
    counts: bool = True


class Journal:
    """The steps of one run while a worker has it."""

    def __init__(
        self,
        run: Run,
        ledger: Ledger,
        clock: Clock,
        *,
        done: Mapping[str, Any],
        tries: Mapping[str, int],
        used_actions: int,
        used_rows: int,
        max_actions: int,
        max_rows: int,
    ) -> None:
        self.run = run
        self.over = False
        self._ledger = ledger
        self._clock = clock
        self._done = dict(done)
        self._tries = tries
        self._actions = used_actions
        self._rows = used_rows
        self._max_actions = max_actions
        self._uncounted = 0
        self._max_rows = max_rows
        self._missing: dict[str, None] = {}

    def recorded(self, path: str) -> Mapping[str, Any] | None:
        """Give what a step that is done recorded, None where it is not done."""
        found = self._done.get(path)
        return None if found is None else dict(found)

    def note_missing(self, name: str) -> None:
        """Remember that what a rule reads is not in what was received; the step at hand tells of it."""
        self._missing[name] = None

    def next_try(self, path: str) -> int:
        """Give the number of the try of a step that is made now, from 1."""
        return self._tries.get(path, 0) + 1

    def claim(self, connection: Connection, *, counts: bool = True, progress: bool = True) -> None:
        """Make sure the run is still this worker's; the first statement of a step's transaction.

        Raises:
            LeaseLost: it is another's now.
            AutomationStopped: the root cause has used up its actions.
        """
        self.check(counts=counts)
        # The rows of the step before are counted with this one; a crash in between forgets those of one step.
        rows, self._uncounted = self._uncounted, 0
        self._ledger.advance(connection, self.run, actions=1 if counts else 0, rows=rows, progress=progress)

    def check(self, *, counts: bool = True) -> None:
        """Make sure that another action may be done.

        Raises:
            AutomationStopped: the root cause has used up its actions.
        """
        if counts and self._actions >= self._max_actions:
            raise self._stopped(f"The chain has done {self._max_actions:,} actions, which is the limit.")

    def settle(
        self, transaction: Transaction, path: str, step: StepDone, *, begun: dt.datetime, counts: bool, end: End | None
    ) -> None:
        """Let a step's row be written with what the step writes, where the run is still this worker's.

        end: how the run ends with this step, where it is the last.

        Raises:
            LeaseLost: it is another's now; here or when the transaction sends what it writes.
            AutomationStopped: the root cause has written too many rows.
        """
        self._check_rows(step)
        rows, self._uncounted = self._uncounted + step.rows, 0
        write_step(
            transaction,
            self.run,
            step_row(self.run, path, **self._told(path, step, begun)),
            counted={"actions": int(counts), "rows": rows},
            position=position_of(self.run),
            end=end,
        )

    def record(self, connection: Connection, path: str, step: StepDone, *, begun: dt.datetime) -> None:
        """Write a step's row; it commits with what the step did.

        Raises:
            AutomationStopped: the root cause has written too many rows.
        """
        self._check_rows(step)
        self._ledger.add_step(connection, self.run, path, **self._told(path, step, begun))

    def keep(self, path: str, step: StepDone, *, counted: bool = False, ends: bool = False) -> None:
        """Remember a step whose transaction is committed. counted: its rows are already. ends: the run is over."""
        self.over = ends
        self._done[path] = dict(step.value)
        self._actions += 1 if step.counts else 0
        self._rows += step.rows
        self._uncounted += 0 if counted else step.rows

    def _check_rows(self, step: StepDone) -> None:
        if step.rows and self._rows + step.rows > self._max_rows:
            raise self._stopped(f"The chain would write more than {self._max_rows:,} rows, which is the limit.")

    def _told(self, path: str, step: StepDone, begun: dt.datetime) -> dict[str, Any]:
        missing, self._missing = self._missing, {}
        return {
            "attempt": self.next_try(path),
            "kind": step.kind,
            "outcome": step.outcome,
            "at": begun,
            "finished_at": self._clock.now(),
            "result": {**step.value, "text": step.text},
            "effects": (*step.effects, *({"kind": "missing", "to": name} for name in missing)),
        }

    def _stopped(self, reason: str) -> AutomationStopped:
        return AutomationStopped(reason, (*self.run.chain, self.run.link))
