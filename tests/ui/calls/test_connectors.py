"""Connectors: both sides are the same after a run with faults, and a difference is listed; pages, API, rights."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.records.types import ListQuery
from metamodel.views import SortKey
from plugins.egress import EgressLimits
from tests.support.other_side import OtherSide, other_side
from tests.support.served import DEALS, Served, serve_deals

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
retry: {times: 3, pause: 10 seconds}
"""
ROBOT = "role: robot\nobjects:\n  deal: {read: all, create: yes, update: all}\n"
WATCHER = "role: watcher\nobjects:\n  deal: {read: own}\nsystem: [view_runs, retry_runs]\n"
YUAN = {"currency": "CNY"}


class Site:
    """An installation with a connector to another side."""

    def __init__(self, served: Served, side: OtherSide, clock: FixedClock) -> None:
        self.served, self.side, self.clock = served, side, clock
        connectors = served.platform.connectors
        runs = replace(
            connectors.desk.runs, allowed_hosts=(side.host,), limits=EgressLimits(total_s=0.4, answer_bytes=100_000)
        )
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


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, clock = tmp_path_factory.mktemp("connectors"), FixedClock(START)
    app = folder / "deals"
    shutil.copytree(DEALS, app)
    with other_side() as side, pytest.MonkeyPatch.context() as patch:
        for name in ("connections", "connectors"):
            (app / name).mkdir()
        text = f"connection: erp\nkind: http_api\nurl: http://{side.host}/api\nsecret: ERP_TOKEN\n"
        (app / "connections" / "erp.yaml").write_text(text, "utf-8")
        (app / "connectors" / "crm.yaml").write_text(CONNECTOR, "utf-8")
        (app / "roles" / "robot.yaml").write_text(ROBOT, "utf-8")
        (app / "roles" / "watcher.yaml").write_text(WATCHER, "utf-8")
        patch.setenv("ERP_TOKEN", SECRET)
        with serve_deals(module_database_url, folder, app_folder=app, clock=clock) as served:
            served.platform.accounts.administration.set_roles("none@example.com", ["watcher"], by="test")
            yield Site(served, side, clock)


def fill(site: Site) -> None:
    """Give each side three records, one of them the same and otherwise."""
    for number in ("T1", "T2", "T3", "B1"):
        site.side.put(
            number, title=f"their {number}", price={"amount": "5.00", **YUAN}, pieces=7, urgent=True,
            closes="2026-12-01", updated_at="2026-11-21T03:00:00Z",
        )  # fmt: skip
    for code in ("O1", "O2", "B1"):
        site.served.platform.records.create(
            system_actor(), "deal", {"code": code, "name": f"our {code}", "amount": {"amount": "9", **YUAN}}
        )


@pytest.mark.promise("API-22")
def test_both_sides_are_the_same_after_a_run_with_faults_and_a_difference_is_listed(site: Site) -> None:
    fill(site)
    side = site.side
    site.desk.runs.work("crm")
    assert (site.state().state, site.state().next_at) == ("idle", START + dt.timedelta(minutes=15))
    side.faults["GET"] = ["500", "cut", None, "slow", "twice", "lost", "twice"]
    side.faults["POST"] = ["500", "lost", None, "cut", None, "slow", "429"]
    site.later()
    told = site.run()
    for part in ("500", "broke off", "longer than 0.4 seconds", "429"):
        assert [each for each in told if part in each], part
    assert side.faults == {"GET": [], "POST": []}
    ended = site.state()
    assert (ended.state, ended.error, ended.differences) == ("done", None, 0), site.desk.show(
        system_actor(), "crm"
    ).rows
    assert side.authorized == {f"Bearer {SECRET}"}
    ours = site.ours()
    assert sorted(ours) == ["B1", "O1", "O2", "T1", "T2", "T3"] == sorted(side.records)
    # Ours is younger, so the name of both is ours; the amount is ours by rule; pieces only come in, hot is theirs.
    assert (ours["B1"]["name"], ours["B1"]["amount"]["amount"]) == ("our B1", "9.00")
    assert (ours["B1"]["size"], ours["B1"]["hot"], side.records["B1"]["double"]) == (7, True, 14)
    assert {ours[code]["version"] for code in ("T1", "T2", "T3", "O1", "O2")} == {1}
    assert (ours["B1"]["version"], len(side.taken)) == (2, len({str(each) for each in side.taken}))
    site.later()
    posts = len(side.taken)
    site.run()
    assert (len(side.taken), {each["version"] for each in site.ours().values()}) == (posts, {1, 2})

    side.put("T2", title="seeded")
    del side.records["O2"]
    site.desk.do(system_actor(), "crm", only_compare=True)
    report = site.desk.show(system_actor(), "crm")
    assert sorted((each.kind, each.key, each.field, each.ours, each.theirs) for each in report.rows) == [
        ("differs", "T2", "name", "their T2", "seeded"),
        ("only_ours", "O2", None, None, None),
    ]
    assert report.state.differences == 2
    assert site.ours()["T2"]["name"] == "their T2"  # it only compared
    for name in ("anew", "our O2", "anew"):
        site.change("O2", name=name)
        site.later()
        assert site.run() == []
        assert (side.records["O2"]["title"], site.state().differences) == (name, 0)
    assert site.ours()["T2"]["name"] == "seeded"
