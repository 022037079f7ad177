"""Wrong log-ins are counted in the database, by account and by address."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from engine.accounts.errors import TooManyAttempts
from engine.accounts.lockout import Lockout, LockoutLimits
from engine.clock import FixedClock, SystemClock
from engine.storage.database import Database
from engine.storage.system_tables import SystemTables, build_system_tables
from engine.storage.system_versions import upgrade_system_tables

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def opened(database_url: str) -> Iterator[tuple[Database, SystemTables]]:
    database = Database(database_url)
    system = build_system_tables(database.dialect)
    upgrade_system_tables(database, system, SystemClock())
    yield database, system
    database.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


def attempts_until_refusal(lockout: Lockout, login: str, address: str, at_most: int = 100) -> int:
    for number in range(at_most):
        try:
            lockout.admit(login, address)
        except TooManyAttempts:
            return number
    return at_most


def test_the_sixth_wrong_log_in_in_15_minutes_is_refused_until_the_first_is_15_minutes_old(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    for minute in range(5):
        clock.move_to(NOON + timedelta(minutes=minute))
        lockout.admit("ann", "10.0.0.1")
    with pytest.raises(TooManyAttempts) as refused:
        lockout.admit("ANN ", "10.0.0.2")
    assert 10 * 60 < refused.value.retry_after_s <= 11 * 60 + 1
    clock.move_to(NOON + timedelta(minutes=15, seconds=1))
    lockout.admit("ann", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        lockout.admit("ann", "10.0.0.1")


def test_the_window_slides_so_that_no_15_minutes_hold_more_than_5_attempts(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    admitted = []
    for minute in range(60):
        clock.move_to(NOON + timedelta(minutes=minute))
        for _ in range(2):
            try:
                lockout.admit("ann", f"10.0.{minute}.1")
                admitted.append(minute)
            except TooManyAttempts:
                pass
    assert all(sum(start <= minute < start + 15 for minute in admitted) <= 5 for start in range(60))
    assert len(admitted) >= 19


def test_a_locked_account_locks_nobody_else_out_and_the_count_survives_a_restart(
    opened: tuple[Database, SystemTables], clock: FixedClock, database_url: str
) -> None:
    database, system = opened
    assert attempts_until_refusal(Lockout(database, system.lockout, clock), "ann", "10.0.0.1") == 5
    after_restart = Lockout(Database(database_url), system.lockout, clock)
    with pytest.raises(TooManyAttempts):
        after_restart.admit("ann", "10.0.0.9")
    after_restart.admit("bob", "10.0.0.1")


def test_an_address_is_refused_after_50_wrong_log_ins_over_all_accounts(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    for number in range(50):
        lockout.admit(f"user{number}", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        lockout.admit("someone", "10.0.0.1")
    lockout.admit("someone", "10.0.0.2")


def test_the_addresses_of_one_ipv6_network_count_as_one(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    for number in range(50):
        lockout.admit(f"user{number}", f"2001:db8:0:1::{number:x}")
    with pytest.raises(TooManyAttempts):
        lockout.admit("someone", "2001:db8:0:1:ffff::1")
    lockout.admit("someone", "2001:db8:0:2::1")


def test_a_right_password_clears_the_account_and_takes_back_one_of_the_address(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock, LockoutLimits(per_account=5, per_address=6))
    for _ in range(4):
        lockout.admit("ann", "10.0.0.1")
    lockout.admit("ann", "10.0.0.1")
    lockout.forgive("ann", "10.0.0.1")
    assert attempts_until_refusal(lockout, "ann", "10.0.0.2") == 5
    assert attempts_until_refusal(lockout, "bob", "10.0.0.1") == 2


def test_attempts_made_at_once_do_not_slip_past_the_limit(opened: tuple[Database, SystemTables]) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, SystemClock())

    def attempt(number: int) -> bool:
        try:
            lockout.admit("ann", f"10.0.0.{number}")
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 5


def test_neither_names_nor_addresses_stand_in_the_table_in_clear(
    opened: tuple[Database, SystemTables], clock: FixedClock
) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    lockout.admit("my-password-typed-as-name", "10.0.0.1")
    with database.read() as connection:
        keys = " ".join(connection.execute(system.lockout.select()).scalars())
    assert "my-password" not in keys
    assert "10.0.0.1" not in keys


def test_counters_that_no_longer_count_are_removed(opened: tuple[Database, SystemTables], clock: FixedClock) -> None:
    database, system = opened
    lockout = Lockout(database, system.lockout, clock)
    lockout.admit("ann", "10.0.0.1")
    assert lockout.forget_old() == 0
    clock.move_to(NOON + timedelta(minutes=16))
    assert lockout.forget_old() == 2
