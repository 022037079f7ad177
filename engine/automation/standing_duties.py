"""The duties that every installation's housekeeping has, each at its own pace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from engine.automation.duties import Duties, Duty
from engine.automation.retention import Retention
from engine.automation.untouched import UntouchedRecords
from engine.clock import Clock
from engine.records.clocks.breaching import ClockKeeper
from engine.records.pools.returning import PoolKeeper
from engine.records.service import Records
from engine.releases.release import Release

_BREACHES_EVERY = dt.timedelta(seconds=5)
_POOLS_EVERY = dt.timedelta(minutes=5)
_QUEUES_EVERY = dt.timedelta(seconds=30)
_A_DAY = dt.timedelta(days=1)


def standing_duties(
    *,
    records: Records,
    current: Callable[[], Release | None],
    clock: Clock,
    retention: Retention,
    untouched: UntouchedRecords,
    more: Sequence[Duty],
) -> Duties:
    """Give the duties of one worker. more: those that other parts of the platform asked for."""
    pools = PoolKeeper(records=records, clock=clock, current=current)
    clocks = ClockKeeper(records=records, current=current)
    own = (
        Duty(name="breaches", every=_BREACHES_EVERY, do=clocks.note_breaches),
        Duty(name="runs past their time", every=_A_DAY, do=retention.delete_old),
        Duty(name="returns to pools", every=_POOLS_EVERY, do=pools.return_untouched),
        Duty(name="untouched records of queues", every=_QUEUES_EVERY, do=untouched.pass_on),
    )
    return Duties(duties=(*own, *more), clock=clock)
