"""Imports whose process was killed: another one goes on behind the last batch, and nothing is there twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from engine.access.actor import Actor, system_actor
from engine.imports import running
from engine.imports.job import Wanted
from engine.platform import Platform
from tests.support.automation import do_runs
from tests.support.import_process import BATCH, boss_of, run_and_die
from tests.support.platforms import applied_platform
from tests.support.worker_process import wait_until

FILES = {
    "objects/person.yaml": """
        object: person
        title: "{name}"
        fields:
          name: {type: text, required: true}
          code: {type: text}
          score: {type: integer}
          boss: {type: lookup, to: person, inverse: people}
        """,
    "objects/made.yaml": """
        object: made
        title: "{of}"
        fields:
          of: {type: text}
        """,
    "rules/all.rules": """
        rule each when person is created if score > 5 then create made { of: name } as system
        """,
    "roles/boss.yaml": """
        role: boss
        objects:
          person: {read: all, create: yes, update: all, export: all}
          made: {read: all}
        system: [import, export]
        """,
}
ROWS = 130
NOBODY = "01900000-0000-7000-8000-000000000000"
POINTS = (
    "import.begun",
    "import.noted:1",
    "save.before_commit:3",
    "save.committed:2",
    "import.noted:8",
    "import.ending",
)
WANTED = Wanted(columns={name: name for name in ("name", "code", "score", "boss")})
SPENT = dt.timedelta(minutes=5)


def file_of_people() -> bytes:
    """Rows with bosses who come much later, wrong numbers, bosses nobody is, and codes that come twice in a batch."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(WANTED.columns)
    for at in range(ROWS):
        boss = f"p{ROWS - 1 - at}" if at % 7 == 0 else "nobody" if at % 31 == 3 else ""
        code = f"c{at - 1}" if at % 10 == 5 else f"c{at}"
        writer.writerow([f"p{at}", code, "many" if at % 31 == 3 else at % 10, boss])
    return written.getvalue().encode()


class Case:
    """One installation with its boss."""

    def __init__(self, platform: Platform, url: str, folder: Path) -> None:
        self.platform, self.url, self.folder = platform, url, folder
        admin = platform.accounts.administration
        login = "boss@example.com"
        self.user_id = admin.create_user(system_actor(), login, password=None, roles=("boss",), values={"name": "B"})
        self.boss: Actor = boss_of(self.user_id)

    def clear(self) -> None:
        """Throw all people away, and what is known of them."""
        tables, system = self.platform.releases.current().tables, self.platform.system
        with self.platform.database.write() as connection:
            person = tables.of("person").table
            connection.execute(update(person).values(boss=None))
            for table in (tables.of("made").table, person, system.run, system.run_step):
                connection.execute(delete(table))
            self.seen = connection.execute(select(func.max(system.audit.c.id))).scalar() or 0

    def tried(self, match: str) -> str:
        """Take the file in and try it; give the import's id."""
        desk = self.platform.import_desk
        import_id = desk.take(self.boss, "person", "people.csv", file_of_people())
        thread = desk.check(self.boss, "person", import_id, replace(WANTED, match=match))
        assert thread is not None
        thread.join()
        return import_id

    def age(self) -> None:
        """Let all that stands still have done so for long."""
        for table in (self.platform.system.imported, self.platform.system.exported):
            with self.platform.database.write() as connection:
                for each in connection.execute(select(table.c.id, table.c.beat_at)).all():
                    if each.beat_at is not None:
                        moved = update(table).where(table.c.id == each.id)
                        connection.execute(moved.values(beat_at=each.beat_at - SPENT))

    def left(self) -> dict[str, Any]:
        """Give what is there of people: values and boss by name, versions, entries of the log, what the rule made."""
        do_runs(self.platform, limit=5_000)
        with self.platform.database.read() as connection:
            tables = self.platform.releases.current().tables
            person, made, log = tables.of("person").table, tables.of("made").table, self.platform.system.audit
            rows = connection.execute(select(person)).mappings().all()
            names = {row["id"]: row["name"] for row in rows}
            entries = select(log.c.record_id, log.c.action).where(log.c.object == "person", log.c.id > self.seen)
            return {
                "people": sorted(
                    (row["name"], row["code"], row["score"], names.get(row["boss"]) or "", row["version"])
                    for row in rows
                ),
                "made": sorted(connection.execute(select(made.c.of)).scalars()),
                "log": sorted((names[record_id], action) for record_id, action in connection.execute(entries)),
            }

    def finished(self, import_id: str) -> tuple[dict[str, Any], dict[str, int], str]:
        """Wait for the end of an import; give what is there, what was counted, and the rows it refused."""
        desk = self.platform.import_desk
        wait_until(lambda: desk.find(self.boss, import_id).state != "running")
        job = desk.find(self.boss, import_id)
        assert (job.state, job.message) == ("done", "")
        return self.left(), dict(job.counts), desk.rejected(job)


