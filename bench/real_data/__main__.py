"""`python -m bench.real_data FOLDER`: apply the sales app and load the public data set in FOLDER through the importer.

The set is no part of the project; its mapping files are. Loads into FIELDSTONE_DATABASE_URL, an SQLite file in var/
where none is named, prints what was loaded and refused and writes refused rows with line and reason beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.real_data.loading import DataSet, load_set, won_total
from engine.platform import Platform
from engine.settings import load_settings

SALES = Path(__file__).resolve().parents[2] / "sample_apps" / "sales"
DEFAULT_DATABASE = "sqlite:///var/real-data/fieldstone.sqlite"
DEFAULT_FOLDER = "var/real-data/data"
DEFAULT_VARIABLES = f"FIELDSTONE_DATABASE_URL={DEFAULT_DATABASE} FIELDSTONE_DATA_FOLDER={DEFAULT_FOLDER} "


def main(arguments: list[str]) -> int:
    """Load a set; give the exit code: 1 where rows were refused."""
    if len(arguments) != 1:
        print("usage: make real-data DATA=FOLDER, the folder of a public data set")
        return 2
    folder = Path(arguments[0])
    data_set = DataSet.find(folder)
    settings = load_settings()
    is_named = "database_url" in settings.origins
    if not is_named:
        settings = load_settings(database_url=DEFAULT_DATABASE, data_folder=DEFAULT_FOLDER)
    errors = Path("var/real-data")
    errors.mkdir(parents=True, exist_ok=True)
    platform = Platform.open(settings)
    try:
        platform.apply_release([SALES], author="real data")
        refused = 0
        for title, result in load_set(platform, data_set, errors):
            counts = ", ".join(f"{count} {name}" for name, count in result.counts.items() if name != "total")
            print(f"{title}: {result.total} rows, {counts}")
            refused += result.refused
        print(f"won: {won_total(platform).normalize():f}")
        print(_how_to_look("" if is_named else DEFAULT_VARIABLES))
    finally:
        platform.close()
    return 1 if refused else 0


def _how_to_look(before: str) -> str:
    """Say which commands show in a browser what was loaded; before: the variables that they need."""
    return (
        "to look at it:\n"
        f"  {before}fieldstone users add you@example.com --role administrator --generate\n"
        f"  {before}fieldstone serve"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
