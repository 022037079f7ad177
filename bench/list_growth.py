"""Measures how a list grows with its table: `python -m bench.list_growth` lists 50 of few deals and of many in turns.

Both installations are served at the same time, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.__main__ import ROUNDS, database_maker, free_port, measure_workload
from bench.filling import prepare
from bench.servers import served
from bench.workloads import workloads

LIST = "list of 50"


def main() -> None:
    """Measure as told and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.list_growth", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--rows", nargs=2, type=int, default=[10_000, 1_000_000], metavar=("FEW", "MANY"))
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn of a measure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        for kind in given.databases:
            with database_maker(kind, Path(name)) as make:
                few, many = _rates(make, Path(name) / kind, given.rows, given.seconds)
            print(f"{kind}: {LIST} from {given.rows[0]:,} deals {few:.0f}/s, from {given.rows[1]:,} {many:.0f}/s")
            print(f"  time: {few / many:.2f} times (owed at most 1.3)", flush=True)


def _rates(make: Callable[[str], str], folder: Path, sizes: Sequence[int], seconds: float) -> list[float]:
    with ExitStack() as serving:
        asked = []
        for rows in sizes:
            prepared = prepare(make(f"list_{rows}"), folder / str(rows), rows)
            port = free_port()
            at = folder / str(rows) / "served"
            serving.enter_context(served("product", prepared.database_url, port, at, prepared.caller))
            asked.append((prepared, next(each for each in workloads(prepared) if each.name == LIST), port))
        turns = [[measure_workload(*each, 1, seconds) for each in asked] for _ in range(2 * ROUNDS + 1)]
    return [statistics.median(rates) for rates in zip(*turns, strict=True)]


if __name__ == "__main__":
    main()
