"""Which files of a public data set go through which mapping, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from engine.access.actor import Origin, system_actor
from engine.imports.mapping import load_mapping
from engine.imports.result import ImportResult
from engine.platform import Platform
from engine.records.aggregates import AggregateQuery, Measure
from metamodel.values import Money

MAPPINGS = Path(__file__).resolve().parent
FILES = {
    "maven-crm-sales": {
        "1-teams": "sales_teams.csv",
        "2-managers": "sales_teams.csv",
        "3-agents": "sales_teams.csv",
        "4-products": "products.csv",
        "5-accounts": "accounts.csv",
        "6-deals": "sales_pipeline.csv",
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A public data set: its name, known here, and where its files lie."""

    name: str
    folder: Path

    @staticmethod
    def find(folder: Path) -> DataSet:
        """Recognise a set by the name of its folder."""
        name = folder.resolve().name
        if name not in FILES:
            raise SystemExit(f"no mapping files are here for '{name}'; there are some for {', '.join(FILES)}")
        return DataSet(name=name, folder=folder)


def load_set(platform: Platform, data_set: DataSet, errors: Path) -> Iterator[tuple[str, ImportResult]]:
    """Import the files of a set one by one; refused rows go to `errors`, a file a mapping."""
    for title, file in FILES[data_set.name].items():
        mapping = load_mapping(MAPPINGS / data_set.name / f"{title}.yaml")
        assert mapping.object is not None
        yield (
            title,
            platform.imports.import_csv(
                system_actor(Origin.IMPORT),
                mapping.object,
                data_set.folder / file,
                mapping=mapping,
                errors_file=errors / f"{title}.refused.csv",
            ),
        )


def won_total(platform: Platform) -> Decimal:
    """Give the sum of all won deals, as lists give it."""
    query = AggregateQuery(
        object="opportunity", filter='stage = "won"', measures=(Measure(function="sum", path="amount"),)
    )
    (row,) = platform.records.aggregate(system_actor(), query)
    total = row.measures[0]
    return total.amount if isinstance(total, Money) else Decimal(str(total or 0))
