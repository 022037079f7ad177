"""Measures how an import grows: `python -m bench.import_growth` imports few rows, and ten times as many.

Each import has a process of its own. Prints what many rows cost by few in time and in memory, and what a row costs by
a record that is created alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.__main__ import database_maker
from bench.filling import SALES, measured_settings
from bench.imports import ACCOUNTS, collect_as_the_command_does, deals_file, import_deals, write_accounts
from engine.access.actor import system_actor
from engine.platform import Platform

_ALONE = 200


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.import_growth", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--rows", type=int, default=10_000, help="the few rows; the many are ten times as many")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                few, many = (
                    _in_a_process(make(f"growth_{rows}"), Path(name) / f"{kind}{rows}", rows)
                    for rows in (given.rows, 10 * given.rows)
                )
            _print(kind, few, many)


def _in_a_process(database_url: str, folder: Path, rows: int) -> dict[str, Any]:
    """Import in a process of its own, whose memory is that of this import alone."""
    folder.mkdir()
    process = multiprocessing.get_context("spawn").Process(target=_measure, args=(database_url, folder, rows))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"the import of {rows} rows ended with {process.exitcode}")
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


def _measure(database_url: str, folder: Path, rows: int) -> None:
    platform = Platform.open(measured_settings(database_url, folder / "data"))
    try:
        platform.apply_release([SALES], author="bench")
        platform.imports.import_csv(system_actor(), "account", write_accounts(folder, ACCOUNTS))
        alone = _create_alone(platform)
        file = deals_file(folder, rows)
        collect_as_the_command_does()
        started, begun = time.perf_counter(), time.process_time()
        import_deals(platform, file, rows)
        seconds, processor = time.perf_counter() - started, time.process_time() - begun
    finally:
        platform.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"rows": rows, "seconds": seconds, "processor": processor, "memory": peak, "alone": alone}
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


def _create_alone(platform: Platform) -> float:
    """Give the seconds of one deal that is created by itself."""
    account = platform.records.create(system_actor(), "account", {"name": "Alone"}).record.id
    values = {"name": "Alone", "account": account, "amount": "5000", "stage": "qualify", "close_date": "2027-03-31"}
    started = 0.0
    for number in range(_ALONE + 20):
        if number == 20:
            started = time.perf_counter()
        platform.records.create(system_actor(), "opportunity", values, confirm=None)
    return (time.perf_counter() - started) / _ALONE


def _print(kind: str, few: dict[str, Any], many: dict[str, Any]) -> None:
    per_row = many["seconds"] / many["rows"]
    for each in (few, many):
        taken = f"{each['seconds']:.2f} s, {each['processor']:.2f} s of our processor's"
        print(f"{kind}: an import of {each['rows']:,} rows took {taken}")
    print(f"  time: {many['seconds'] / few['seconds']:.1f} times (owed at most 11)")
    print(f"  our processor's time: {many['processor'] / few['processor']:.1f} times")
    print(f"  memory: {many['memory'] / few['memory']:.2f} times (owed at most 1.2)")
    print(f"  a row: {per_row / many['alone']:.3f} of a record created alone (owed at most 0.2)", flush=True)


if __name__ == "__main__":
    main()