@pytest.fixture(scope="module")
def case(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("going")
    with applied_platform(module_database_url, folder, FILES) as platform:
        yield Case(platform, module_database_url, folder)


@pytest.fixture
def few_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", BATCH)


def whole(case: Case, match: str) -> tuple[dict[str, Any], dict[str, int], str]:
    """Give what an import leaves that nothing befell."""
    case.clear()
    import_id = case.tried(match)
    thread = case.platform.import_desk.start(case.boss, "person", import_id)
    assert thread is not None
    thread.join()
    return case.finished(import_id)


def killed_at(case: Case, match: str, point: str) -> tuple[dict[str, Any], dict[str, int], str]:
    """Give what an import leaves whose process was killed, after another one went on with it."""
    case.clear()
    import_id = case.tried(match)
    run_and_die("import", case.url, case.folder, import_id, case.user_id, crash_at=point)
    # Whoever looks too soon leaves it alone.
    assert case.platform.import_desk.go_on() == 0
    case.age()
    assert case.platform.import_desk.find(case.boss, import_id).is_standing
    assert case.platform.import_desk.go_on() == 1
    return case.finished(import_id)


def check(case: Case, match: str, points: tuple[str, ...]) -> None:
    expected = whole(case, match)
    left, counts, rejected = expected
    assert counts["refused"] == 5
    assert counts["created"] == len(left["people"]) == (114 if match else 125)
    assert counts["updated"] == (11 if match else 0)
    assert sum(1 for each in left["people"] if each[3]) > 10
    assert left["made"]
    # All that is wrong with a row, not the first thing only.
    assert all(word in rejected for word in ("'nobody'", "score: "))
    for point in points:
        assert killed_at(case, match, point) == expected, point


@pytest.mark.parametrize("match", ["", "code"])
def test_an_import_whose_process_was_killed_goes_on_behind_its_last_batch(
    case: Case, few_a_batch: None, match: str
) -> None:
    check(case, match, ("save.committed:2",) if match else ("import.noted:3",))


def test_an_import_whose_batch_cannot_be_committed_fails_and_is_not_tried_again_for_ever(case: Case) -> None:
    case.clear()
    desk, nobody = case.platform.import_desk, boss_of(NOBODY)
    import_id = desk.take(nobody, "person", "people.csv", file_of_people())
    with case.platform.database.write() as connection:
        made = case.platform.system.imported
        connection.execute(update(made).where(made.c.id == import_id).values(state="checked", mapping=WANTED.to_json()))
    # The records would belong to somebody there is not, which the database refuses at the commit.
    thread = desk.start(nobody, "person", import_id)
    assert thread is not None
    thread.join()
    job = desk.find(nobody, import_id)
    assert (job.state, job.message) == ("failed", "Something went wrong; the log of the server says what.")
    assert (job.counts, case.left()["people"]) == ({"total": ROWS}, [])


@pytest.mark.faults
@pytest.mark.parametrize("match", ["", "code"])
def test_an_import_killed_at_any_point_leaves_what_it_leaves_in_peace(
    case: Case, few_a_batch: None, match: str
) -> None:
    check(case, match, POINTS)
