"""The rule corpus: tests/corpus/rules/*.yaml, each case a few rules, what people do, and what is there afterwards.

Keys of a case: `name`; `rules`; `people` (name: roles), ann is a rep and bob her boss where nobody is named; `do`, a
list of steps `create|update|delete: [object, name, values]` with `as: person`, `refused: {field: text}` where the save
must not go through, and `clock: moment`; then of what is there: `records` (object: list of values, in any order),
`runs` (list of values), `notices` (person: texts), `mails` (list), `steps` (kinds of the steps of the first run).
A value `$deal1` stands for the id of the record of that name, `@ann` for that person's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import delete, select

from engine.access.actor import Actor
from engine.clock import FixedClock
from engine.errors import ValidationFailed
from engine.platform import Platform
from metamodel.values import Money, Ref
from tests.support.automation import do_runs, person, publish_rules, rows_of, runs_of, shop

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "rules"
START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
OBJECTS = ("job", "line", "deal")

Case = dict[str, Any]


def _cases() -> list[Any]:
    found = []
    for path in sorted(CORPUS.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


class _World:
    """One installation for all cases of a database; each case starts with no records and its own rules."""

    def __init__(self, platform: Platform, folder: Path, clock: FixedClock) -> None:
        self.platform = platform
        self.folder = folder
        self.clock = clock
        self.people = {
            "ann": person(platform, "ann", "rep"),
            "bob": person(platform, "bob", "boss"),
            "eve": person(platform, "eve"),
        }
        self.people["ann"] = self._with_manager("ann", "bob")

    def _with_manager(self, name: str, manager: str) -> Actor:
        from engine.access.actor import system_actor

        actor = self.people[name]
        assert actor.user_id is not None
        values = {"manager": self.people[manager].user_id}
        self.platform.records.update(system_actor(), "user", actor.user_id, values)
        return actor

    def clear(self) -> None:
        """Take all records, runs and timers away."""
        tables = self.platform.releases.current().tables
        system = self.platform.system
        with self.platform.database.write() as connection:
            for name in OBJECTS:
                connection.execute(delete(tables.of(name).table))
            for table in (system.run, system.run_step, system.timer, system.notification, system.message):
                connection.execute(delete(table))
            connection.execute(delete(system.rule_state))
        self.clock.move_to(START)


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_World]:
    folder = tmp_path_factory.mktemp("shop")
    clock = FixedClock(START)
    files = {
        "templates/hello.md": "---\nobject: deal\nsubject: About {{ record.name }}\nfrom: shop@example.com\n---\n"
        "Dear {{ record.owner.name }}, it is {{ record.amount }}.\n"
    }
    with shop(module_database_url, folder, "", files=files, clock=clock) as platform:
        yield _World(platform, folder, clock)


@pytest.mark.parametrize("case", _cases())
def test_rules_do_what_the_corpus_says(case: Case, world: _World) -> None:
    world.clear()
    publish_rules(world.platform, world.folder, case["rules"])
    ids: dict[str, str] = {}
    for step in case["do"]:
        _do(step, world, ids)
    _check(case, world, ids)


def _do(step: Mapping[str, Any], world: _World, ids: dict[str, str]) -> None:
    actor = world.people[step.get("as", "ann")]
    if "clock" in step:
        world.clock.move_to(dt.datetime.fromisoformat(step["clock"]).astimezone(dt.UTC))
        return
    if "runs" in step:
        do_runs(world.platform, waits_too=False)
        return
    if step.get("due"):
        _keep_house(world)
        return
    verb = next(verb for verb in ("create", "update", "delete") if verb in step)
    object_key, name, values = [*step[verb], {}][:3]
    filled = {key: _filled(value, world, ids) for key, value in values.items()}
    records = world.platform.records
    if "refused" in step:
        with pytest.raises(ValidationFailed) as refusal:
            _save(records, verb, actor, object_key, ids.get(name, ""), filled)
        assert {error.field or "": error.message for error in refusal.value.errors} == step["refused"]
        return
    ids[name] = _save(records, verb, actor, object_key, ids.get(name, ""), filled) or ids[name]


def _save(records: Any, verb: str, actor: Actor, object_key: str, record_id: str, values: Any) -> str:
    if verb == "create":
        return str(records.create(actor, object_key, values).record.id)
    if verb == "update":
        records.update(actor, object_key, record_id, values)
    else:
        records.delete(actor, object_key, record_id)
    return record_id


def _keep_house(world: _World) -> None:
    world.platform.automation.keeper().tick()


def _filled(value: Any, world: _World, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        return ids[value[1:]]
    if isinstance(value, str) and value.startswith("@"):
        return world.people[value[1:]].user_id
    return value


def _check(case: Case, world: _World, ids: Mapping[str, str]) -> None:
    do_runs(world.platform)
    for object_key, wanted in case.get("records", {}).items():
        expected = [{key: _filled(value, world, ids) for key, value in each.items()} for each in wanted]
        names = list(expected[0]) if expected else ["id"]
        found = [{name: _shown(row[name]) for name in names} for row in rows_of(world.platform, object_key)]
        assert sorted(found, key=str) == sorted(expected, key=str)
    if "runs" in case:
        names = sorted({name for each in case["runs"] for name in each})
        found = [{name: run[name] for name in names} for run in runs_of(world.platform)]
        parts = [each["error"] for each in case["runs"] if each.get("error")]
        for run in found:
            if run.get("error"):
                run["error"] = next((part for part in parts if part in run["error"]), run["error"])
        assert sorted(found, key=str) == sorted(({n: e.get(n) for n in names} for e in case["runs"]), key=str)
    if "notices" in case:
        assert _notices(world) == case["notices"]
    if "steps" in case:
        assert _steps(world) == case["steps"]
    if "mails" in case:
        assert _mails(world) == case["mails"]


def _shown(value: Any) -> Any:
    if isinstance(value, Money):
        return str(value.amount)
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value


def _notices(world: _World) -> dict[str, list[str]]:
    table = world.platform.system.notification
    names = {actor.user_id: name for name, actor in world.people.items()}
    found: dict[str, list[str]] = {}
    with world.platform.database.read() as connection:
        for user_id, text in connection.execute(select(table.c.user_id, table.c.text).order_by(table.c.at)):
            found.setdefault(names[user_id], []).append(text)
    return found


def _steps(world: _World) -> list[str]:
    table, first = world.platform.system.run_step, runs_of(world.platform)[0]["id"]
    with world.platform.database.read() as connection:
        rows = connection.execute(select(table.c.path, table.c.kind).where(table.c.run_id == first))
        return [f"{path} {kind}" for path, kind in sorted(rows)]


def _mails(world: _World) -> list[str]:
    table = world.platform.system.message
    with world.platform.database.read() as connection:
        rows = connection.execute(select(table.c.answer).order_by(table.c.created_at))
        return [row[0]["summary"] for row in rows]
