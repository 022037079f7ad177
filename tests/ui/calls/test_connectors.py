"""Connectors: both sides are the same after a run with faults, and a difference is listed; pages, API, rights."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.storage.dialect import Dialect
from tests.support.connected import CONNECTOR, ROBOT, SECRET, START, WATCHER, YUAN, Site, environment
from tests.support.other_side import other_side
from tests.support.served import DEALS, post_form, serve_deals
from ui.cli import main


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
    site.wait(1.0)
    told = site.run()
    site.wait(20.0)
    for part in ("500", "broke off", "longer than 1 seconds", "429"):
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
    site.change("T3", hot=False)  # theirs counts where both changed it, and here only we did
    for name in ("anew", "our O2", "anew"):
        site.change("O2", name=name)
        site.later()
        assert site.run() == []
        assert (side.records["O2"]["title"], site.state().differences) == (name, 0)
    assert (site.ours()["T2"]["name"], site.ours()["T3"]["hot"], side.records["T3"]["urgent"]) == (
        "seeded",
        False,
        False,
    )


def killed_at(site: Site, point: str) -> None:
    """Run the connector by the command in a process of its own that dies at a point."""
    given = {**os.environ, **environment(site), "FIELDSTONE_CRASH_AT": point}
    command = [sys.executable, "-c", "from ui.cli import main; main()", "connectors", "run", "crm"]
    ended = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_killed_run_goes_on_where_it_was_and_each_record_is_written_once(site: Site) -> None:
    for number in ("K1", "K2", "K3"):
        site.side.put(number, title=f"their {number}", updated_at="2026-11-21T03:00:00Z")
    site.change("O1", name="before the kill")
    killed_at(site, "connector.before_commit:2")
    assert (site.state().state, sorted({"K1", "K2"} & site.ours().keys())) == ("running", ["K1"])
    site.desk.runs.work("crm")
    assert site.state().state == "running"  # held by the dead one for a while
    site.later(91)
    site.side.asked.clear()
    assert site.run() == []
    assert site.side.asked[0] == "K1", site.side.asked  # not from the beginning
    assert {site.ours()[number]["version"] for number in ("K1", "K2", "K3")} == {1}
    assert (site.state().differences, site.side.records["O1"]["title"]) == (0, "before the kill")

    if site.served.platform.database.dialect is Dialect.POSTGRESQL:
        return  # what follows from a lost note is the same on both, and a process takes long to start
    site.change("O1", name="sent and not noted")
    sent = len(site.side.taken)
    killed_at(site, "connector.sent:1")
    assert len(site.side.taken) == sent + 1
    site.later(91)
    assert site.run() == []
    assert (len(site.side.taken), site.state().differences) == (sent + 1, 0)


def test_what_one_side_refuses_is_put_aside_with_its_reason_and_the_rest_goes_on(site: Site) -> None:
    side = site.side
    side.put("R1", title="", updated_at="2026-11-22T03:00:00Z")
    side.put("R2", title="right", pieces="many")
    side.put("R3", title="right")
    side.records[""] = {"title": "without a number"}
    site.change("O1", name="to be refused")
    side.faults["POST"] = ["refuse"]
    site.later()
    site.run()
    report = site.desk.show(system_actor(), "crm")
    refused = {each.key: (each.side, each.error or "") for each in report.refused}
    assert {key: value[0] for key, value in refused.items()} == {"R1": "in", "R2": "in", "O1": "out"}
    assert "name" in refused["R1"][1]
    assert "pieces" in refused["R2"][1]
    assert "They answered 422" in refused["O1"][1]
    assert site.ours()["R3"]["name"] == "right"
    kinds = sorted((each.kind, each.key, each.field) for each in report.rows if each.key != "O1")
    assert kinds == [("no_key", None, None), ("only_theirs", "R1", None), ("only_theirs", "R2", None)]

    del side.records[""], side.records["R2"]
    side.put("R1", title="mended")
    site.later()
    assert site.run() == []
    report = site.desk.show(system_actor(), "crm")
    assert ([each.key for each in report.refused], report.rows) == (["R2"], [])

    page, own = site.desk.rows, site.served.platform.records
    with own.transaction(system_actor()) as transaction:
        transaction.delete("deal", site.ours()["R3"]["id"])
    site.later()
    site.run()
    assert "R3" not in site.ours()  # what we deleted is not made again
    assert [(each.kind, each.key) for each in page.report("crm")] == [("only_theirs", "R3")]


def test_page_and_api_show_the_report_to_who_may_and_let_a_worker_run(site: Site) -> None:
    served, address = site.served, "/runs/connectors/crm"
    site.side.put("T1", title="seen on the page")
    asked = served.call("admin", "POST", "/connectors/crm/compare")
    assert (asked.status_code, asked.get_json()["asked"]) == (202, "compare")
    site.desk.runs.work("crm")
    found = served.get("admin", "/connectors/crm").get_json()
    row = {"kind": "differs", "key": "T1", "field": "name", "ours": "their T1", "theirs": "seen on the page"}
    assert (row in found["report"], found["shows_all"], found["differences"]) == (True, True, 2)
    listed = served.get("admin", "/connectors").get_json()["items"]
    assert [(each["connector"], each["state"], each["object"]) for each in listed] == [("crm", "done", "deal")]
    hidden = served.get("none", "/connectors/crm").get_json()
    assert not hidden["shows_all"]
    assert {(each["kind"], each["key"], each["theirs"]) for each in hidden["report"]} == {
        ("differs", None, None), ("only_theirs", None, None)
    }  # fmt: skip
    assert served.get("ann", "/connectors").status_code == 403
    assert served.get("admin", "/connectors/nothing").status_code == 404
    client = served.sign_in("admin")
    shown = client.get(address).get_data(as_text=True)
    assert "Reconciliation report" in shown
    assert "seen on the page" in shown
    client.set_cookie("fs-language", "zh")
    assert "Deals of the ERP" in client.get("/runs/connectors").get_data(as_text=True)
    assert "seen on the page" not in served.sign_in("none").get(address).get_data(as_text=True)
    assert served.sign_in("ann").get(address).status_code == 403
    assert post_form(client, f"{address}/run", {}, page=address).status_code == 303
    site.desk.runs.work("crm")
    assert site.ours()["T1"]["name"] == "seen on the page"
    audit = served.get("admin", "/audit?object=fs_connector").get_json()["items"]
    assert [each["action"] for each in audit[:2]] == ["asked_to_run", "asked_to_compare"]
    made = served.get("admin", f"/records/deal/{site.ours()['T1']['id']}/history").get_json()["items"]
    assert {(each["origin"], each["by"]["title"] if isinstance(each["by"], dict) else each["by"]) for each in made} == {
        ("connector", "Deals of the ERP")
    }  # fmt: skip


def test_commands_run_compare_and_list_connectors(site: Site) -> None:
    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["connectors", *words], env=environment(site))
        return done.exit_code, done.output

    for number in list(site.side.records):
        if number not in site.ours():
            del site.side.records[number]
    site.side.put("T1", title="by the command")
    code, told = call("compare", "crm")
    assert code == 1
    assert "differs\tT1\tname\tseen on the page\tby the command" in told
    code, told = call("run", "crm", "--json")
    assert (code, json.loads(told)["report"], json.loads(told)["counts"]["updated"]) == (0, [], 1), told
    assert site.ours()["T1"]["name"] == "by the command"
    code, told = call("list")
    assert (code, told.split("\t")[:2]) == (0, ["crm", "done"])
    assert call("run", "nothing") == (1, "error: There is no connector 'nothing'.\n")
