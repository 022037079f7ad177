"""A server and PostgreSQL killed under load: what was acknowledged is there exactly once, and service comes back.

Workers killed in the middle of runs are shown in tests/engine/automation/test_crashes.py.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.postgres import PostgresCluster, create_database
from tests.support.processes import Client, running_worker, signed_in
from tests.support.sales import sales_installation
from tests.support.server_process import running_server

CLIENTS = 6
LEAD_RULE_PREFIX = "Call "


class Posters:
    """Clients that create leads all at once, each call with a key of its own, and note what was answered.

    acknowledged: name → id of the 2xx answer. statuses: every other status. Each call that got no 2xx is tried again
    under its key while `patient`, as a careful client would.
    """

    def __init__(self, address: str, token: str, *, patient: bool) -> None:
        self.acknowledged: dict[str, str] = {}
        self.tried: list[str] = []
        self.statuses: list[tuple[int, str]] = []
        self._patient = patient
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._go, args=(number, Client(address, token))) for number in range(CLIENTS)
        ]

    def _go(self, number: int, client: Client) -> None:
        for index in range(10_000):
            name = f"lead-{number}-{index}"
            self.tried.append(name)
            while not self._stopped.is_set():
                answer = post_lead(client, name)
                if answer[0] == 201:
                    self.acknowledged[name] = answer[1]
                    break
                self.statuses.append((answer[0], answer[2]))
                if not self._patient:
                    return
                time.sleep(0.05)
            if self._stopped.is_set():
                return

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=90)


def post_lead(client: Client, name: str) -> tuple[int, str, str]:
    """Create a lead under a key of its own; give status, id and Retry-After."""
    body = {"name": name, "email": "who@example.com"}
    answer = client.call("POST", "/api/v1/records/lead", body, Idempotency_Key=f"key of {name}")
    return answer.status, answer.json["id"] if answer.status == 201 else "", answer.headers.get("Retry-After", "")


def all_of(client: Client, object_name: str, field: str, filter_text: str = "") -> list[tuple[str, str]]:
    """Walk a whole list; give id and field of each record."""
    path = f"/api/v1/records/{object_name}?limit=200&fields={field}"
    path += f"&filter={quote(filter_text)}" if filter_text else ""
    found: list[tuple[str, str]] = []
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer.text
        found += [(item["id"], item[field]) for item in answer.json["items"]]
        path = answer.json["next"]
    return found


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 90) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)


def check_once(client: Client, posters: Posters) -> None:
    """Every acknowledged lead is there under its id and once; repeating all calls adds only what never arrived."""
    leads = all_of(client, "lead", "name")
    by_name = {name: record_id for record_id, name in leads}
    assert max(Counter(name for _, name in leads).values()) == 1
    assert {name: by_name.get(name) for name in posters.acknowledged} == posters.acknowledged
    unclear = [name for name in posters.tried if name not in posters.acknowledged]
    for name in (*list(posters.acknowledged)[-10:], *unclear):
        status, record_id, _ = post_lead(client, name)
        assert status == 201
        assert record_id == posters.acknowledged.get(name, by_name.get(name, record_id))
    again = [name for _, name in all_of(client, "lead", "name")]
    assert sorted(again) == sorted(set(posters.tried))


@pytest.mark.promise("REL-01")
@pytest.mark.faults
def test_a_server_killed_among_many_creates_has_each_acknowledged_one_once_and_repeats_add_none(
    database_url: str, tmp_path: Path
) -> None:
    sales = sales_installation(database_url, tmp_path)
    command = ["serve", "--port", "0"]
    with running_server(command, tmp_path, environment=sales.environment()) as server:
        posters = Posters(server.address, sales.tokens["ann"], patient=False)
        posters.start()
        wait_until(lambda: len(posters.acknowledged) >= 40, "leads are made")
        server.kill()
        posters.stop()
    with running_server(command, tmp_path, environment=sales.environment()) as server:
        client = Client(server.address, sales.tokens["ann"])
        check_once(client, posters)
        check_every_lead_has_its_task(client, posters.tried)


def check_every_lead_has_its_task(client: Client, names: Sequence[str]) -> None:
    """Wait for the rule's task of each lead: one each, whatever was killed meanwhile."""
    wanted = sorted({LEAD_RULE_PREFIX + name for name in names})

    def tasks() -> list[str]:
        found = all_of(client, "task", "subject", f'subject starts with "{LEAD_RULE_PREFIX}lead-"')
        return sorted(subject for _, subject in found)

    wait_until(lambda: len(tasks()) >= len(wanted), "the tasks of all leads")
    time.sleep(1)  # a second task of a lead would come about now
    assert tasks() == wanted


@pytest.mark.promise("REL-01")
@pytest.mark.faults
def test_postgresql_killed_under_load_answers_503_meanwhile_and_service_returns_by_itself(
    postgres_cluster: PostgresCluster, tmp_path: Path
) -> None:
    sales = sales_installation(create_database(postgres_cluster.url), tmp_path)
    with (
        running_server(["serve", "--no-worker", "--port", "0"], tmp_path, environment=sales.environment()) as server,
        running_worker(tmp_path, sales.environment()) as worker,
    ):
        posters = Posters(server.address, sales.tokens["ann"], patient=True)
        posters.start()
        client, page = Client(server.address, sales.tokens["ann"]), signed_in(server.address, "ann")
        wait_until(lambda: len(posters.acknowledged) >= 20, "leads are made")
        postgres_cluster.kill()
        check_outage(client, page)
        made_before = len(posters.acknowledged)
        postgres_cluster.start()
        wait_until(lambda: len(posters.acknowledged) >= made_before + 20, "creating goes on by itself")
        posters.stop()
        assert worker.poll() is None
        assert server.process.poll() is None
        refused = {status for status, _ in posters.statuses}
        assert refused <= {503, 409}, refused
        assert all(retry_after.isdigit() for status, retry_after in posters.statuses if status == 503)
        check_once(client, posters)
        check_every_lead_has_its_task(client, posters.tried)


def check_outage(api: Client, page: Client) -> None:
    """Find pages and API answering 503 with Retry-After while there is no database."""
    for client, path in ((api, "/api/v1/records/lead"), (api, "/api/v1/objects"), (page, "/o/lead"), (page, "/")):
        answer = client.get(path)
        assert answer.status == 503, (path, answer.status, answer.text)
        assert int(answer.headers["Retry-After"]) > 0
