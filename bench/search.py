"""Measures the global search: `python -m bench.search` asks all objects for words, and the deals alone in plain SQL.

The plain query is the full-text query that each database offers over the same index, with the same number of rows. In
this process, in turns; the product's side is the whole call of the door.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.__main__ import database_maker
from bench.filling import measured_settings, prepare
from bench.people import Prepared
from bench.raw import connect, is_sqlite
from engine.access.actor import Actor
from engine.platform import Platform
from engine.records.global_search.service import A_FEW, search
from engine.records.index_words import read_search

OWED, TURNS = 2.0, 40


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                prepared = prepare(make("search"), Path(name) / kind, given.rows)
                for typed, (ours, plain) in _times(prepared, Path(name) / kind, given.rows).items():
                    print(f"{kind}, {given.rows:,} deals, {typed}: {ours * 1000:.2f} ms, plain {plain * 1000:.2f} ms")
                    print(f"  {ours / plain:.2f} times (owed at most {OWED})", flush=True)


def _times(prepared: Prepared, folder: Path, rows: int) -> Mapping[str, tuple[float, float]]:
    platform = Platform.open(measured_settings(prepared.database_url, folder))
    connection = connect(prepared.database_url)
    try:
        spec = platform.releases.current().tables.of("opportunity").spec
        index = next(each.name for each in spec.indexes.values() if each.words)
        reader = Actor(user_id=prepared.caller.user_id, login="bench", roles=frozenset(("administrator",)))
        asked = {
            "one deal": f"deal {rows // 2:07d}", "a number": f"opp 2026 {rows // 3:06d}",
            "a beginning": f"{rows // 2:07d}"[:5], "a word of all": "deal",
        }  # fmt: skip
        found = {}
        for name, typed in asked.items():
            plain = _plain(prepared, index, spec.indexes[index].columns, typed)
            found[f"{name}, '{typed}'"] = _both(
                partial(_ours, platform, reader, typed), partial(_rows, connection, plain)
            )
        return found
    finally:
        connection.close()
        platform.close()


def _ours(platform: Platform, reader: Actor, typed: str) -> object:
    with platform.records.reading(reader) as transaction:
        return search(transaction, typed)


def _rows(connection: Any, query: tuple[str, tuple[str, ...]]) -> object:
    return connection.execute(*query).fetchall()


def _plain(prepared: Prepared, index: str, columns: Sequence[str], typed: str) -> tuple[str, tuple[str, ...]]:
    """Give the full-text query of the database alone, over all columns of the deals' index, for as many rows."""
    terms = [term.text for term in read_search(typed).terms]
    if is_sqlite(prepared.database_url):
        match = " AND ".join(f'"{term}"*' for term in terms)
        text = (
            f"SELECT d.id, d.title_ FROM {index} w JOIN sales_opportunity d ON d.rowid = w.rowid WHERE {index} MATCH ?"
        )
        return f"{text} ORDER BY w.rowid DESC LIMIT {A_FEW}", (match,)
    tests = [f"({' OR '.join(f'{name} @@ %s::tsquery' for name in columns)})" for _ in terms]
    values = tuple(f"'{term}':*" for term in terms for _ in columns)
    return f"SELECT id, title_ FROM sales_opportunity WHERE {' AND '.join(tests)} LIMIT {A_FEW}", values


def _both(*calls: Callable[[], object]) -> tuple[float, float]:
    """Give the medians of two calls, made in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS + 2):
        for call, taken in zip(calls, times, strict=True):
            begun = time.perf_counter()
            assert call()
            if turn >= 2:
                taken.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
