"""The duties that every installation's housekeeping has, each at its own pace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from engine.automation.duties import Duties, Duty
from engine.automation.followers import Followers
from engine.automation.ledger import Ledger
from engine.automation.retention import Retention
from engine.automation.surroundings import RunSurroundings
from engine.automation.untouched import UntouchedRecords
from engine.automation.webhook_calls.again import SentAgain
from engine.records.clocks.breaching import ClockKeeper
from engine.records.pools.returning import PoolKeeper
from engine.releases.release import Release
from engine.storage.system_tables import SystemTables

_BREACHES_EVERY = dt.timedelta(seconds=5)
_POOLS_EVERY = dt.timedelta(minutes=5)
_QUEUES_EVERY = dt.timedelta(seconds=30)
_FOLLOWERS_EVERY = dt.timedelta(seconds=15)
_AGAIN_EVERY = dt.timedelta(seconds=2)
_A_DAY = dt.timedelta(days=1)


def standing_duties(
    *,
    surrounds: RunSurroundings,
    system: SystemTables,
    ledger: Ledger,
    current: Callable[[], Release | None],
    retention: Retention,
    more: Sequence[Duty],
) -> Duties:
    """Give the duties of one worker. more: those that other parts of the platform asked for."""
    database, records, clock = surrounds.database, surrounds.records, surrounds.clock
    untouched = UntouchedRecords(database=database, system=system, ledger=ledger, surrounds=surrounds, clock=clock)
    followers = Followers(
        database=database,
        system=system,
        records=records,
        notices=surrounds.notices,
        clock=clock,
        current=current,
        find_actor=surrounds.find_actor,
    )
    pools = PoolKeeper(records=records, clock=clock, current=current)
    clocks = ClockKeeper(records=records, current=current)
    own = (
        Duty(name="breaches", every=_BREACHES_EVERY, do=clocks.note_breaches),
        Duty(name="runs past their time", every=_A_DAY, do=retention.delete_old),
        Duty(name="returns to pools", every=_POOLS_EVERY, do=pools.return_untouched),
        Duty(name="untouched records of queues", every=_QUEUES_EVERY, do=untouched.pass_on),
        Duty(name="webhooks sent again", every=_AGAIN_EVERY, do=SentAgain(surrounds=surrounds, system=system).send),
        Duty(name="what followers are told", every=_FOLLOWERS_EVERY, do=followers.tell),
    )
    return Duties(duties=(*own, *more), clock=clock)
