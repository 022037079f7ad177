"""Everything that people and other systems start, put together once for an installation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.automation.calls.buttons import Buttons
from engine.automation.calls.index import CallIndex
from engine.automation.durable import RunQueue
from engine.automation.ledger import Ledger
from engine.automation.rule_health import RuleHealth
from engine.automation.rule_index import RuleIndex
from engine.automation.runtime import RunSegment
from engine.automation.tuning import Tuning
from engine.ids import IdMaker
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables


class MakeSegments(Protocol):
    """Makes what works on pieces of runs."""

    def __call__(self, executor: str, is_stopping: Callable[[], bool], *, inside_only: bool) -> RunSegment:
        """Make it for somebody of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What starts rules besides saves and time."""

    buttons: Buttons


def open_calls(
    *,
    database: Database,
    system: SystemTables,
    index_of: Callable[[Release], RuleIndex],
    ledger: Ledger,
    queue: RunQueue,
    health: RuleHealth,
    ids: IdMaker,
    tuning: Tuning,
    segments: MakeSegments,
) -> Calls:
    """Put it together."""

    def calls_of(release: Release) -> CallIndex:
        return release.part("calls", lambda made: CallIndex(index_of(made).programs.values()))

    def do_now(run_id: str, until: float) -> None:
        segments(f"request-{ids.new()}", lambda: time.monotonic() > until, inside_only=True)(run_id, 0)

    return Calls(
        buttons=Buttons(
            database=database,
            system=system,
            index_of=calls_of,
            ledger=ledger,
            queue=queue,
            health=health,
            ids=ids,
            tuning=tuning,
            do_now=do_now,
        )
    )
