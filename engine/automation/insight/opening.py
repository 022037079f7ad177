"""Puts together what answers about rules, out of what runs are given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from engine.automation.before_rules import BeforeRunner
from engine.automation.insight.backtesting import Backtester
from engine.automation.insight.service import Insight
from engine.automation.insight.trying import Trier
from engine.automation.run_log import RunLog
from engine.automation.run_sight import RunSight
from engine.automation.surroundings import RunSurroundings
from engine.automation.tuning import Tuning
from engine.ids import IdMaker
from engine.storage.system_tables import SystemTables


def open_insight(
    around: RunSurroundings,
    *,
    system: SystemTables,
    runs: RunLog,
    sight: RunSight,
    before: BeforeRunner,
    ids: IdMaker,
    tuning: Tuning,
    next_runs: Callable[[str], tuple[dt.datetime, ...]],
) -> Insight:
    """Make what answers about the rules of an installation."""
    trier = Trier(
        database=around.database,
        system=system,
        records=around.records,
        before=before,
        sight=sight,
        clock=around.clock,
        ids=ids,
        tuning=tuning,
        find_actor=around.find_actor,
    )
    backtester = Backtester(
        system=system,
        records=around.records,
        before=before,
        clock=around.clock,
        ids=ids,
        tuning=tuning,
        find_actor=around.find_actor,
    )
    return Insight(
        records=around.records,
        releases=around.releases,
        system=system,
        index_of=around.index_of,
        runs=runs,
        sight=sight,
        clock=around.clock,
        trier=trier,
        backtester=backtester,
        before=before,
        next_runs=next_runs,
    )
