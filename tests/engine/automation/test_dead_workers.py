"""Two workers share the runs; one of them dies, or is taken for dead and comes back: nothing is done twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select, text

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from tests.support.automation import rows_of, runs_of, shop
from tests.support.http_sink import http_sink
from tests.support.worker_process import WorkerProcess, open_runs, wait_until, worker

MANY = 1_000
SHARED = """
    rule shared when deal is created then create job { subject: name, deal: this } set count = coalesce(count, 0) + 1
    """
CALLED = """
    rule called when deal is created
      then create job { subject: "before", deal: this }
           call webhook sink { name: name }
           create job { subject: "after", deal: this }
    """


@pytest.mark.faults
@pytest.mark.promise("RUN-14")
def test_two_workers_share_runs_and_the_one_that_lives_takes_over_those_of_the_dead(
    postgres_url: str, tmp_path: Path
) -> None:
    with shop(postgres_url, tmp_path, SHARED) as platform:
        with worker(postgres_url, tmp_path) as first, worker(postgres_url, tmp_path):
            rows = [SaveRow(values={"name": f"deal {number}"}) for number in range(MANY)]
            platform.records.save_many(system_actor(), "deal", rows)
            wait_until(lambda: len(done_by(platform)) == 2)
            first.kill()
            # What it had in hand is taken at the next look of the other: its lock went with it.
            wait_until(lambda: open_runs(platform) == 0, timeout_s=240)
        assert sum(done_by(platform).values()) == MANY
        assert len(done_by(platform)) == 2
        deals = {row["id"]: row["count"] for row in rows_of(platform, "deal")}
        assert deals == dict.fromkeys(deals, 1)
        assert Counter(job["deal"] for job in rows_of(platform, "job")) == dict.fromkeys(deals, 1)
        assert len(deals) == MANY
    refused_late_commit(postgres_url, tmp_path / "zombie")


def refused_late_commit(url: str, folder: Path) -> None:
    """Let a worker be taken for dead in the middle of a step, and wake up when another one has done it."""
    with http_sink() as sink:
        files = {"connections/sink.yaml": f"connection: sink\nkind: webhook_out\nurl: {sink.url}\n"}
        environment = {"FIELDSTONE_PLUGIN_WEBHOOK_PRIVATE_HOSTS": f'["{sink.host}"]'}
        with (
            shop(url, folder, CALLED, files=files) as platform,
            worker(url, folder, environment=environment, log=folder / "zombie.log") as zombie,
        ):
            sink.answer = lambda number: stopping(zombie) if number == 0 else (200, {})
            before = len(runs_of(platform))
            platform.records.create(system_actor(), "deal", {"name": "late"})
            wait_until(lambda: len(sink.received) == 1)
            take_lease_of(platform)
            with worker(url, folder, environment=environment):
                wait_until(lambda: runs_of(platform)[-1]["state"] == "done")
            run, steps = runs_of(platform)[before], steps_of(platform)
            zombie.process.send_signal(signal.SIGCONT)
            wait_until(lambda: "was taken over by another worker" in (folder / "zombie.log").read_text())
            assert runs_of(platform)[before] == run
            assert steps_of(platform) == steps
            jobs = [job["subject"] for job in rows_of(platform, "job") if job["subject"] in ("before", "after")]
            assert sorted(jobs) == ["after", "before"]
            assert len(sink.received) == 2
            assert len({each.key for each in sink.received}) == 1


def stopping(process: WorkerProcess) -> tuple[int, dict[str, str]]:
    """Answer well, to a worker that no longer hears it."""
    os.kill(process.process.pid, signal.SIGSTOP)
    return 200, {}


def take_lease_of(platform: Platform) -> None:
    """End the session that the only worker's lease is held by, as a broken network does; its other locks go too."""
    ended = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = :database")
    asked = text("SELECT oid FROM pg_database WHERE datname = current_database()")
    with platform.database.write() as connection:
        assert connection.execute(ended, {"database": connection.execute(asked).scalar_one()}).all()


def done_by(platform: Platform) -> Counter[str]:
    """Give how many runs each worker has done."""
    return Counter(run["executor"] for run in runs_of(platform) if run["state"] == "done")


def steps_of(platform: Platform) -> list[tuple[object, ...]]:
    """Give all steps on record."""
    step = platform.system.run_step
    with platform.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(step).order_by(step.c.run_id, step.c.path))]
