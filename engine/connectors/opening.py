"""Puts the connectors of an installation together, and has the housekeeping of workers run them."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import SQLAlchemyError

from engine.automation.duties import Duty
from engine.clock import Clock
from engine.connectors.comparing import Comparing
from engine.connectors.desk import ConnectorDesk
from engine.connectors.rows import ConnectorRows
from engine.connectors.running import ConnectorRuns
from engine.connectors.sending import Sending
from engine.connectors.taking import Taking
from engine.errors import EngineError
from engine.ids import IdMaker
from engine.records.service import Records
from engine.releases.store import ReleaseStore
from engine.settings import PlatformSettings

_LOG = logging.getLogger("fieldstone.connectors")
_EVERY = dt.timedelta(seconds=10)
_WAITED_FOR_S = 10.0


@dataclass(slots=True, kw_only=True)
class Connectors:
    """Runs connectors on a thread of its own: a slow other side keeps no timer waiting."""

    desk: ConnectorDesk
    releases: ReleaseStore
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin what is due, unless there is no connector or the last turn goes on still."""
        if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
            return
        if not self.releases.has_release() or not self.releases.current().metamodel.connectors:
            return
        self._thread = threading.Thread(target=self._run, name="fieldstone-connectors", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the connector at hand come to an end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=_WAITED_FOR_S)

    def _run(self) -> None:
        try:
            replace(self.desk.runs, is_stopping=self._stopping.is_set).run_due()
        except (EngineError, SQLAlchemyError) as error:
            _LOG.warning("the connectors are left for later: %s", error)
        except Exception:
            _LOG.exception("the connectors failed")


def open_connectors(
    settings: PlatformSettings,
    releases: ReleaseStore,
    records: Records,
    clock: Clock,
    ids: IdMaker,
    take_on: Callable[[Duty], None],
) -> Connectors:
    """Put them together. take_on: who does duties for them."""
    rows = ConnectorRows(database=releases.database, system=releases.system, clock=clock)
    sending = Sending(records=records, rows=rows)
    runs = ConnectorRuns(
        rows=rows,
        taking=Taking(records=records, rows=rows),
        sending=sending,
        comparing=Comparing(sending=sending, rows=rows),
        current=releases.current,
        clock=clock,
        ids=ids,
        secrets=os.environ.get,
        allowed_hosts=settings.egress_hosts,
        secret=hashlib.sha256(b"connectors" + settings.secret()).digest(),
    )
    found = Connectors(
        desk=ConnectorDesk(rows=rows, runs=runs, records=records, current=releases.current), releases=releases
    )
    take_on(Duty(name="connectors", every=_EVERY, do=found.begin))
    return found
