"""An installation of the app `deals` with a connector to another side on loopback."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.records.types import ListQuery
from metamodel.views import SortKey
from plugins.egress import EgressLimits
from tests.support.other_side import OtherSide
from tests.support.served import Served

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
SECRET = "a token of the other side"
CONNECTOR = """
connector: crm
label: {en: Deals of the ERP, zh: ERP 交易}
object: deal
connection: erp
path: /deals
direction: both
schedule: every 15 minutes
role: robot
key: code
fields:
  code: number
  name: {theirs: title, conflict: newest}
  amount: {theirs: price, conflict: ours}
  size: {theirs: pieces, direction: in}
  doubled: {theirs: double, direction: out}
  hot: urgent
  closing: closes
conflict: theirs
modified: updated_at
retry: {times: 9, pause: 10 seconds}
"""
ROBOT = "role: robot\nobjects:\n  deal: {read: all, create: yes, update: all}\n"
WATCHER = "role: watcher\nobjects:\n  deal: {read: own}\nsystem: [view_runs, retry_runs]\n"
YUAN = {"currency": "CNY"}


class Site:
    """An installation with a connector to another side."""

    def __init__(self, served: Served, side: OtherSide, clock: FixedClock) -> None:
        self.served, self.side, self.clock = served, side, clock
        self.wait(20.0)

    def wait(self, seconds: float) -> None:
        """Say how long the connector waits for an answer."""
        connectors = self.served.platform.connectors
        limits = EgressLimits(total_s=seconds, answer_bytes=100_000)
        runs = replace(connectors.desk.runs, allowed_hosts=(self.side.host,), limits=limits)
        self.desk = connectors.desk = replace(connectors.desk, runs=runs)

    def later(self, seconds: int = 900) -> None:
        """Let time go by."""
        self.clock.move_to(self.clock.now() + dt.timedelta(seconds=seconds))

    def state(self) -> Any:
        """Give how the connector stands."""
        return self.desk.show(system_actor(), "crm").state

    def run(self) -> list[str]:
        """Run what is due until it has ended, waiting for each retry; give the errors on the way."""
        told = []
        self.desk.runs.work("crm")
        while self.state().state == "retrying":
            told.append(self.state().error)
            self.clock.move_to(self.state().next_at)
            self.desk.runs.work("crm")
        return told

    def ours(self) -> dict[str, dict[str, Any]]:
        """Give our records by their code."""
        fields = ("code", "name", "amount", "size", "doubled", "hot", "closing")
        page = self.served.platform.records.list(
            system_actor(), ListQuery(object="deal", fields=fields, sort=(SortKey(path="id"),), limit=200)
        )
        return {str(each.values["code"]): each.json | {"id": each.id, "version": each.version} for each in page.rows}

    def change(self, code: str, **values: Any) -> None:
        """Change a record of ours."""
        self.served.platform.records.update(system_actor(), "deal", self.ours()[code]["id"], values)


def environment(site: Site) -> dict[str, str]:
    """Give what a command needs to open the same installation at the same time."""
    settings = site.served.platform.settings
    return {
        "FIELDSTONE_TESTING": "1",
        "FIELDSTONE_DATABASE_URL": settings.database_url,
        "FIELDSTONE_DATA_FOLDER": str(settings.data_folder),
        "FIELDSTONE_SECRET_KEY": settings.secret_key or "",
        "FIELDSTONE_EGRESS_ALLOW": site.side.host,
        "FIELDSTONE_CLOCK": site.clock.now().isoformat(),
    }
