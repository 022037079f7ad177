"""Queues that give records to their members: shares when they come at once, reasons, what is not touched in time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from engine.access.actor import Actor, system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from engine.records.assigning.turns import next_in_turn
from engine.storage.dialect import Dialect
from metamodel.source import LocatedText, Problems
from metamodel.values import Ref
from tests.support.automation import do_runs, person, rows_of, runs_of, shop
from workflow_dsl.parser import parse_rules
from workflow_dsl.rule_checker import check_item
from workflow_dsl.standard_functions import standard_functions

START = dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.UTC)
RULES = """
    rule turns when deal.note changes to "turn" then assign to next of queue "inside" by round robin as system
    rule loads when deal.note changes to "load" then assign to next of queue "inside" by load as system
    rule skilled when deal.note changes to "skill" then assign to next of queue "inside" by skill as system
    rule regions when deal.note changes to "where"
      then assign to next of queue "inside" where region = this.name as system
"""
FILES = {
    "calendars/early.yaml": """
        calendar: early
        hours: {friday: "06:00-11:00", saturday: "06:00-22:00"}
    """,
    "extensions/user.yaml": """
        extends: user
        fields: {region: {type: text}}
    """,
}


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(scope="module")
def platform(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: FixedClock
) -> Iterator[Platform]:
    with shop(module_database_url, tmp_path_factory.mktemp("shop"), RULES, files=FILES, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(platform: Platform) -> dict[str, Actor]:
    return {name: person(platform, name, "rep") for name in ("ann", "bob", "cai")}


@pytest.fixture
def queue(platform: Platform, people: dict[str, Actor], clock: FixedClock) -> Iterator[str]:
    clock.move_to(START)
    system = system_actor()
    made = platform.records.create(system, "queue", {"name": "Inside", "key": "inside"}).record.id
    for actor in people.values():
        platform.records.create(system, "queue_member", {"queue": made, "member": actor.user_id})
    yield made
    tables = platform.releases.current().tables
    with platform.database.write() as connection:
        for table in (platform.system.assignment, platform.system.queue_turn, platform.system.run):
            connection.execute(delete(table))
        for name in ("comment", "deal", "queue_member", "queue"):
            connection.execute(delete(tables.of(name).table))


def member(platform: Platform, people: dict[str, Actor], name: str, **values: object) -> None:
    (row,) = [each for each in rows_of(platform, "queue_member") if each["member"] == people[name].user_id]
    platform.records.update(system_actor(), "queue_member", row["id"], values)


def assigned(platform: Platform, note: str, count: int = 1, **values: object) -> list[str]:
    ids = [
        platform.records.create(system_actor(), "deal", {"name": "A", "note": note, **values}).record.id
        for _ in range(count)
    ]
    do_runs(platform)
    return ids


def owners(platform: Platform, people: dict[str, Actor]) -> Counter[str]:
    names = {actor.user_id: name for name, actor in people.items()}
    return Counter(names.get(row["owner"].id, "queue") for row in rows_of(platform, "deal") if row["owner"])


def why(platform: Platform, record_id: str, actor: Actor | None = None) -> list[str]:
    entries = platform.records.history(actor or system_actor(), "deal", record_id)
    return [entry.reason for entry in entries if entry.reason]


@pytest.mark.promise("RUL-11")
@pytest.mark.parametrize("method", ["turn", "load", "skill"])
def test_90_records_for_3_equal_members_are_30_each_one_by_one_and_at_once(
    platform: Platform, people: dict[str, Actor], queue: str, method: str
) -> None:
    for _ in range(45):
        platform.records.create(system_actor(), "deal", {"name": "A", "note": method})
    do_runs(platform)
    assert owners(platform, people) == {"ann": 15, "bob": 15, "cai": 15}
    for _ in range(45):
        platform.records.create(system_actor(), "deal", {"name": "A", "note": method})
    runs = [run["id"] for run in runs_of(platform) if run["state"] == "queued"]
    threads = 6 if platform.database.dialect is Dialect.POSTGRESQL else 2
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda run: platform.automation.segments("test", lambda: False)(run, 0), runs))
    assert {run["state"] for run in runs_of(platform)} == {"done"}
    assert owners(platform, people) == {"ann": 30, "bob": 30, "cai": 30}
    # Nobody fits: it stays in the queue, and says so.
    for name in people:
        member(platform, people, name, away_from="2026-11-01")
    (left,) = assigned(platform, method)
    assert owners(platform, people)["queue"] == 1
    assert why(platform, left) == [
        "Nobody of queue Inside could take it, so it stays in the queue. "
        "Left out: ann (absent), bob (absent), cai (absent)."
    ]
    (run,) = [each for each in runs_of(platform) if each["record_id"] == left]
    trace = platform.automation.runs.get(system_actor(), run["id"])
    assert [(step.kind, step.outcome) for step in trace.steps] == [("assign to next", "nobody")]
    # `where` asks the member, by values of the record.
    member(platform, people, "cai", away_from=None)
    platform.records.update(system_actor(), "user", people["cai"].user_id or "", {"region": "A"})
    (found,) = assigned(platform, "where")
    assert "cai" in why(platform, found)[0]
    platform.records.update(system_actor(), "user", people["cai"].user_id or "", {"region": None})
    (lost,) = assigned(platform, "where")
    assert "cai (not what the rule asks for)" in why(platform, lost)[0]


@pytest.mark.promise("RUL-12")
def test_weights_caps_skills_hours_and_absence_of_members_count_and_the_record_says_why_who_was_chosen(
    platform: Platform, people: dict[str, Actor], queue: str, clock: FixedClock
) -> None:
    member(platform, people, "ann", weight=3, capacity=5)
    member(platform, people, "bob", skills=["pumps"])
    member(platform, people, "cai", hours="early")
    clock.move_to(dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.UTC))  # a Friday, noon in Shanghai
    assigned(platform, "turn", 8)
    assert owners(platform, people) == {"ann": 5, "bob": 3}
    clock.move_to(dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC))  # the Saturday
    (last,) = assigned(platform, "load")
    assert why(platform, last) == [
        "cai had the fewest open records for their weight (0) among the 2 of queue Inside who could take it. "
        "Left out: ann (has all they can take)."
    ]
    chinese = replace(people["bob"], language="zh")
    (skilled,) = assigned(platform, "skill", skills=["Pumps"])
    assert why(platform, skilled, chinese) == [
        "队列 Inside 中具备所需技能（pumps）的有 1 人，bob 按权重计未完成的记录最少（3 条）。"
        "未考虑：ann（技能不符）、cai（技能不符）。"
    ]
    member(platform, people, "bob", away_from="2026-11-21", away_until="2026-11-22")
    assert "bob (absent)" in why(platform, assigned(platform, "turn")[0])[0]
    # Not touched in time: to the next one, whom the record names with the reason; what is touched stays.
    platform.records.update(system_actor(), "queue", queue, {"touch_within": "2 hours"})
    member(platform, people, "bob", away_from=None, away_until=None)
    (first,) = assigned(platform, "turn")
    given = _owner(platform, first)
    clock.move_to(clock.now() + dt.timedelta(hours=3))
    platform.automation.keeper().tick()
    assert _owner(platform, first) != given
    assert "did not touch it in time." in why(platform, first)[0]
    holder = next(actor for actor in people.values() if actor.user_id == _owner(platform, first))
    platform.records.create(holder, "comment", {"text": "Called.", "about": Ref("deal", first)})
    clock.move_to(clock.now() + dt.timedelta(hours=3))
    platform.automation.keeper().tick()
    assert _owner(platform, first) == holder.user_id
    states = platform.system.assignment
    with platform.database.read() as connection:
        query = select(states.c.state).where(states.c.record_id == first).order_by(states.c.id)
        assert list(connection.execute(query).scalars()) == ["passed", "touched"]


def test_shares_are_to_the_weights_and_who_was_away_does_not_catch_up() -> None:
    credits, given = {"a": 0, "b": 0, "c": 0}, Counter[str]()
    weights = {"a": 3, "b": 2, "c": 1}

    def turn(among: str) -> None:
        chosen, now = next_in_turn([(user, credits[user], weights[user]) for user in among])
        credits.update(now)
        given[chosen] += 1

    for _ in range(60):
        turn("abc")
    assert given == {"a": 30, "b": 20, "c": 10}
    for _ in range(50):
        turn("ab")
    assert given == {"a": 60, "b": 40, "c": 10}
    for _ in range(60):
        turn("abc")
    assert given == {"a": 90, "b": 60, "c": 20}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('when deal is created then assign to next of team "east"', "team has no turns"),
        ('when deal is created then assign to next of queue "x" where nam = "a"', "nam"),
        ('when deal is created then assign to next of queue "x" where name', "true or false"),
        (
            'when line is created then assign to next of queue "x" by skill',
            "'by skill' reads which skills a line needs",
        ),
        ('every day at 09:00 then assign to next of queue "x"', "there is no record to 'assign' here"),
        ('before deal is saved then assign to next of queue "x"', "a before rule can't"),
    ],
)
def test_what_is_wrong_with_an_assignment_is_told_at_its_place(platform: Platform, rule: str, told: str) -> None:
    text = LocatedText.plain(f"rule r {rule}")
    (item,) = parse_rules(text).items
    problems, metamodel = Problems(), platform.releases.current().metamodel
    check_item(item, text, "shop", metamodel, standard_functions(), problems, frozenset())
    assert any(told in problem.message for problem in problems), list(map(str, problems))


def _owner(platform: Platform, record_id: str) -> str | None:
    return next(str(row["owner"].id) for row in rows_of(platform, "deal") if row["id"] == record_id)
