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
        platform.imports.import_csv(system_actor(), "account", write_accounts(folder, ACCOUNTS))
        deals = deals_file(folder, rows)
        collect_as_the_command_does()
        started = time.perf_counter()
        import_deals(platform, deals, rows)
        return round(rows / (time.perf_counter() - started))
    finally:
        platform.close()


def collect_as_the_command_does() -> None:
    """Set the collector as the command does that imports."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def import_deals(platform: Platform, file: Path, rows: int) -> None:
    """Import a file of deals; all of its rows become records."""
    result = platform.imports.import_csv(system_actor(), "opportunity", file)
    assert result.created == rows, result


def write_accounts(folder: Path, count: int) -> Path:
    """Write the accounts that deals belong to."""
    file = folder / "accounts.csv"
    _write(file, ["name"], ([f"Account {n}"] for n in range(count)))
    return file


def deals_file(folder: Path, rows: int) -> Path:
    """Write deals with a lookup, amounts and dates."""
    file = folder / "deals.csv"
    names = ["reference", "name", "account", "amount", "stage", "opened_on", "close_date", "next_step"]
    _write(file, names, (_deal(n) for n in range(rows)))
    return file


def _deal(n: int) -> list[object]:
    stage = ("prospect", "qualify", "negotiation")[n % 3]
    return [f"R-{n}", f"Deal {n}", f"Account {n % ACCOUNTS}", 1000 + n, stage, "2026-01-15", "2027-01-15", "Call"]


def _write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]
