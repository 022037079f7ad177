"""Prepares demo data of an app: CSV files in the order their lookups need, with dates that follow the day of loading.

A cell `= today - 30 days` or `= now + 2 hours` becomes a date or an instant; everything else stays as it is. Loading is
the importer's.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from metamodel.apps import Metamodel

DEMO_FOLDER = Path("data") / "demo"
USER_FILE = "user"
_MOMENT = re.compile(r"=\s*(today|now)(?:\s*([+-])\s*(\d+)\s*(days?|hours?|minutes?))?\s*\Z")


def demo_files(app_folder: Path, metamodel: Metamodel) -> Sequence[tuple[str, Path]]:
    """Give object key and file of the demo data, objects that others point at first."""
    found = {path.stem: path for path in sorted((app_folder / DEMO_FOLDER).glob("*.csv"))}
    placed: list[str] = []

    def place(name: str, waiting: tuple[str, ...]) -> None:
        if name in placed or name in waiting:
            return
        for target in sorted(_targets(metamodel, name, found[name]) & set(found)):
            place(target, (*waiting, name))
        placed.append(name)

    for name in sorted(found, key=lambda each: (each not in ("team", USER_FILE), each)):
        place(name, ())
    return [(name, found[name]) for name in placed]


def read_rows(path: Path) -> Sequence[Mapping[str, str]]:
    """Give the rows of a CSV file by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_with_dates(source: Path, target: Path, *, now: datetime, timezone: str) -> None:
    """Write a copy of a CSV file with its moments filled in."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    local = now.astimezone(ZoneInfo(timezone))
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_filled(row, local) for row in rows)


def fill_moment(cell: str, now: datetime) -> str:
    """Give the text of a moment relative to `now`; other cells as they are."""
    match = _MOMENT.match(cell)
    if match is None:
        return cell
    word, sign, count, unit = match.groups()
    amount = timedelta()
    if count is not None:
        amount = timedelta(**{unit.rstrip("s") + "s": int(count)})
    moment = now - amount if sign == "-" else now + amount
    return moment.date().isoformat() if word == "today" else moment.isoformat(timespec="seconds")


def _filled(row: Iterable[str], now: datetime) -> list[str]:
    return [fill_moment(cell, now) for cell in row]


def _targets(metamodel: Metamodel, name: str, path: Path) -> set[str]:
    # Only what the file has a column for: team and user point at each other, their files do not.
    found = metamodel.find_object(name)
    if found is None:
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file), [])
    relations = (found.fields[column].relation for column in columns if column in found.fields)
    present = [relation for relation in relations if relation is not None]
    return {target for relation in present for target in (relation.targets or metamodel.objects)} - {name}
