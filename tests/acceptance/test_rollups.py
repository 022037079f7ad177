"""Roll-ups of every function over three levels are what a fresh computation gives, whatever was done to the children.

The fresh figures are computed here, in Python, from the children as the door reads them; they are asked for in the
transaction of each step, before it commits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.access.actor import system_actor
from engine.platform import Platform
from engine.records.merging.merging import MergeRequest, merge_records
from engine.records.stale_figures import stale_figures
from engine.records.transaction import Transaction
from engine.records.types import SaveRow
from tests.support.automation import rows_of
from tests.support.platforms import applied_platform
from tests.support.rolled_up import FILES, of_firm, of_house, of_job, of_spares
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
    st.tuples(st.just("merge_jobs"), st.integers(0, 3), st.integers(1, 3)),
    st.tuples(st.just("merge_items"), st.integers(0, 20), st.integers(1, 3)),
    st.tuples(st.just("move_firm"), st.integers(0, 1), st.integers(0, 1)),
    st.tuples(st.just("merge_firms"), st.integers(0, 1), st.none()),
    st.tuples(st.just("merge_houses"), st.integers(0, 1), st.none()),
)
SYSTEM = system_actor()
LEVELS = ("house", "firm", "job", "item")


class World:
    """Two houses with a firm each, two jobs of each firm, and their items: what is stored, and what is in the bin."""

    def __init__(self, platform: Platform, folder: Path, number: int) -> None:
        self.platform = platform
        self.path = folder / "items.csv"
        create = platform.records.create
        self.houses = [create(SYSTEM, "house", {"name": f"{number}"}).record.id for _ in range(2)]
        self.firms = [create(SYSTEM, "firm", {"house": house, "name": f"{number}"}).record.id for house in self.houses]
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

    def _merge_jobs(self, transaction: Transaction, at: int, further: int) -> None:
        """Merge one job into another; a new one of the same name takes the place of the one that went."""
        gone = (at + further) % len(self.jobs)
        _merge(transaction, "job", self.jobs[at], self.jobs[gone])
        name = self.job_names[gone] = f"{self.job_names[gone]} again"
        self.jobs[gone] = transaction.create("job", {"firm": self.firms[gone % 2], "name": name}).record.id

    def _merge_items(self, transaction: Transaction, at: int, further: int) -> None:
        items = self.items()
        if len(items) > 1:
            gone = items[(at + further) % len(items)]
            into = next(item for item in items[at % len(items) :] + items if item != gone)
            _merge(transaction, "item", into, gone)

    def _merge_firms(self, transaction: Transaction, at: int, _none: None) -> None:
        _merge(transaction, "firm", self.firms[at], self.firms[1 - at])
        self.firms[1 - at] = transaction.create("firm", {"house": self.houses[0], "name": "again"}).record.id

    def _move_firm(self, transaction: Transaction, at: int, to: int) -> None:
        transaction.update("firm", self.firms[at], {"house": self.houses[to]})

    def _merge_houses(self, transaction: Transaction, at: int, _none: None) -> None:
        _merge(transaction, "house", self.houses[at], self.houses[1 - at])
        self.houses[1 - at] = transaction.create("house", {"name": "again"}).record.id

    def check(self, transaction: Transaction | None = None) -> None:
        """Compare what is kept with what is computed here."""
        if transaction is not None:
            houses, firms, jobs, items = (_all(transaction, key) for key in LEVELS)
        else:
            houses, firms, jobs, items = (rows_of(self.platform, key) for key in LEVELS)
        for job in (each for each in jobs if each["id"] in self.jobs):
            _compare(job, of_job([each for each in items if each["job"] == job["id"]]))
            _compare(job, of_spares([each for each in items if each["spare"] == job["id"]]))
        for firm in (each for each in firms if each["id"] in self.firms):
            _compare(firm, of_firm([each for each in jobs if each["firm"] == firm["id"]]))
        for house in (each for each in houses if each["id"] in self.houses):
            _compare(house, of_house([each for each in firms if each["house"] == house["id"]]))


def _merge(transaction: Transaction, object_key: str, into: str, gone: str) -> None:
    merge_records(transaction, transaction.object_def(object_key), into, MergeRequest(gone=[gone]))


def _all(transaction: Transaction, object_key: str) -> list[dict[str, Any]]:
    table = transaction.parts.tables.of(object_key).table
    columns = transaction.parts.columns(object_key)
    rows = transaction.connection.execute(
        table.select().with_only_columns(*columns.of(table)).where(table.c.deleted_at.is_(None))
    )
    return [dict(columns.typed(row)) for row in rows]


def _compare(kept: dict[str, Any], fresh: dict[str, Any]) -> None:
    assert {name: kept[name] for name in fresh} == fresh


@pytest.fixture(scope="module")
def platform(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with applied_platform(module_database_url, tmp_path_factory.mktemp("rollups"), FILES) as found:
        yield found


NUMBERS = itertools.count()


@pytest.mark.promise("OBJ-16")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@example(steps=[("create", 0, CHEAP), ("create", 0, DEAR), ("change", 0, DEAR), ("move", 0, 3), ("delete", 0, None)])
@example(
    steps=[("bulk", 0, DEAR), ("merge_jobs", 0, 1), ("merge_firms", 1, None), ("merge_items", 0, 1), ("move", 0, 2)]
)
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
