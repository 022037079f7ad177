"""Among many jobs some do harm: one raises, one hangs, one eats memory, one cannot be read. All others are done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from plugins.discovery import installed_candidates
from plugins.manager import PluginManager
from tests.support.automation import rows_of, runs_of, shop
from tests.support.processes import REPOSITORY, running_worker
from tests.support.worker_process import wait_until

MANY = 500
RULES = """
    rule work when deal is created
      then if name = "raises" then call harm.raising
           else if name = "hangs" then call harm.hanging
           else if name = "eats" then call harm.eating
           else call harm.working end
           set note = "done"
      retry 1 times
    """
PLUGIN = '''\
"""Actions of which all but one do harm."""

import threading

from plugins import RuleAction, hookimpl
from plugins.contributions import ActionDone


def _raise(context, inputs):
    raise ZeroDivisionError("on purpose")


def _hang(context, inputs):
    threading.Event().wait()


def _eat(context, inputs):
    eaten = []
    while True:
        eaten.append(bytearray(8 * 1024 * 1024))


def _work(context, inputs):
    return ActionDone(summary="worked")


@hookimpl
def rule_actions():
    return [
        RuleAction(name="harm.raising", summary="Raises.", run=_raise),
        RuleAction(name="harm.hanging", summary="Hangs.", run=_hang, timeout_s=2),
        RuleAction(name="harm.eating", summary="Eats memory.", run=_eat),
        RuleAction(name="harm.working", summary="Works.", run=_work),
    ]
'''


def install_plugin(folder: Path) -> None:
    """Put a package with a plugin where a path of Python's finds it, as an installer does."""
    package, record = folder / "harm", folder / "harm-1.0.dist-info"
    package.mkdir(parents=True)
    record.mkdir()
    (package / "__init__.py").write_text(PLUGIN, encoding="utf-8")
    (package / "plugin.yaml").write_text("{name: harm, version: '1.0', api: 1, summary: For a test.}", encoding="utf-8")
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: harm\nVersion: 1.0\n", encoding="utf-8")
    (record / "entry_points.txt").write_text("[fieldstone.plugins]\nharm = harm\n", encoding="utf-8")


@pytest.mark.faults
@pytest.mark.promise("RUN-06")
def test_jobs_that_do_harm_are_parked_with_their_reasons_and_all_others_are_done(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "packages"
    install_plugin(packages)
    monkeypatch.syspath_prepend(str(packages))
    plugins = PluginManager.load(candidates=installed_candidates(), environment={})
    environment = {
        "PYTHONPATH": f"{REPOSITORY}:{packages}",
        "FIELDSTONE_DATABASE_URL": database_url,
        "FIELDSTONE_DATA_FOLDER": str(tmp_path / "data"),
        "FIELDSTONE_WORKER_MEMORY_MB": "768",
    }
    with shop(database_url, tmp_path, RULES, plugins=plugins) as platform:
        unreadable = make_jobs(platform)
        with running_worker(tmp_path, environment) as worker:
            wait_until(lambda: not {run["state"] for run in runs_of(platform)} - {"done", "failed"}, timeout_s=240)
            assert worker.poll() is None, "one and the same worker has done all of them"
        runs = runs_of(platform)
        assert Counter(run["state"] for run in runs) == {"done": MANY - 4, "failed": 4}
        assert len({run["executor"] for run in runs if run["id"] != unreadable}) == 1
        names = {row["id"]: row["name"] for row in rows_of(platform, "deal")}
        assert {names[run["record_id"]]: run["error"] for run in runs if run["state"] == "failed"} == {
            "raises": "The plugin harm failed: ZeroDivisionError('on purpose')",
            "hangs": "The action harm.hanging gave no answer within 2 seconds.",
            "eats": "The action harm.eating needed more memory than its worker may take (FIELDSTONE_WORKER_MEMORY_MB).",
            "unreadable": "The run cannot be read (snapshot): 'list' object has no attribute 'get'",
        }
        harmful = {"raises", "hangs", "eats", "unreadable"}
        assert all((row["note"] == "done") == (row["name"] not in harmful) for row in rows_of(platform, "deal"))


def make_jobs(platform: Platform) -> str:
    """Make deals that start a job each, those that do harm in the midst of them; give the run that can't be read."""
    names = [f"deal {number}" for number in range(MANY)]
    for at, name in enumerate(("raises", "hangs", "eats", "unreadable")):
        names[(at + 1) * MANY // 6] = name
    platform.records.save_many(system_actor(), "deal", [SaveRow(values={"name": name}) for name in names])
    (broken,) = (row["id"] for row in rows_of(platform, "deal") if row["name"] == "unreadable")
    run = platform.system.run
    with platform.database.write() as connection:
        connection.execute(update(run).where(run.c.record_id == broken).values(snapshot=[1, 2]))
    return next(str(each["id"]) for each in runs_of(platform) if each["record_id"] == broken)
