"""Another database that is slow: whoever asks is told so in time, under any driver."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

import tests.support.outer  # noqa: F401 - a driver of another name
from engine.errors import SourceUnavailable
from engine.outer.databases import OuterDatabases
from engine.outer.patience import in_time
from engine.platform import check_app_folders
from tests.support.platforms import small_app

CONNECTION = "connection: erp\nkind: database\nsecret: ERP_DATABASE\n"
OBJECT = """
object: {name}
label: X
title: "{{id}}"
source: {{table: erp.{name}, key: id}}
fields: {{n: {{type: integer}}}}
"""
_COUNTED = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {rows}) "
    "SELECT x AS id, 1 AS n FROM n WHERE x < 0"
)
# Under the last driver it goes on for a second or two when nobody waits for it any more.
SLOW = {
    "sqlite": _COUNTED.format(rows=-1),
    "postgresql": "SELECT 1 AS id, 1 AS n FROM pg_sleep(60)",
    "ledger": _COUNTED.format(rows=4_000_000),
}


@pytest.mark.parametrize("kind", SLOW)
def test_an_answer_that_takes_too_long_is_given_up(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    address = f"{kind}:///{tmp_path / 'erp.sqlite'}"
    if kind == "postgresql":
        address = request.getfixturevalue("postgres_url")
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE VIEW slow AS {SLOW[kind]}"))
        connection.execute(text("CREATE TABLE quick (id integer PRIMARY KEY, n integer)"))
    engine.dispose()
    files = {f"objects/{name}.yaml": OBJECT.format(name=name) for name in ("slow", "quick")}
    checked = check_app_folders([small_app(tmp_path, {"connections/erp.yaml": CONNECTION, **files})])
    metamodel = checked.metamodel
    assert metamodel is not None, checked.problems
    now = [0.0]
    databases = OuterDatabases(lambda _: address, lambda: now[0], limit=0.5)

    def count(name: str) -> int:
        found = metamodel.objects[name]
        return databases.ask(
            metamodel.connections, found, lambda opened, there: len(opened.execute(select(there.table)).all())
        )

    with pytest.raises(SourceUnavailable, match="took too long"):
        count("slow")
    now[0] = 11.0
    assert count("quick") == 0
    databases.close()


def test_what_work_raises_while_somebody_waits_is_theirs() -> None:
    def fail() -> None:
        raise TimeoutError("a socket's")

    with pytest.raises(TimeoutError, match="a socket's"):
        in_time(fail, 60)
    assert in_time(lambda: 7, 60) == 7
