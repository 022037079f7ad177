"""Applying app folders: publishing, refusing, resuming after a kill, waiting for another, and what is shown before."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, update

from engine.errors import ReleaseRefused
from engine.platform import Platform
from engine.releases.release import NoRelease, ReleaseAltered
from tests.conftest import REPOSITORY
from tests.support.platforms import applied_platform, open_platform, small_app, write_files

DEAL = """
    object: deal
    label: Deal
    plural: Deals
    title: "{name}"
    fields:
      name: {type: text, required: true}
      price: {type: decimal}
      twice: {type: decimal, formula: price * 2}
      of_firm: {type: text, formula: account.name}
      account: {type: lookup, to: account, inverse: deals}
    """
FILES = {"objects/deal.yaml": DEAL}


def _with_field(text: str) -> dict[str, str]:
    return {"objects/deal.yaml": DEAL.rstrip() + f"\n      {text}\n"}


def _content(platform: Platform) -> dict[str, int]:
    """Give how many rows each table has, and a hash of every row's text."""
    with platform.database.read(snapshot=True) as connection:
        found = {}
        for name in inspect(connection).get_table_names():
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
            text = "\n".join(sorted(map(str, rows)))
            found[name] = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return found


def test_a_fresh_folder_becomes_release_one_and_the_same_folder_no_second(database_url: str, tmp_path: Path) -> None:
    app = small_app(tmp_path, FILES)
    with open_platform(database_url, tmp_path) as platform:
        assert not platform.releases.has_release()
        with pytest.raises(NoRelease):
            platform.releases.current()
        first = platform.apply_release([app], author="ann", comment="the start")
        assert (first.is_new, first.release.number) == (True, 1)
        again = platform.apply_release([app], author="ann")
        assert (again.is_new, again.release.number) == (False, 1)
        (info,) = platform.releases.history()
        assert (info.author, info.comment) == ("ann", "the start")


