"""Who may read few of many records gets the same lists and counts as if the records were read in their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

import pytest
from sqlalchemy import select, update

from engine.access.actor import Actor, system_actor
from engine.access.candidates import MOST
from engine.clock import FixedClock
from engine.platform import Platform
from engine.records.bulk_rows import SaveRow
from engine.records.types import ListQuery, SortKey
from metamodel.values import Ref
from tests.support.platforms import applied_platform

NOON = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)
FILES = {
    "objects/note.yaml": """
        object: note
        title: "{name}"
        search: [name]
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          other: {type: lookup, to: note, inverse: others}
    """,
    "objects/part.yaml": """
        object: part
        title: "{name}"
        fields:
          note: {type: child_of, to: note, inverse: parts, required: true}
          name: {type: text, required: true}
    """,
    "roles/rep.yaml": """
        role: rep
        objects:
          note: {read: own or team or shared, create: yes, update: own, export: own}
          part: {read: all}
          user: {read: all}
    """,
    "roles/boss.yaml": """
        role: boss
        objects:
          note: {read: own and size > 3 or subordinates, export: all}
          part: {read: all}
          user: {read: all}
    """,
    "roles/auditor.yaml": "role: auditor\nobjects: {note: {read: own or size > 5, export: own}, part: {read: all}}\n",
    "roles/finder.yaml": "role: finder\nobjects: {note: {read: all, export: all}, part: {read: all}}\n",
}
ASKED = (
    ListQuery(object="note", limit=7),
    ListQuery(object="note", sort=(SortKey(path="size", descending=True),), limit=7),
    ListQuery(object="note", sort=(SortKey(path="other.name"), SortKey(path="name")), limit=7),
    ListQuery(object="note", filter="size > 2 and other is not empty", limit=5),
    ListQuery(object="note", search="no 1", sort=(SortKey(path="name"),), limit=5),
    ListQuery(object="note", filter="size > 1000"),
    ListQuery(object="note", exported=True, limit=9),
    ListQuery(object="part", fields=("name", "note"), sort=(SortKey(path="name", descending=True),), limit=9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Ann and al are one team, ann reports to bea; most notes are dan's, whom nobody shares with."""

    platform: Platform
    clock: FixedClock
    people: Mapping[str, Actor]


@pytest.fixture(scope="module")
def office(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    clock = FixedClock(NOON)
    with applied_platform(module_database_url, tmp_path_factory.mktemp("office"), FILES, clock=clock) as platform:
        team = platform.records.create(system_actor(), "team", {"name": "East"}).record.id
        people: dict[str, Actor] = {}
        for name, role, own in (("bea", "boss", None), ("ann", "rep", team), ("al", "rep", team), ("dan", "rep", None)):
            manager = people["bea"].user_id if name == "ann" else None
            values = {"name": name, "team": own, "manager": manager}
            create = platform.accounts.administration.create_user
            user_id = create(system_actor(), f"{name}@example.com", password=None, roles=[role], values=values)
            people[name] = Actor(user_id=user_id, login=name, name=name, roles=frozenset((role,)), team_id=own)
        for name, role in (("eve", "auditor"), ("flo", "finder")):
            people[name] = replace(people["dan"], roles=frozenset((role,)))
        fill(platform, people)
        yield Office(platform=platform, clock=clock, people=people)


def owner(actor: Actor) -> Ref:
    return Ref("user", actor.user_id or "")


def fill(platform: Platform, people: Mapping[str, Actor]) -> None:
    random = Random(11)
    owners = [owner(people[name]) for name in ("ann", "al", "bea", "dan", "dan")] + [None]
    ids: list[str] = []
    for index in range(120):
        size = random.choice([None, 1, 2, 3, 4, 5, 6])
        values = {"name": f"note {index}", "size": size, "owner": random.choice(owners)}
        other = random.choice(ids) if ids and random.random() < 0.5 else None
        ids.append(platform.records.create(system_actor(), "note", values | {"other": other}).record.id)
        for part in range(random.choice([0, 0, 1, 3])):
            platform.records.create(system_actor(), "part", {"note": ids[-1], "name": f"part {index}-{part}"})
    for each in ids[:3]:
        platform.records.delete(system_actor(), "note", each)
    table = platform.system.share
    grantees = [f"user:{people['al'].user_id}", f"team:{people['ann'].team_id}", "role:rep"]
    rows = [
        {"object": "note", "record_id": each, "grantee": grantee, "edits": False, "until": until, "at": NOON}
        for each, grantee in zip(random.sample(ids, 45), grantees * 15, strict=True)
        for until in [random.choice([None, NOON, NOON + dt.timedelta(days=1)])]
    ]
    with platform.database.write() as connection:
        connection.execute(table.insert(), rows)


def walk(office: Office, actor: Actor, query: ListQuery, *, in_order: bool) -> list[tuple[str, ...]]:
    """Give the pages of a list; in_order: as for somebody who was found to hold many."""
    found: list[tuple[str, ...]] = []
    cursor = None
    while True:
        with office.platform.records.reading(actor) as transaction:
            if in_order:
                who = (query.object, actor.user_id, transaction.access.roles)
                transaction.parts.breadth.note_many(who, transaction.now)
            page = transaction.list(replace(query, cursor=cursor))
        found.append(tuple(row.id for row in page.rows))
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("query", ASKED)
@pytest.mark.parametrize("name", ["ann", "al", "bea", "dan", "eve", "flo"])
def test_the_few_first_and_all_in_order_give_the_same_pages_and_counts(
    office: Office, name: str, query: ListQuery
) -> None:
    actor = office.people[name]
    office.clock.move_to(office.clock.now() + dt.timedelta(minutes=2))
    first, count = walk(office, actor, query, in_order=False), office.platform.records.count(actor, query)
    in_order = walk(office, actor, query, in_order=True)
    assert first == in_order
    assert count == office.platform.records.count(actor, query)
    assert count.value == sum(map(len, first))
    assert query.filter == "size > 1000" or count.value
    office.clock.move_to(NOON)


def test_a_list_of_few_is_one_statement_and_so_is_one_of_many_once_that_is_known(office: Office) -> None:
    ann, query = office.people["ann"], ASKED[1]
    give_ann_many(office)
    try:
        office.clock.move_to(NOON + dt.timedelta(hours=1))
        for expected in (2, 1, 1):
            assert statements(office, ann, query) == expected
        # A minute later it is looked at anew, and what was many may have become few.
        give_dan_many(office)
        assert statements(office, ann, query) == 1
        office.clock.move_to(NOON + dt.timedelta(hours=1, minutes=2))
        assert statements(office, ann, query) == 1
    finally:
        give_dan_many(office)
        office.clock.move_to(NOON)


def statements(office: Office, actor: Actor, query: ListQuery) -> int:
    with office.platform.database.statements.recording() as sent:
        page = office.platform.records.list(actor, query)
    assert len(page.rows) == query.limit
    sizes = [row.values["size"] for row in page.rows if isinstance(row.values["size"], int)]
    assert sizes == sorted(sizes, reverse=True)
    return len(sent)


def give_ann_many(office: Office) -> None:
    rows = [SaveRow(values={"name": f"many {at}", "owner": owner(office.people["ann"])}) for at in range(MOST)]
    office.platform.records.save_many(system_actor(), "note", rows)


def give_dan_many(office: Office) -> None:
    table = office.platform.releases.current().tables.of("note").table
    many = select(table.c["id"]).where(table.c["name"].like("many %"))
    with office.platform.database.write() as connection:
        connection.execute(update(table).where(table.c["id"].in_(many)).values(owner=office.people["dan"].user_id))
