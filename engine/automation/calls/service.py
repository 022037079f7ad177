"""Everything that people and other systems start, put together once for an installation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from engine.automation.batches import RunSegment
from engine.automation.calls.buttons import Buttons
from engine.automation.calls.delayed import DelayedStarter
from engine.automation.calls.index import CallIndex
from engine.automation.calls.others import OtherCalls
from engine.automation.calls.webhooks import ReceivedWebhooks
from engine.automation.durable import RunQueue
from engine.automation.launching import Launcher
from engine.automation.mail_in.taking import ReceivedMails
from engine.automation.rule_index import RuleIndex
from engine.clock import Clock
from engine.files.store import FileStore
from engine.ids import IdMaker
from engine.records.service import Records
from engine.releases.release import Release
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables

# A request that does the first piece of a run is done by then, or dead.
_LEFT_TO_WORKERS_S = 15.0


class MakeSegments(Protocol):
    """Makes what works on pieces of runs."""

    def __call__(self, executor: str, is_stopping: Callable[[], bool], *, inside_only: bool) -> RunSegment:
        """Make it for somebody of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What starts rules besides saves and time."""

    buttons: Buttons
    webhooks: ReceivedWebhooks
    mails: ReceivedMails
    others: OtherCalls


def open_calls(
    *,
    database: Database,
    system: SystemTables,
    records: Records,
    current: Callable[[], Release],
    index_of: Callable[[Release], RuleIndex],
    launcher: Launcher,
    queue: RunQueue,
    files: FileStore,
    clock: Clock,
    ids: IdMaker,
    segments: MakeSegments,
    environment: Mapping[str, str],
) -> Calls:
    """Put it together; environment: where the secrets of webhooks are."""

    def calls_of(release: Release) -> CallIndex:
        return release.part("calls", lambda made: CallIndex(index_of(made).programs.values()))

    def do_now(run_id: str, until: float) -> None:
        segments(f"request-{ids.new()}", lambda: time.monotonic() > until, inside_only=True)(run_id, 0)

    others = OtherCalls(
        system=system,
        records=records,
        current=current,
        calls_of=calls_of,
        index_of=index_of,
        launcher=launcher,
        ids=ids,
    )
    starter = DelayedStarter(launcher.ledger, queue, delay_s=_LEFT_TO_WORKERS_S)
    return Calls(
        buttons=Buttons(
            database=database,
            system=system,
            calls_of=calls_of,
            index_of=index_of,
            at_once=replace(launcher, starter=starter),
            by_workers=launcher,
            health=launcher.health,
            clock=clock,
            ids=ids,
            tuning=launcher.tuning,
            do_now=do_now,
        ),
        webhooks=ReceivedWebhooks(
            records=records, system=system, current=current, others=others, clock=clock, secret_of=environment.get
        ),
        mails=ReceivedMails(records=records, system=system, current=current, others=others, files=files),
        others=others,
    )
