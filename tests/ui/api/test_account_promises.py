"""What is promised of passwords, sessions and wrong log-ins, each promise as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from flask.testing import FlaskClient

from engine.accounts.opening import AccountSettings
from engine.accounts.passwords import PasswordCost, Passwords
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from engine.platform import Platform
from tests.support.served import CHEAP, PASSWORD, Served, login_of, post_form, serve_deals
from ui.app import create_app
from ui.security import WebSettings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
API = "/api/v1/objects"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def timed(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Served]:
    with serve_deals(database_url, tmp_path, clock=clock) as found:
        yield found


@pytest.mark.promise("SEC-19")
def test_passwords_are_dear_to_guess_refused_when_weak_and_hashed_anew_when_cheap(
    sqlite_url: str, tmp_path: Path
) -> None:
    with serve_deals(sqlite_url, tmp_path, accounts=AccountSettings()) as served:
        administration, ann = served.platform.accounts.administration, login_of("ann")
        assert_dear(stored_hash(served))
        for weak in ("1234567", "password", "PASSWORD1", "qwertyuiop", "aaaaaaaa"):
            with pytest.raises(ValidationFailed):
                administration.set_password(ann, weak)
        for length in (8, 64, 200):
            strong = ("kP7-longer phrases are good " * 10)[:length]
            administration.set_password(ann, strong)
            served.sign_in("ann", strong)
        cheap = Passwords(PasswordCost(memory_kib=8, passes=1)).hash(PASSWORD)
        with served.platform.database.write() as connection:
            administration.store_hash(connection, served.user_ids["ann"], cheap)
        served.sign_in("ann")
        assert stored_hash(served) != cheap
        assert_dear(stored_hash(served))


@pytest.mark.promise("SEC-23")
def test_sessions_live_on_the_server_and_end_in_every_way(timed: Served, clock: FixedClock) -> None:
    accounts, administration = timed.platform.accounts, timed.platform.accounts.administration
    before = timed.browser()
    before.set_cookie("fieldstone_session", "an id from before the log-in")
    client = timed.sign_in("ann", client=before)
    assert cookie_of(client) != "an id from before the log-in"
    assert client.get(API).status_code == 200

    clock.move_to(clock.now() + timedelta(hours=8, minutes=1))
    assert client.get(API).status_code == 401, "it idled out"
    client = timed.sign_in("ann")
    for _ in range(23):
        clock.move_to(clock.now() + timedelta(hours=7))
        assert client.get(API).status_code == 200
    clock.move_to(clock.now() + timedelta(hours=7, minutes=1))
    assert client.get(API).status_code == 401, "seven days are over, however much it was used"

    endings: list[Callable[[], object]] = [
        lambda: post_form(client, "/logout", {}, page="/"),
        lambda: administration.set_password(login_of("ann"), PASSWORD),
        lambda: accounts.end_session(accounts.list_sessions(timed.user_ids["ann"])[0].id),
        lambda: administration.disable(login_of("ann")),
    ]
    for end in endings:
        client = timed.sign_in("ann")
        stolen = timed.browser()
        stolen.set_cookie("fieldstone_session", cookie_of(client))
        assert stolen.get(API).status_code == 200
        assert len(accounts.list_sessions(timed.user_ids["ann"])) == 1
        end()
        assert stolen.get(API).status_code == 401
        assert stolen.get("/").status_code == 401
        assert accounts.list_sessions(timed.user_ids["ann"]) == []


@pytest.mark.promise("SEC-24")
def test_guessing_is_stopped_for_accounts_and_addresses_and_nobody_else(
    timed: Served, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
        hashed.append(str(extract_parameters(str(stored))))
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    known = [try_once(timed, login_of("ann"), address="10.0.0.1") for _ in range(6)]
    work_for_known = list(hashed)
    hashed.clear()
    unknown = [try_once(timed, "nobody@example.com", address="10.0.0.2") for _ in range(6)]
    assert [answer[0] for answer in known] == [401, 401, 401, 401, 401, 429]
    assert unknown == known
    assert hashed == work_for_known
    assert len(hashed) == 5

    settings = timed.platform.settings
    other = Platform.open(settings, accounts=CHEAP, clock=clock)
    try:
        restarted = Served(other, create_app(other, WebSettings(secret_key="x" * 40)))
        assert try_once(restarted, login_of("ann"), PASSWORD, address="10.0.0.3")[0] == 429
        assert try_once(restarted, login_of("bob"), PASSWORD, address="10.0.0.1")[0] == 303
    finally:
        other.close()

    for number in range(50):
        assert try_once(timed, f"user{number}@example.com", address="10.9.9.9")[0] == 401
    assert try_once(timed, login_of("boss"), PASSWORD, address="10.9.9.9")[0] == 429
    assert try_once(timed, login_of("boss"), PASSWORD, address="10.9.9.8")[0] == 303
    clock.move_to(clock.now() + timedelta(minutes=15, seconds=2))
    assert try_once(timed, login_of("ann"), PASSWORD, address="10.9.9.9")[0] == 303


def try_once(served: Served, login: str, password: str = "wrong guess", *, address: str) -> tuple[int, bool, str]:
    """Try to log in from an address; give status, whether Retry-After is there, and the page but for its tokens."""
    client = served.browser()
    client.environ_base["REMOTE_ADDR"] = address
    answer = post_form(client, "/login", {"login": login, "password": password})
    page = re.sub(r'value="[^"]*"|"X-CSRFToken": "[^"]*"', "", answer.get_data(as_text=True))
    return answer.status_code, "Retry-After" in answer.headers, page


def stored_hash(served: Served) -> str:
    with served.platform.database.read() as connection:
        found = served.platform.accounts.administration.password_hash(connection, served.user_ids["ann"])
    assert found is not None
    return found


def assert_dear(stored: str) -> None:
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("fieldstone_session")
    assert found is not None
    return str(found.value)
