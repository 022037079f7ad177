"""After an import of many rows the database's planner knows how large the table is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access.actor import Origin, system_actor
from engine.platform import Platform
from engine.storage.dialect import Dialect
from tests.support.platforms import applied_platform

FILES = {
    "objects/deal.yaml": """
        object: deal
        label: Deal
        title: "{name}"
        fields:
          reference: {type: text, external_id: true}
          name: {type: text, required: true}
        """,
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    with applied_platform(database_url, tmp_path, FILES) as opened:
        yield opened


def test_the_planner_looks_once_at_a_table_that_grew_and_not_after_a_few_rows(
    platform: Platform, tmp_path: Path
) -> None:
    def looks(rows: int, *, dry_run: bool = False) -> list[str]:
        file = tmp_path / "deal.csv"
        file.write_text("reference,name\n" + "".join(f"L{n},Deal {n}\n" for n in range(rows)), encoding="utf-8")
        with platform.database.statements.recording() as statements:
            platform.imports.import_csv(system_actor(Origin.CLI), "deal", file, dry_run=dry_run)
        return [text for text in statements if text.startswith("ANALYZE")]

    assert looks(20) == []
    assert looks(2_100, dry_run=True) == []
    assert looks(2_100) == ["ANALYZE shop_deal"]
    with platform.database.read() as connection:
        if platform.database.dialect is Dialect.POSTGRESQL:
            found = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'shop_deal'").scalar()
            known = int(found or 0)
        else:
            stat = connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = 'shop_deal'").scalar()
            known = int(str(stat).split()[0])
    assert known >= 1_500
