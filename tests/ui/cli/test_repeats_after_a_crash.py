"""Idempotency-Key from end to end: kept for a day, refused for other bodies, safe at once and over a crash."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.clock import FixedClock
from tests.support.served import Served, serve_deals
from tests.support.server_process import ServerProcess, running_server


@pytest.mark.faults
@pytest.mark.promise("API-05")
def test_a_request_repeated_under_its_key_is_done_once_whatever_happens(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    with serve_deals(database_url, tmp_path / "data", clock=clock) as served:
        check_answers(served, clock)
        token = served.tokens["ann"]
    check_crash(database_url, token, tmp_path)


def check_answers(served: Served, clock: FixedClock) -> None:
    first = post(served, "ann", "k", "Once")
    clock.move_to(clock.now() + timedelta(hours=23, minutes=59))
    again = post(served, "ann", "k", "Once")
    assert (again.status_code, again.get_data()) == (201, first.get_data())
    assert post(served, "ann", "k", "Other body").status_code == 422
    assert post(served, "boss", "k", "Once").get_json()["id"] != first.get_json()["id"]
    keys = served.platform.accounts.idempotency
    with keys.in_flight(served.user_ids["ann"], "busy"):
        assert post(served, "ann", "busy", "Busy").status_code == 409
    assert post(served, "ann", "busy", "Busy").status_code == 201
    clock.move_to(clock.now() + timedelta(minutes=2))
    assert post(served, "ann", "k", "Once").get_json()["id"] != first.get_json()["id"]


def check_crash(database_url: str, token: str, folder: Path) -> None:
    """Kill a server in the midst of creations, send the one without an answer again: each name stands once."""
    arguments = ["serve", "--db", database_url, "--port", "0", "--no-worker"]
    sent: list[str] = []
    with running_server(arguments, folder) as server:

        def send_until_killed() -> None:
            for number in range(10_000):
                sent.append(f"Crash {number}")
                try:
                    send(server, token, sent[-1])
                except OSError:
                    return

        writer = threading.Thread(target=send_until_killed)
        writer.start()
        while len(sent) < 12 and writer.is_alive():
            time.sleep(0.005)
        server.kill()
        writer.join(timeout=30)
    with running_server(arguments, folder) as server:
        for name in sent[-3:]:
            send(server, token, name)
        request = urllib.request.Request(  # noqa: S310
            f"{server.address}/api/v1/records/deal?fields=name&limit=200&q=Crash",
            headers={"Authorization": f"Bearer {token}"},
        )
        filter_free = json.load(urllib.request.urlopen(request, timeout=60))  # noqa: S310
    names = [item["name"] for item in filter_free["items"]]
    assert sorted(names) == sorted(sent)


def post(served: Served, who: str, key: str, name: str) -> Any:
    return served.call(who, "POST", "/records/deal", json={"name": name}, headers={"Idempotency-Key": key})


def send(server: ServerProcess, token: str, name: str) -> None:
    """Create a deal under a key of its own."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": name}
    body = json.dumps({"name": name}).encode()
    request = urllib.request.Request(f"{server.address}/api/v1/records/deal", data=body, headers=headers)  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    except urllib.error.HTTPError as refused:
        raise AssertionError(refused.read().decode()) from refused
