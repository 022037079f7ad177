"""Rate limits of the API: by user and token, one count for all processes, and nobody else is slowed down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.accounts.rates import CallRates, TooManyCalls
from engine.clock import FixedClock
from tests.support.served import Served, login_of, serve_deals
from ui.app import create_app
from ui.security import WebSettings

NOON = dt.datetime(2026, 3, 2, 12, 0, 10, tzinfo=dt.UTC)
LIMIT = 60


@contextmanager
def limited(database_url: str, folder: Path, clock: FixedClock) -> Iterator[tuple[Served, Served]]:
    """Serve one installation by two processes' worth of applications, which share nothing but the database."""
    settings = WebSettings(secret_key="s" * 40, rate_limit=LIMIT)
    with serve_deals(database_url, folder, settings=settings, clock=clock) as one:
        other = Served(one.platform, create_app(one.platform, settings), dict(one.tokens), dict(one.user_ids))
        yield one, other


@pytest.mark.promise("API-19")
def test_calls_over_the_rate_of_a_user_or_token_are_refused_in_all_processes_and_others_are_not_slowed(
    database_url: str, tmp_path: Path
) -> None:
    clock = FixedClock(NOON)
    with limited(database_url, tmp_path, clock) as (one, other):
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(lambda n: (one, other)[n % 2].get("ann", "/objects"), range(150)))
        let_through = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        # Never more than the limit; what a process has set aside for itself may be lost to the other one.
        assert LIMIT - 2 * LIMIT // 20 <= len(let_through) <= LIMIT
        assert len(let_through) + len(refused) == 150
        for answer in refused:
            assert answer.get_json()["code"] == "too_many_calls"
            assert 1 <= int(answer.headers["Retry-After"]) <= 51
            assert answer.content_type == "application/problem+json"
        # The count is the user's: another token of hers is not let through, and somebody else's is, at no cost.
        one.tokens["ann2"] = one.platform.accounts.administration.create_token(login_of("ann"), name="second")
        assert one.get("ann2", "/objects").status_code == 429
        one.get("bob", "/objects")
        with one.platform.database.statements.recording() as log:
            assert one.get("bob", "/objects").status_code == 200
        assert not [text for text in log if "fs_rate" in text]
        refusals = one.call("ann", "POST", "/records/deal", json={"name": "Over the rate"})
        assert refusals.status_code == 429
        assert one.get("boss", "/records/deal?q=rate").get_json()["items"] == []
        # Pages are not counted, and a session's calls count for its user.
        client = one.sign_in("ann")
        assert client.get("/o/deal").status_code == 200
        assert client.get("/api/v1/objects").status_code == 429
        clock.move_to(NOON + dt.timedelta(seconds=int(refused[0].headers["Retry-After"])))
        assert one.get("ann", "/objects").status_code == 200
        assert other.get("ann", "/objects").status_code == 200


def test_a_caller_over_the_rate_costs_no_statement(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    with serve_deals(database_url, tmp_path, clock=clock) as served:
        platform = served.platform
        first, second = (CallRates(platform.database, platform.system.rate, clock, 5) for _ in range(2))
        for _ in range(3):
            first.admit(["a"])
        second.admit(["a", "b"])
        second.admit(["a"])
        for rates in (first, second, first):
            with pytest.raises(TooManyCalls) as told:
                rates.admit(["a"])
            assert told.value.retry_after_s == 51
        with platform.database.statements.recording() as log, pytest.raises(TooManyCalls):
            first.admit(["a"])
        assert not list(log)
        with platform.database.read() as connection:
            rows = connection.execute(select(platform.system.rate.c.key, platform.system.rate.c.taken)).all()
        assert {str(key): int(taken) for key, taken in rows}["b"] == 1