def test_a_plan_writes_nothing_and_an_unchanged_folder_has_an_empty_one(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        app = tmp_path / "shop"
        before = _content(platform)
        assert platform.plan_release([app]).is_empty
        write_files(app, _with_field("paid: {type: boolean}"))
        plan = platform.plan_release([app])
        assert not plan.is_empty
        assert [step["kind"] for step in plan.to_json()["steps"]] == ["add_column"]
        assert any("paid" in line for line in plan.lines())
        assert _content(platform) == before


def test_only_formulas_over_own_fields_have_columns(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        deal = platform.releases.current().tables.of("deal")
        assert deal.is_stored("twice")
        assert not deal.is_stored("of_firm")
        assert deal.title is not None


@pytest.mark.parametrize(
    "files",
    [
        _with_field("bad: {type: txt}"),
        _with_field("bad: {type: lookup, to: nothing}"),
        {"objects/deal.yaml": "object: [deal"},
        {"app.yaml": "app: shop\nversion: 1.0.0\ndepends: {missing: '>=1.0'}\n"},
        _with_field("price_sort: {type: text, was: account}") | {"objects/other.yaml": "object: other\n"},
        _with_field("name_sort: {type: text}"),
    ],
    ids=["type", "target", "yaml", "depends", "two files", "column clash"],
)
def test_a_broken_folder_leaves_the_running_release_and_every_row(
    database_url: str, tmp_path: Path, files: Mapping[str, str]
) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        running, before = platform.releases.current(), _content(platform)
        write_files(tmp_path / "shop", files)
        with pytest.raises(ReleaseRefused) as refused:
            platform.apply_release([tmp_path / "shop"], author="ann")
        assert refused.value.problems
        assert all(problem.at.file.startswith("shop/") for problem in refused.value.problems)
        assert platform.releases.current() is running
        assert _content(platform) == before


def test_a_broken_folder_leaves_an_sqlite_file_byte_identical(sqlite_url: str, tmp_path: Path) -> None:
    with applied_platform(sqlite_url, tmp_path, FILES) as platform:
        pass
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    write_files(tmp_path / "shop", _with_field("bad: {type: txt}"))
    with open_platform(sqlite_url, tmp_path) as platform, pytest.raises(ReleaseRefused):
        platform.apply_release([tmp_path / "shop"], author="ann")
    assert file.read_bytes() == before


def test_data_that_a_plan_does_not_allow_refuses_it_with_counts(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        table = platform.releases.current().tables.of("deal").table
        with platform.database.write() as connection:
            connection.execute(table.insert(), [{"id": platform.ids.new(), "name": "Pumps"} for _ in range(3)])
        write_files(tmp_path / "shop", {"objects/deal.yaml": DEAL.replace("required: true", "unique: true")})
        with pytest.raises(ReleaseRefused, match="3 records share 1 values"):
            platform.apply_release([tmp_path / "shop"], author="ann")


def test_a_new_required_field_with_a_default_is_filled(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        table = platform.releases.current().tables.of("deal").table
        with platform.database.write() as connection:
            connection.execute(table.insert(), [{"id": platform.ids.new(), "name": "Pumps"}])
        files = _with_field(
            "kind: {type: text, required: true, default: plain}\n      open: {type: boolean, default: true}"
        )
        write_files(tmp_path / "shop", files)
        platform.apply_release([tmp_path / "shop"], author="ann")
        table = platform.releases.current().tables.of("deal").table
        with platform.database.read() as connection:
            assert connection.execute(select(table.c.kind, table.c.open)).all() == [("plain", True)]


def test_an_altered_stored_release_is_found_by_its_checksum(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        table = platform.system.release
        with platform.database.write() as connection:
            sources = dict(connection.execute(select(table.c.sources)).scalar_one())
            sources["shop/objects/deal.yaml"] += "\n# a word more\n"
            connection.execute(update(table).values(sources=sources))
    with open_platform(database_url, tmp_path) as other, pytest.raises(ReleaseAltered):
        other.releases.current()


def test_another_process_takes_the_new_release_by_itself(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as here, open_platform(database_url, tmp_path) as there:
        old = there.releases.current()
        taken: list[int] = []
        there.releases.on_swap(lambda release: taken.append(release.number))
        write_files(tmp_path / "shop", _with_field("paid: {type: boolean}"))
        here.apply_release([tmp_path / "shop"], author="ann")
        assert there.releases.current() is old
        assert there.releases.refresh()
        assert "paid" in there.releases.current().metamodel.objects["deal"].fields
        assert "paid" not in old.metamodel.objects["deal"].fields
        assert taken == [2]
        assert there.releases.numbered(1).number == 1


def test_a_release_that_cannot_be_loaded_leaves_the_old_one(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with applied_platform(database_url, tmp_path, FILES) as here, open_platform(database_url, tmp_path) as there:
        old = there.releases.current()
        write_files(tmp_path / "shop", _with_field("paid: {type: boolean}"))
        here.apply_release([tmp_path / "shop"], author="ann")
        table = here.system.release
        with here.database.write() as connection:
            connection.execute(update(table).where(table.c.number == 2).values(checksum="other"))
        assert not there.releases.refresh()
        assert there.releases.current() is old
        assert "release 1 stays" in caplog.text


def test_what_is_attached_to_a_release_is_made_once(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        release = platform.releases.current()
        made = [release.part("test", lambda whole: [whole.number]) for _ in range(3)]
        assert made[0] is made[1] is made[2]


def _run(url: str, work: Path, app: Path, crash_at: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "FIELDSTONE_TESTING": "1", "FIELDSTONE_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "tests.engine.releases.applying_process", url, str(work), str(app)]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True)


_CHANGED = {
    "objects/deal.yaml": DEAL.replace("price: {type: decimal}", "cost: {type: decimal, was: price, index: true}")
    .replace("price * 2", "cost * 2")
    .rstrip()
    + "\n      paid: {type: boolean}\n      parent: {type: lookup, to: deal, inverse: parts}\n",
    "objects/line.yaml": """
        object: line
        label: Line
        plural: Lines
        title: "{text}"
        fields:
          text: {type: text}
          deal: {type: child_of, to: deal, inverse: lines}
        """,
}


@pytest.mark.faults
@pytest.mark.parametrize(
    "crash_at",
    ["migration_step", "migration_step_done:1", "migration_step:3", "migration_step_done:5", "migration_publish"],
)
def test_a_migration_killed_on_its_way_goes_on_to_the_same_end(
    database_url: str, tmp_path: Path, crash_at: str
) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        table = platform.releases.current().tables.of("deal").table
        with platform.database.write() as connection:
            connection.execute(table.insert(), [{"id": platform.ids.new(), "name": "Pumps", "price": 7}])
        write_files(tmp_path / "shop", _CHANGED)
        process = _run(database_url, tmp_path, tmp_path / "shop", crash_at)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        platform.releases.refresh()
        assert platform.releases.current().number == 1
        with platform.database.read() as connection:
            assert connection.execute(select(table.c.price)).scalar_one() == 7  # the old release still works
        done = platform.apply_release([tmp_path / "shop"], author="ann")
        assert done.release.number == 2
        deal = done.release.tables.of("deal").table
        with platform.database.read() as connection:
            assert connection.execute(select(deal.c.cost, deal.c.paid, deal.c.parent)).all() == [(7, False, None)]
            assert connection.execute(select(func.count()).select_from(platform.system.migration)).scalar_one() == 2
        assert platform.plan_release([tmp_path / "shop"]).is_empty


@pytest.mark.faults
def test_a_plan_left_half_done_does_not_stand_in_the_way_of_another(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        write_files(tmp_path / "shop", _CHANGED)
        process = _run(database_url, tmp_path, tmp_path / "shop", "migration_step_done:3")
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        write_files(
            tmp_path / "shop",
            _CHANGED | {"objects/deal.yaml": _CHANGED["objects/deal.yaml"] + "\n      x: {type: date}\n"},
        )
        assert platform.apply_release([tmp_path / "shop"], author="ann").release.number == 2
        assert platform.plan_release([tmp_path / "shop"]).is_empty


@pytest.mark.faults
def test_of_two_at_once_one_waits_and_both_end_well(database_url: str, tmp_path: Path) -> None:
    with applied_platform(database_url, tmp_path, FILES) as platform:
        write_files(tmp_path / "shop", _CHANGED)
        both = [_run(database_url, tmp_path, tmp_path / "shop") for _ in range(2)]
        said = sorted(process.communicate(timeout=120)[0].split()[1] for process in both)
        assert [process.returncode for process in both] == [0, 0]
        assert said == ["new", "old"]
        platform.releases.refresh()
        assert platform.releases.current().number == 2
