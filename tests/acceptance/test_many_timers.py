"""5,000 moments at one instant: each is done once by three workers, one of which is killed, while pages are served."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from tests.support.processes import running_worker, signed_in
from tests.support.sales import SalesInstallation, sales_installation
from tests.support.server_process import running_server

MANY = 5_000
FILES = {
    "objects/alarm.yaml": """\
object: alarm
label: Alarm
fields:
  name: {type: text, required: true, label: Name}
  due: {type: datetime, label: Due}
""",
    "objects/ring.yaml": """\
object: ring
label: Ring
fields:
  name: {type: text, required: true, label: Name}
  alarm: {type: lookup, to: alarm, inverse: rings, label: Alarm}
""",
    "rules/alarms.rules": """\
rule ring_at_due
  when alarm.due is reached
  then create ring { name: name, alarm: this }
  as system
end
""",
}


@pytest.mark.faults
@pytest.mark.promise("RUN-15")
def test_many_timers_of_one_instant_are_each_done_once_by_workers_of_which_one_is_killed(
    postgres_url: str, tmp_path: Path
) -> None:
    sales = sales_installation(postgres_url, tmp_path)
    for path, text in FILES.items():
        (sales.app / path).write_text(text, encoding="utf-8")
    with opened(sales) as platform, ExitStack() as stack:
        platform.apply_release([sales.app], author="test")
        environment = sales.environment()
        server = stack.enter_context(
            running_server(["serve", "--no-worker", "--port", "0"], tmp_path, environment=environment)
        )
        client = signed_in(server.address, "ann")
        workers = [stack.enter_context(running_worker(tmp_path, environment)) for _ in range(3)]
        set_alarms(platform, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=25))
        assert rings(platform) == 0
        statuses: list[int] = []

        def served(holds: Callable[[], bool]) -> None:
            end = time.monotonic() + 500
            while not holds():
                assert time.monotonic() < end, f"{rings(platform)} of {MANY} are done"
                statuses.append(client.get("/o/account").status)
                time.sleep(0.1)

        served(lambda: rings(platform) > MANY // 10)
        kill(workers[0])
        stack.enter_context(running_worker(tmp_path, environment))
        served(lambda: open_runs(platform) == 0 and rings(platform) >= MANY)
        assert Counter(statuses).keys() == {200}
        assert_each_once(platform)


@contextmanager
def opened(sales: SalesInstallation) -> Iterator[Platform]:
    """Open the installation in this process."""
    platform = sales.open()
    try:
        yield platform
    finally:
        platform.close()


def set_alarms(platform: Platform, due: dt.datetime) -> None:
    """Make all alarms for one instant."""
    rows = [SaveRow(values={"name": f"alarm {number}", "due": due.isoformat()}) for number in range(MANY)]
    for start in range(0, MANY, 1_000):
        platform.records.save_many(system_actor(), "alarm", rows[start : start + 1_000])
    timer = platform.system.timer
    with platform.database.read() as connection:
        found = select(func.count(), func.count(timer.c.due_at.distinct())).where(timer.c.kind == "moment")
        assert connection.execute(found.where(timer.c.state == "pending")).one() == (MANY, 1)


def rings(platform: Platform) -> int:
    """Give how many have rung."""
    table = platform.releases.current().tables.of("ring").table
    with platform.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


def open_runs(platform: Platform) -> int:
    """Give how many runs are not over, or not begun."""
    run, timer = platform.system.run, platform.system.timer
    with platform.database.read() as connection:
        going = select(func.count()).select_from(run).where(run.c.state.not_in(("done", "failed")))
        pending = select(func.count()).select_from(timer).where(timer.c.kind == "moment", timer.c.state == "pending")
        return sum(int(connection.execute(each).scalar() or 0) for each in (going, pending))


def kill(worker: subprocess.Popen[str]) -> None:
    """Kill a worker as the system would."""
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=30)


def assert_each_once(platform: Platform) -> None:
    """Every alarm has rung once, by one run of its own."""
    ring, run = platform.releases.current().tables.of("ring").table, platform.system.run
    with platform.database.read() as connection:
        rung = Counter(connection.execute(select(ring.c.alarm)).scalars())
        by_rule = run.c.rule == "ring_at_due"
        runs = connection.execute(select(run.c.record_id, run.c.state).where(by_rule, run.c.record_id.is_not(None)))
        done = Counter(map(tuple, runs))
    assert len(rung) == MANY
    assert set(rung.values()) == {1}
    assert len(done) == MANY
    assert set(done.values()) == {1}
    assert {state for _, state in done} == {"done"}
