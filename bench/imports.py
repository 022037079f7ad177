"""Measures the product's importer: rows a second of deals with lookups, checks and history, from a CSV file."""

from __future__ import annotations

import csv
import gc
import time
from pathlib import Path

from bench.filling import SALES, measured_settings
from engine.access.actor import system_actor
from engine.platform import Platform

ACCOUNTS = 500


def measure_import(database_url: str, folder: Path, rows: int) -> float:
    """Import `rows` new deals into an installation with 500 accounts; give rows a second."""
    platform = Platform.open(measured_settings(database_url, folder / "imported"))
    try:
        platform.apply_release([SALES], author="bench")
        actor = system_actor()
        accounts = folder / "accounts.csv"
        _write(accounts, ["name"], ([f"Account {n}"] for n in range(ACCOUNTS)))
        platform.imports.import_csv(actor, "account", accounts)
        deals = folder / "deals.csv"
        names = ["reference", "name", "account", "amount", "stage", "opened_on", "close_date", "next_step"]
        _write(deals, names, (_deal(n) for n in range(rows)))
        # As the command does that imports.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        started = time.perf_counter()
        result = platform.imports.import_csv(actor, "opportunity", deals)
        seconds = time.perf_counter() - started
        assert result.created == rows, result
        return round(rows / seconds)
    finally:
        platform.close()


def _deal(n: int) -> list[object]:
    stage = ("prospect", "qualify", "negotiation")[n % 3]
    return [f"R-{n}", f"Deal {n}", f"Account {n % ACCOUNTS}", 1000 + n, stage, "2026-01-15", "2027-01-15", "Call"]


def _write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]
