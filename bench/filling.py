"""Fills a measured installation: users through the product, accounts and deals by raw rows, which is quick."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.filling_parts import fill_contacts, fill_lines, fill_products, worded
from bench.people import CLOSED, PASSWORD, PROBABILITY, STAGES, TEAMS, USERS_A_TEAM, Caller, Prepared
from bench.raw import cell, connect, fill_table, is_sqlite
from engine.access.actor import system_actor
from engine.ids import Uuid7Maker
from engine.platform import Platform
from engine.settings import PlatformSettings

SALES = Path(__file__).resolve().parent.parent / "sample_apps" / "sales"
SECRET = "a key for measuring, of no other use"
NO_LIMIT = 10_000_000
NOW = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
ACCOUNTS_A_DEAL = 10
DEAL_COLUMNS = (
    "id", "number", "name", "account", "amount", "amount_currency", "amount_base", "stage", "probability", "weighted",
    "weighted_currency", "weighted_base", "opened_on", "close_date", "at_risk", "owner", "created_at", "created_by",
    "modified_at", "modified_by", "version", "name_sort", "title_",
)  # fmt: skip
ACCOUNT_COLUMNS = (
    "id", "name", "status", "payment_term", "open_deals", "owner", "created_at", "created_by", "modified_at",
    "modified_by", "version", "name_sort", "title_",
)  # fmt: skip


def measured_settings(database_url: str, folder: Path) -> PlatformSettings:
    """Give the settings that the measured product runs with; calls are counted, and no number of them is too many."""
    return PlatformSettings(database_url=database_url, data_folder=folder, secret_key=SECRET, rate_limit=NO_LIMIT)


def prepare(database_url: str, folder: Path, rows: int) -> Prepared:
    """Apply the sales app to an empty database and fill it with `rows` deals and a tenth as many accounts."""
    platform = Platform.open(measured_settings(database_url, folder))
    try:
        platform.apply_release([SALES], author="bench")
        users = _make_users(platform)
        caller = _caller(platform, users)
    finally:
        platform.close()
    connection = connect(database_url)
    try:
        accounts = _fill_accounts(connection, database_url, users, max(rows // ACCOUNTS_A_DEAL, 10))
        deals = _fill_deals(connection, database_url, users, accounts, rows)
        prepared = _prepared(database_url, caller, accounts, deals, rows)
        products = fill_products(connection, database_url, caller.user_id, NOW)
        owners = [(account, users[index % len(users)][0]) for index, account in enumerate(accounts)]
        fill_contacts(connection, database_url, owners, NOW)
        fill_lines(connection, database_url, prepared.readable, products, caller.user_id, NOW)
        connection.execute("ANALYZE")
    finally:
        connection.close()
    return prepared


def _make_users(platform: Platform) -> list[tuple[str, str]]:
    actor = system_actor()
    found: list[tuple[str, str]] = []
    for team in range(TEAMS):
        team_id = platform.records.create(actor, "team", {"name": f"Team {team + 1}"}).record.id
        for index in range(USERS_A_TEAM):
            user_id = platform.accounts.administration.create_user(
                actor,
                f"user{team}{index}@bench.example",
                password=PASSWORD,
                roles=["sales_rep"],
                values={"name": f"User {team}{index}", "team": team_id},
            )
            found.append((user_id, team_id))
    return found


def _caller(platform: Platform, users: list[tuple[str, str]]) -> Caller:
    login = "user00@bench.example"
    token = platform.accounts.administration.create_token(login, name="bench")
    session = platform.accounts.sign_in(login, PASSWORD, address="127.0.0.1", agent="bench")
    return Caller(user_id=users[0][0], team_id=users[0][1], token=token, cookie=session.secret)


def _fill_accounts(connection: Any, url: str, users: list[tuple[str, str]], count: int) -> list[str]:
    make, stamp = Uuid7Maker(), cell(url, NOW)
    ids = [make.new() for _ in range(count)]

    def rows() -> Iterator[Any]:
        for index, account_id in enumerate(ids):
            user, name = users[index % len(users)][0], f"Account {index:06d}"
            yield (account_id, name, "customer", "days_30", 0, user, stamp, user, stamp, user, 1, name.lower(), name)

    fill_table(connection, url, "core_account", *worded(ACCOUNT_COLUMNS, rows(), name="text"))
    return ids


def _fill_deals(
    connection: Any, url: str, users: list[tuple[str, str]], accounts: list[str], count: int
) -> list[tuple[str, str, str, Decimal]]:
    make, chance, stamp = Uuid7Maker(), random.Random(7), cell(url, NOW)
    kept: list[tuple[str, str, str, Decimal]] = []

    def rows() -> Iterator[Any]:
        for index in range(count):
            # Every fourth deal is the caller's, so that there are enough to change.
            user = users[0 if index % 4 == 0 else index % len(users)][0]
            stage = STAGES[chance.randrange(len(STAGES))]
            amount = Decimal(chance.randrange(1_000, 400_000))
            share = Decimal(PROBABILITY[stage]) / 100
            opened = NOW.date() - dt.timedelta(days=chance.randrange(30, 300))
            close = opened + dt.timedelta(days=chance.randrange(30, 400))
            name, deal_id = f"Deal {index:07d}", make.new()
            if len(kept) < 60_000:
                kept.append((deal_id, user, stage, amount))
            base, weighted = cell(url, amount), cell(url, amount * share)
            yield (
                deal_id, f"OPP-2026-{index + 1:06d}", name, accounts[index % len(accounts)], base, "CNY", base, stage,
                cell(url, share, 4), weighted, "CNY", weighted, cell(url, opened), cell(url, close), cell(url, False),
                user, stamp, user, stamp, user, 1, name.lower(), name,
            )  # fmt: skip

    fill_table(connection, url, "sales_opportunity", *worded(DEAL_COLUMNS, rows(), name="text", number="autonumber"))
    return kept


def _prepared(
    url: str, caller: Caller, accounts: list[str], deals: list[tuple[str, str, str, Decimal]], rows: int
) -> Prepared:
    mine = [deal for deal in deals if deal[1] == caller.user_id]
    own = tuple(deal[0] for deal in mine if deal[2] == "qualify" and deal[3] >= 100_000)
    readable = tuple(deal[0] for deal in mine if deal[2] not in CLOSED and deal[2] != "qualify")
    return Prepared(database_url=url, caller=caller, own=own, readable=readable[:2_000], account=accounts[0], rows=rows)


def database_file(database_url: str) -> Path | None:
    """Give the file of an SQLite address."""
    return Path(database_url.removeprefix("sqlite:///")) if is_sqlite(database_url) else None
