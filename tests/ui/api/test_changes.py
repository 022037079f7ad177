"""The change feed: each committed change once, in order, for who may read it, under concurrent writers."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.access.actor import Actor, Origin, system_actor
from engine.changes.opening import change_duties, change_numbers
from tests.support.served import USERS, Served, login_of


def actor_of(served: Served, who: str) -> Actor:
    roles = frozenset(USERS[who])
    return Actor(user_id=served.user_ids[who], login=login_of(who), roles=roles, origin=Origin.API)


def now_place(served: Served, who: str = "boss") -> str:
    return str(served.get(who, "/changes?since=now").get_json()["cursor"])


def walk(served: Served, who: str, since: str, limit: int = 3, more: str = "") -> Iterator[dict[str, Any]]:
    """Give the changes since a place, page by page, until there are no more now."""
    address = f"/changes?since={since}&limit={limit}{more}"
    while True:
        answer = served.get(who, address)
        assert answer.status_code == 200, answer.get_json()
        body = answer.get_json()
        yield from body["items"]
        if not body["more"]:
            return
        assert answer.headers["Link"] == f'<{body["next"]}>; rel="next"'
        address = body["next"]


def told(items: Any) -> list[tuple[str, str, int]]:
    return [(each["id"], each["action"], each["version"]) for each in items]


def each_change_comes_once_and_in_order_while_many_write(served: Served) -> None:
    """Writers save in transactions of different lengths while somebody reads; then it is compared with the log."""
    start, over, seen = now_place(served), threading.Event(), []
    ids = [served.make("boss", "deal", name=f"W{index}")["id"] for index in range(6)]
    chance = random.Random(5)
    plans = [[(chance.sample(ids, 2), chance.random() / 60) for _ in range(12)] for _ in range(6)]

    def write(plan: list[tuple[list[str], float]]) -> None:
        for some, pause in plan:
            # In the order of ids, so that nobody waits for somebody who waits for them.
            with served.platform.records.transaction(system_actor()) as transaction:
                for record_id in sorted(some):
                    transaction.update("deal", record_id, {"size": random.randrange(1_000_000)})
                    assert transaction.connection is not None
                    over.wait(pause)

    def read() -> None:
        place = start
        while True:
            last = over.is_set()
            body = served.get("boss", f"/changes?since={place}&limit=7").get_json()
            seen.extend(body["items"])
            place = body["cursor"]
            if last and not body["more"]:
                return

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(write, plans))
    over.set()
    reader.join()
    audit = served.platform.system.audit
    with served.platform.database.read() as connection:
        rows = connection.execute(
            select(audit.c.record_id, audit.c.action, audit.c.version).where(audit.c.record_id.in_(ids))
        )
        logged = sorted((str(row[0]), str(row[1]), int(row[2])) for row in rows)
    found = [each for each in told(seen) if each[0] in ids]
    assert len(found) > 100
    assert sorted(found) == logged
    for record_id in ids:
        versions = [version for found_id, _action, version in found if found_id == record_id]
        assert versions == sorted(versions)


def what_commits_late_comes_late(served: Served) -> None:
    """An older id that becomes visible after a newer one was read is not passed over."""
    start = now_place(served)
    slow, fast = (served.make("boss", "deal", name=name)["id"] for name in ("slow", "fast"))
    place = now_place(served)
    with served.platform.records.transaction(system_actor()) as transaction:
        transaction.update("deal", slow, {"size": 1})
        assert transaction.connection is not None
        if served.platform.database.dialect.value == "postgresql":
            served.call("boss", "PATCH", f"/records/deal/{fast}", json={"size": 2})
            for _again in range(3):
                body = served.get("boss", f"/changes?since={place}").get_json()
                place = body["cursor"]
                assert told(body["items"]) == ([(fast, "updated", 2)] if not _again else [])
    for _again in range(4):
        served.call("boss", "PATCH", f"/records/deal/{fast}", json={"name": f"N{_again}"})
        now_place(served)
    assert told(walk(served, "boss", place))[0] == (slow, "updated", 2)
    assert len(told(walk(served, "boss", start))) == len(set(told(walk(served, "boss", start))))


def only_what_the_caller_may_read_at_the_time_is_told(served: Served) -> None:
    start = now_place(served, "ann")
    mine = served.make("ann", "deal", name="Mine", size=1)["id"]
    theirs = served.make("bob", "deal", name="Theirs")["id"]
    given = served.make("boss", "deal", name="Given", margin=7)["id"]
    served.call("boss", "PATCH", f"/records/deal/{given}", json={"margin": 8, "size": 4})
    vault = served.make("boss", "vault", name="V")["id"]
    lost = served.make("bob", "deal", name="Lost")["id"]
    served.call("bob", "DELETE", f"/records/deal/{lost}")
    served.call("ann", "DELETE", f"/records/deal/{mine}")
    seen = told(walk(served, "ann", start))
    assert seen == [(mine, "created", 1), (mine, "deleted", 2)]
    # What becomes theirs is theirs with its past; what they lose is no longer told.
    served.call(
        "boss", "PATCH", f"/records/deal/{given}", json={"owner": {"object": "user", "id": served.user_ids["ann"]}}
    )
    items = [each for each in walk(served, "ann", start) if each["id"] == given]
    assert [each["action"] for each in items] == ["created", "updated", "updated"]
    assert [each["fields"] for each in items][1:] == [["doubled", "size"], ["owner"]]
    served.call(
        "ann", "PATCH", f"/records/deal/{given}", json={"owner": {"object": "user", "id": served.user_ids["bob"]}}
    )
    assert given not in {each["id"] for each in walk(served, "ann", start)}
    everything = {each["id"] for each in walk(served, "boss", start, limit=200)}
    assert everything >= {mine, theirs, given, vault, lost}
    assert {each["object"] for each in walk(served, "boss", start, more="&objects=vault")} == {"vault"}
    (changed,) = [
        each
        for each in walk(served, "boss", start)
        if each["id"] == given and "margin" in each["fields"] and each["action"] == "updated"
    ]
    assert changed["fields"] == ["doubled", "margin", "margin_class", "size"]
    assert served.get("ann", "/changes?objects=vault").status_code == 404
    assert list(walk(served, "none", start)) == []
    assert served.get(None, "/changes").status_code == 401


def a_cursor_that_is_too_old_is_gone_and_one_that_is_none_is_refused(served: Served) -> None:
    old = now_place(served)
    served.make("boss", "deal", name="Old")
    kept = now_place(served)
    platform = served.platform
    numbers = change_numbers(platform.settings, platform.database, platform.system)
    assert numbers.forget_old(platform.clock.now()) == 0
    numbers.forget_old(platform.clock.now() + dt.timedelta(days=platform.settings.keep_changes_days, seconds=5))
    gone = served.get("boss", f"/changes?since={old}")
    assert (gone.status_code, gone.get_json()["code"]) == (410, "cursor_gone")
    assert told(walk(served, "boss", kept)) == []
    record = served.make("boss", "deal", name="New")["id"]
    assert told(walk(served, "boss", kept)) == [(record, "created", 1)]
    assert told(served.get("boss", "/changes").get_json()["items"]) == [(record, "created", 1)]
    # A place of data that a backup has undone.
    with platform.database.write() as connection:
        connection.execute(update(platform.system.change).values(number=platform.system.change.c.number - 10_000))
    assert served.get("boss", f"/changes?since={kept}").status_code == 410
    with platform.database.write() as connection:
        connection.execute(update(platform.system.change).values(number=platform.system.change.c.number + 10_000))
    for wrong in ("since=abc", "since=", "limit=0", "limit=201", "objects=nothing,", "from=1", f"since={kept}x"):
        assert served.get("boss", f"/changes?{wrong}").status_code == 400, wrong


@pytest.mark.promise("API-11")
def test_the_feed_gives_each_committed_change_once_in_order_for_who_may_read_it(served: Served) -> None:
    each_change_comes_once_and_in_order_while_many_write(served)
    what_commits_late_comes_late(served)
    only_what_the_caller_may_read_at_the_time_is_told(served)
    a_cursor_that_is_too_old_is_gone_and_one_that_is_none_is_refused(served)


def test_housekeeping_numbers_only_where_somebody_reads_the_feed(fresh: Served) -> None:
    platform = fresh.platform
    keep_up, _forget = change_duties(platform.settings, platform.database, platform.system, platform.clock)
    change = platform.system.change

    def numbered() -> int:
        with platform.database.read() as connection:
            return len(connection.execute(select(change.c.number)).all())

    fresh.make("boss", "deal", name="Before")
    keep_up.do()
    assert numbered() == 0
    first = fresh.get("boss", "/changes?objects=deal").get_json()
    assert [each["action"] for each in first["items"]] == ["created"]
    before = numbered()
    fresh.make("boss", "deal", name="After")
    keep_up.do()
    assert numbered() == before + 1


def test_a_token_for_one_object_reads_the_changes_of_this_object_only(served: Served) -> None:
    administration = served.platform.accounts.administration
    for name, scopes in (("limited", ("deal:read",)), ("other", ("right:view_runs",))):
        served.tokens[name] = administration.create_token(login_of("boss"), name=name, scopes=scopes)
    since = now_place(served, "limited")
    deal, firm = served.make("boss", "deal", name="Seen")["id"], served.make("boss", "firm", name="Unseen")["id"]
    assert told(walk(served, "limited", since)) == [(deal, "created", 1)]
    assert {each["id"] for each in walk(served, "boss", since)} >= {deal, firm}
    assert served.get("limited", f"/changes?since={since}&objects=firm").status_code == 404
    assert told(walk(served, "other", since)) == []
