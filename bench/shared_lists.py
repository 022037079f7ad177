"""Measures what `own or team or shared` costs a list: `python -m bench.shared_lists` lists 50 with it and without.

Two people ask: one who owns much, and a newcomer whose records are few among a million. In this process, in turns, by
the time of the whole call of the door.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.__main__ import database_maker
from bench.filling import NOW, SALES, measured_settings, prepare
from bench.people import PASSWORD, Prepared
from bench.raw import cell, connect, fill_table, is_sqlite
from engine.access.actor import Actor, system_actor
from engine.platform import Platform
from engine.records.types import ListQuery, SortKey

OWED, TURNS = 2.0, 60
SHARED, OTHERS, NEWCOMERS = 300, 100_000, 400
QUERY = ListQuery(
    object="opportunity",
    fields=("name", "amount", "stage", "close_date", "account", "owner"),
    sort=(SortKey(path="amount", descending=True),),
    limit=50,
)
ROLE = "role: {name}\nobjects: {{opportunity: {{read: {scope}}}, account: {{read: all}}, user: {{read: all}}}}\n"


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.shared_lists", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                prepared = prepare(make("shared"), Path(name) / kind, given.rows)
                for who, times in _times(prepared, Path(name) / kind).items():
                    told = ", ".join(f"{scope} {took * 1000:.2f} ms" for scope, took in times.items())
                    print(f"{kind}, {given.rows:,} deals, {who}: {told}")
                    print(f"  {times['shared'] / times['all']:.2f} times (owed at most {OWED})", flush=True)


def _times(prepared: Prepared, folder: Path) -> Mapping[str, Mapping[str, float]]:
    app = folder / "app"
    shutil.copytree(SALES, app)
    for role, scope in (("bench_all", "all"), ("bench_team", "own or team"), ("bench_shared", "own or team or shared")):
        (app / "roles" / f"{role}.yaml").write_text(ROLE.format(name=role, scope=scope), "utf-8")
    platform = Platform.open(measured_settings(prepared.database_url, folder))
    try:
        platform.apply_release([app], author="bench")
        newcomer = _newcomer(platform)
        _share(prepared, newcomer)
        much = (prepared.caller.user_id, prepared.caller.team_id)
        return {
            "who owns a quarter": _measure(platform, *much),
            "newcomer": _measure(platform, *newcomer),
        }
    finally:
        platform.close()


def _newcomer(platform: Platform) -> tuple[str, str]:
    actor = system_actor()
    team_id = platform.records.create(actor, "team", {"name": "New team"}).record.id
    values = {"name": "New", "team": team_id}
    create = platform.accounts.administration.create_user
    return create(actor, "new@bench.example", password=PASSWORD, roles=["sales_rep"], values=values), team_id


def _share(prepared: Prepared, newcomer: tuple[str, str]) -> None:
    url, (user_id, team_id) = prepared.database_url, newcomer
    connection, mark = connect(url), "?" if is_sqlite(prepared.database_url) else "%s"
    try:
        ids = [str(row[0]) for row in connection.execute("SELECT id FROM sales_opportunity ORDER BY number")]
        step = max(len(ids) // NEWCOMERS, 1)
        for each in ids[::step]:
            connection.execute(f"UPDATE sales_opportunity SET owner = {mark} WHERE id = {mark}", (user_id, each))
        columns = ("object", "record_id", "grantee", "edits", "until", "at", "by")
        stamp, no = cell(url, NOW), cell(url, False)
        grantees = {f"user:{user_id}": SHARED, f"team:{team_id}": SHARED, "role:nobody": OTHERS}
        rows = (
            ("opportunity", each, grantee, no, None, stamp, None)
            for grantee, count in grantees.items()
            for each in ids[1 :: max(len(ids) // count, 1)]
        )
        fill_table(connection, url, "fs_share", columns, rows)
        connection.execute("ANALYZE")
    finally:
        connection.close()


def _measure(platform: Platform, user_id: str, team_id: str) -> Mapping[str, float]:
    roles = {"all": "bench_all", "team": "bench_team", "shared": "bench_shared"}
    actor = Actor(user_id=user_id, login="bench", team_id=team_id)
    asking = {scope: dataclasses.replace(actor, roles=frozenset((role,))) for scope, role in roles.items()}
    times: dict[str, list[float]] = {scope: [] for scope in asking}
    for turn in range(TURNS + 2):
        for scope, who in asking.items():
            begun = time.perf_counter()
            found = platform.records.list(who, QUERY)
            took = time.perf_counter() - begun
            assert len(found.rows) == QUERY.limit
            if turn >= 2:
                times[scope].append(took)
    return {scope: statistics.median(each) for scope, each in times.items()}


if __name__ == "__main__":
    main()
