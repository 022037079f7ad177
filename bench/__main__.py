"""Measures the product beside the hand-written program, in the same run, on the same tables: `make bench`.

Prints answers a second of both, their ratio and what is owed; then the import rate. Growth is measured by
`bench.list_growth` and `bench.import_growth`.
Absolute figures depend on the machine, ratios hardly.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.filling import prepare
from bench.imports import measure_import
from bench.load import measure
from bench.people import Prepared
from bench.raw import connect, is_sqlite
from bench.servers import served
from bench.statements import count_statements
from bench.workloads import Workload, workloads
from tests.support.postgres import PostgresCluster, create_database, new_cluster_folder

PROGRAMS = ("product", "handwritten")
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured pair: answers a second of both programs for one workload."""

    database: str
    rows: int
    clients: int
    workload: str
    product: float
    handwritten: float
    owed: float

    @property
    def ratio(self) -> float:
        """The product's rate by the hand-written program's."""
        return self.product / self.handwritten


def main() -> None:
    """Measure as told and print."""
    given = _arguments()
    figures: list[Figure] = []
    others: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as name:
        folder = Path(name)
        for kind in given.databases:
            with database_maker(kind, folder) as make:
                for rows in given.rows:
                    prepared = prepare(make(f"bench_{rows}"), folder / f"{kind}{rows}", rows)
                    figures += _measure_all(kind, prepared, folder, given)
                    if rows == given.rows[0]:
                        _reset(prepared)
                        others[f"{kind} SQL statements"] = count_statements(prepared, folder)
                others[f"{kind} import, rows a second"] = measure_import(make("bench_import"), folder, given.imported)
    _print_others(others)
    if given.json:
        found = {"figures": [asdict(f) | {"ratio": round(f.ratio, 3)} for f in figures], "others": others}
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=("postgresql", "sqlite"))
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--clients", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each of the three turns of a measure")
    parser.add_argument("--only", nargs="*", default=[], help="names of workloads")
    parser.add_argument("--imported", type=int, default=10_000, help="rows of the import")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    return parser.parse_args()


@contextmanager
def database_maker(kind: str, folder: Path) -> Iterator[Any]:
    """Give what makes databases of a kind by their names, on a server that is there for the block."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder / f'{name}.sqlite'}"
        return
    home = new_cluster_folder()
    cluster = PostgresCluster(home)
    cluster.start()
    try:
        # As people run it: a commit is on the disk before it is answered.
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = on")
            connection.execute("ALTER SYSTEM SET full_page_writes = on")
            connection.execute("SELECT pg_reload_conf()")
        yield lambda name: create_database(cluster.url)
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def _measure_all(kind: str, prepared: Prepared, folder: Path, given: argparse.Namespace) -> list[Figure]:
    rates: dict[tuple[str, int, str], float] = {}
    kinds = [w for w in workloads(prepared) if not given.only or w.name in given.only]
    with ExitStack() as serving:
        ports = {program: free_port() for program in PROGRAMS}
        for program, port in ports.items():
            serving.enter_context(served(program, prepared.database_url, port, folder / "served", prepared.caller))
        for clients in given.clients:
            for workload in kinds:
                # In turns, so that what else the machine does meets both alike.
                rounds = [
                    {
                        name: measure_workload(prepared, workload, port, clients, given.seconds)
                        for name, port in ports.items()
                    }
                    for _ in range(ROUNDS)
                ]
                for program in PROGRAMS:
                    rates[program, clients, workload.name] = statistics.median(each[program] for each in rounds)
    found = [
        Figure(
            database=kind,
            rows=prepared.rows,
            clients=clients,
            workload=workload.name,
            product=rates["product", clients, workload.name],
            handwritten=rates["handwritten", clients, workload.name],
            owed=workload.owed,
        )
        for clients in given.clients
        for workload in kinds
    ]
    _print_figures(found)
    return found


def measure_workload(prepared: Prepared, workload: Workload, port: int, clients: int, seconds: float) -> float:
    """Give the answers a second of one program."""
    if workload.changes:
        _reset(prepared)
    return measure(port, workload.make, clients=clients, seconds=seconds, most=workload.most)


def _reset(prepared: Prepared) -> None:
    """Put the deals that updates moved back to where they were."""
    connection = connect(prepared.database_url)
    mark = "?" if is_sqlite(prepared.database_url) else "%s"
    sql = f"UPDATE sales_opportunity SET stage = 'qualify' WHERE stage = 'proposal' AND id = {mark}"
    connection.execute("BEGIN")
    for record_id in prepared.own:
        connection.execute(sql, (record_id,))
    connection.execute("COMMIT")
    connection.close()


def _print_figures(figures: Sequence[Figure]) -> None:
    first = figures[0]
    print(f"\n{first.database}, {first.rows:,} deals: answers a second")
    print(f"{'workload':18} {'clients':>7} {'product':>9} {'by hand':>9} {'ratio':>6} {'owed':>5}")
    for f in figures:
        mark = "" if f.ratio >= f.owed else "  <-- below"
        print(
            f"{f.workload:18} {f.clients:7} {f.product:9.0f} {f.handwritten:9.0f} {f.ratio:6.2f} {f.owed:5.2f}{mark}",
            flush=True,
        )


def _print_others(others: dict[str, Any]) -> None:
    for name, value in others.items():
        print(f"\n{name}: {value}")


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
