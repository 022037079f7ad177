"""Roll-ups of every function over three levels are what a fresh computation gives, whatever was done to the children.

The fresh figures are computed here, in Python, from the children as the door reads them; they are asked for in the
transaction of each step, before it commits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.stale_figures import stale_figures
from engine.records.transaction import Transaction
from engine.records.types import SaveRow
from metamodel.values import Money
from tests.support.automation import rows_of
from tests.support.platforms import applied_platform
from tests.support.rolled_up import FILES
from ui.cli.doctor import doctor

PRICES = st.sampled_from([None, "0.01", "20", "20", "-3", "1000.5"])
SIZES = st.sampled_from([None, 1, 2, 2, 7])
DAYS = st.sampled_from([None, "2026-01-01", "2026-01-01", "2026-05-31"])
SPARE = st.sampled_from([None, 0, 0, 1])
VALUES = st.fixed_dictionaries({"price": PRICES, "size": SIZES, "day": DAYS, "extra": st.booleans(), "spare": SPARE})
CHEAP = {"price": "0.01", "size": 1, "day": "2026-01-01", "extra": False, "spare": 0}
DEAR = {"price": "1000.5", "size": 7, "day": "2026-05-31", "extra": False, "spare": 0}
STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 3), VALUES),
    st.tuples(st.just("bulk"), st.integers(0, 3), VALUES),
    st.tuples(st.just("import"), st.integers(0, 3), VALUES),
    st.tuples(st.just("change"), st.integers(0, 20), VALUES),
    st.tuples(st.just("move"), st.integers(0, 20), st.integers(0, 3)),
    st.tuples(st.just("move_job"), st.integers(0, 3), st.integers(0, 1)),
    st.tuples(st.just("delete"), st.integers(0, 20), st.none()),
    st.tuples(st.just("restore"), st.integers(0, 20), st.none()),
    st.tuples(st.just("bin_job"), st.integers(0, 3), st.none()),
)
SYSTEM = system_actor()


class World:
    """Two firms with two jobs each, and their items: what is stored, and what is in the bin."""

    def __init__(self, platform: Platform, folder: Path, number: int) -> None:
        self.platform = platform
        self.path = folder / "items.csv"
        create = platform.records.create
        self.firms = [create(SYSTEM, "firm", {"name": f"{number}"}).record.id for _ in range(2)]
        self.job_names = [f"{number} {index}" for index in range(4)]
        self.jobs = [
            create(SYSTEM, "job", {"firm": self.firms[index % 2], "name": name}).record.id
            for index, name in enumerate(self.job_names)
        ]
        self.names = (f"item {number} {index}" for index in itertools.count())
        self.binned: list[str] = []

    def step(self, kind: str, at: int, value: Any) -> None:
        if kind == "import":
            self._import(at, value)
            self.check()
            return
        if isinstance(value, dict):
            value = {**value, "spare": None if value["spare"] is None else self.jobs[value["spare"]]}
        with self.platform.records.transaction(SYSTEM) as transaction:
            getattr(self, f"_{kind}")(transaction, at, value)
            # What later steps of the same transaction see.
            self.check(transaction)
        self.check()

    def items(self) -> list[str]:
        return [row["id"] for row in rows_of(self.platform, "item") if row["job"] in self.jobs]

    def _create(self, transaction: Transaction, at: int, values: dict[str, Any]) -> None:
        transaction.create("item", {"job": self.jobs[at], "name": next(self.names), **values})

    def _bulk(self, transaction: Transaction, at: int, values: dict[str, Any]) -> None:
        new = [SaveRow(values={"job": job, "name": next(self.names), **values}) for job in self.jobs[at:]]
        known = [SaveRow(values={**values, "job": self.jobs[at]}, id=item) for item in self.items()[:3]]
        result = transaction.save_many("item", [*new, *known])
        assert not any(row.errors for row in result.rows)

    def _import(self, at: int, values: dict[str, Any]) -> None:
        lines = ["job,name,price,size,day,extra"]
        for name in self.job_names[at:]:
            cells = [str(values[each] or "") for each in ("price", "size", "day")]
            lines.append(",".join([name, next(self.names), *cells, "yes" if values["extra"] else "no"]))
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        result = self.platform.imports.import_csv(SYSTEM, "item", self.path)
        assert not result.errors

    def _change(self, transaction: Transaction, at: int, values: dict[str, Any]) -> None:
        if items := self.items():
            transaction.update("item", items[at % len(items)], values)

    def _move(self, transaction: Transaction, at: int, to: int) -> None:
        if items := self.items():
            transaction.update("item", items[at % len(items)], {"job": self.jobs[to]})

    def _move_job(self, transaction: Transaction, at: int, to: int) -> None:
        transaction.update("job", self.jobs[at], {"firm": self.firms[to]})

    def _delete(self, transaction: Transaction, at: int, _none: None) -> None:
        if items := self.items():
            gone = items[at % len(items)]
            transaction.delete("item", gone)
            self.binned.append(gone)

    def _restore(self, transaction: Transaction, at: int, _none: None) -> None:
        if self.binned:
            transaction.restore("item", self.binned.pop(at % len(self.binned)))

    def _bin_job(self, transaction: Transaction, at: int, _none: None) -> None:
        transaction.delete("job", self.jobs[at])
        transaction.restore("job", self.jobs[at])

    def check(self, transaction: Transaction | None = None) -> None:
        """Compare what is kept with what is computed here."""
        if transaction is not None:
            firms, jobs, items = (_all(transaction, key) for key in ("firm", "job", "item"))
        else:
            firms, jobs, items = (rows_of(self.platform, key) for key in ("firm", "job", "item"))
        for job in (each for each in jobs if each["id"] in self.jobs):
            _compare(job, _of_job([each for each in items if each["job"] == job["id"]]))
            _compare(job, _of_spares([each for each in items if each["spare"] == job["id"]]))
        for firm in (each for each in firms if each["id"] in self.firms):
            _compare(firm, _of_firm([each for each in jobs if each["firm"] == firm["id"]]))


def _all(transaction: Transaction, object_key: str) -> list[dict[str, Any]]:
    table = transaction.parts.tables.of(object_key).table
    columns = transaction.parts.columns(object_key)
    rows = transaction.connection.execute(
        table.select().with_only_columns(*columns.of(table)).where(table.c.deleted_at.is_(None))
    )
    return [dict(columns.typed(row)) for row in rows]


def _compare(kept: dict[str, Any], fresh: dict[str, Any]) -> None:
    assert {name: kept[name] for name in fresh} == fresh


def _of_job(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    plain = [item for item in items if not item["extra"]]
    total = sum((item["price"].amount for item in plain if item["price"] is not None), Decimal(0))
    return {
        "parts": len(items),
        "total": _money(total),
        "cheapest": _extreme(min, items, "price"),
        "dearest": _extreme(max, plain, "price"),
        "usual": _average([item["size"] for item in items if item["size"] is not None]),
        "first_name": _picked(items, "name", "day", descending=True, last=False),
        "last_day": _picked(items, "day", "size", descending=False, last=True),
        "earliest": _extreme(min, items, "day"),
        "widest": _extreme(max, items, "twice"),
        "double": _money(total * 2),
    }


def _of_spares(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "spare": len(items),
        "spare_least": _extreme(min, items, "price"),
        "spare_most": _extreme(max, [item for item in items if not item["extra"]], "price"),
        "spare_day": _extreme(max, items, "day"),
    }


def _of_firm(jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "jobs_count": len(jobs),
        "worth": _money(sum((job["total"].amount for job in jobs), Decimal(0))),
        "best": _extreme(max, jobs, "dearest"),
        "least_parts": _extreme(min, jobs, "parts"),
        "usual": _average([job["usual"] for job in jobs if job["usual"] is not None]),
        "newest": _picked(jobs, "last_day", "name", descending=False, last=True),
        "busy": sum(1 for job in jobs if job["parts"] > 1),
    }


def _money(amount: Decimal) -> Money:
    return Money(amount.quantize(Decimal("0.01")), "CNY")


def _extreme(pick: Callable[..., Any], rows: Sequence[dict[str, Any]], name: str) -> Any:
    values = [row[name] for row in rows if row[name] is not None]
    return pick(values, key=lambda each: each.amount if isinstance(each, Money) else each, default=None)


def _average(values: Sequence[Any]) -> Decimal | None:
    if not values:
        return None
    return (Decimal(sum(values)) / len(values)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _picked(rows: Sequence[dict[str, Any]], name: str, by: str, *, descending: bool, last: bool) -> Any:
    """Give the value of the first or last row; empties stand at the end, equal ones by id."""
    filled = sorted((row for row in rows if row[by] is not None), key=lambda row: row["id"])
    filled.sort(key=lambda row: row[by], reverse=descending)
    ordered = [*filled, *sorted((row for row in rows if row[by] is None), key=lambda row: row["id"])]
    return ordered[-1 if last else 0][name] if ordered else None


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("rollups"), FILES) as found:
        yield found


NUMBERS = itertools.count()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@example(steps=[("create", 0, CHEAP), ("create", 0, DEAR), ("change", 0, DEAR), ("move", 0, 3), ("delete", 0, None)])
@example(steps=[("create", 0, DEAR), ("create", 0, CHEAP), ("change", 0, CHEAP), ("restore", 0, None)])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_figures_of_three_levels_are_those_of_a_fresh_computation_after_each_step(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, Any]]
) -> None:
    number = next(NUMBERS)
    world = World(platform, tmp_path_factory.mktemp("world"), number)
    for step in steps:
        world.step(*step)


def test_the_doctor_finds_and_mends_figures_that_were_changed_past_the_door(
    module_database_url: str, platform: Platform, tmp_path: Path
) -> None:
    world = World(platform, tmp_path, next(NUMBERS))
    values = {"price": "20", "size": 2, "day": "2026-01-01", "extra": False, "spare": None}
    world.step("create", 0, values)
    tables = platform.releases.current().tables
    with platform.database.write() as connection:
        table = tables.of("job").table
        connection.execute(table.update().where(table.c.id == world.jobs[0]).values(parts=7, cheapest=None))
        table = tables.of("firm").table
        connection.execute(table.update().where(table.c.id == world.firms[0]).values(least_parts=None))
    release = platform.releases.current()
    found = list(stale_figures(platform.records, release, repair=False))
    job, firm = world.jobs[0], world.firms[0]
    assert {(each.record_id, each.field) for each in found} >= {(job, "parts"), (firm, "least_parts")}
    with pytest.raises(AssertionError):
        world.check()
    runner = CliRunner()
    wrong = runner.invoke(doctor, ["rollups", "--db", module_database_url])
    assert wrong.exit_code == 1, wrong.output
    assert f"job.parts of {job}: kept 7, computed 1" in wrong.output
    assert runner.invoke(doctor, ["rollups", "--repair", "--db", module_database_url]).exit_code == 0
    world.check()
    assert runner.invoke(doctor, ["rollups", "--db", module_database_url]).output == "sound\n"
    changes = platform.records.history(SYSTEM, "job", job)[0].changes
    assert [(each.old, each.new) for each in changes if each.field == "parts"] == [(7, 1)]
