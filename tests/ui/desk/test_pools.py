"""A shared pool of leads (公海): claimed once and up to a quota, protected for a while, given back when untouched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine import faults
from engine.clock import FixedClock
from engine.errors import AccessDenied, EngineError, PoolRefused
from engine.records.pools import returning
from engine.records.pools.claiming import claim_record
from engine.records.pools.returning import PoolKeeper
from engine.records.types import ListQuery, SaveRow
from metamodel.values import Ref
from tests.support.desk import DESK, Desk
from tests.support.served import serve_deals

pytestmark = pytest.mark.promise("OBJ-27")

START = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(scope="module")
def pool(module_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("pool")
    with serve_deals(module_database_url, folder, app_folder=DESK, clock=clock) as served:
        yield Desk(served)


@pytest.fixture
def desk(pool: Desk) -> Desk:
    """The pool with nothing left in it and nothing claimed."""
    records, system = pool.served.platform.records, pool.served.system()
    for row in records.list(system, ListQuery(object="lead", limit=200)).rows:
        records.delete(system, "lead", row.id)
    return pool


def act(desk: Desk, who: str, lead: str, action: str = "claim") -> Any:
    return desk.served.call(who, "POST", f"/records/lead/{lead}/{action}", json={})


def owner_of(desk: Desk, lead: str) -> str | None:
    owner = desk.read("lead", lead)["owner"]
    assert owner is None or isinstance(owner, Ref)
    return next((who for who, user in desk.served.user_ids.items() if owner == Ref("user", user)), None)


def keeper(desk: Desk) -> PoolKeeper:
    platform = desk.served.platform
    return PoolKeeper(records=platform.records, clock=platform.clock, current=platform.releases.current)


def refused(answer: Any) -> str:
    assert answer.status_code == 409, answer.get_data(as_text=True)
    return str(answer.get_json()["detail"])


def test_an_unowned_record_is_claimed_by_who_holds_a_role_of_the_pool(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="公海线索")
    answer = act(desk, "ann", lead)
    assert answer.status_code == 200
    assert (answer.get_json()["held"], answer.get_json()["quota"]) == (1, 3)
    assert answer.get_json()["protected_until"] == (START + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert owner_of(desk, lead) == "ann"
    assert desk.read("lead", lead)["claimed_at"] == START
    newest = desk.served.get("boss", f"/records/lead/{lead}/history").get_json()["items"][0]
    assert newest["action"] == "updated"
    assert newest["by"]["id"] == desk.served.user_ids["ann"]


@pytest.mark.parametrize(("who", "status"), [("boss", 403), ("admin", 403), ("none", 404)])
def test_other_roles_claim_nothing(desk: Desk, who: str, status: int) -> None:
    lead = desk.make("lead", owner=None, name="not for all")
    assert act(desk, who, lead).status_code == status
    assert act(desk, who, lead, "release").status_code == status
    assert owner_of(desk, lead) is None


def test_a_claim_beyond_the_quota_is_refused_with_the_figures(desk: Desk) -> None:
    desk.make("lead", name="my own does not count")
    leads = [desk.make("lead", owner=None, name=f"quota {n}") for n in range(4)]
    assert [act(desk, "ann", lead).status_code for lead in leads[:3]] == [200, 200, 200]
    assert "You hold 3 of at most 3" in refused(act(desk, "ann", leads[3]))
    assert owner_of(desk, leads[3]) is None
    assert act(desk, "ann", leads[0], "release").status_code == 200
    assert act(desk, "ann", leads[3]).status_code == 200


def test_a_protected_record_is_refused_with_the_day(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="protected")
    assert act(desk, "ann", lead).status_code == 200
    with pytest.raises(PoolRefused, match="protected until 2026-04-01") as told:
        claim_as_boss_reads(desk, lead)
    assert told.value.code == "claim_protected"
    assert "yours already" in refused(act(desk, "ann", lead))
    owned = desk.make("lead", name="never claimed", owner="boss")
    with pytest.raises(PoolRefused, match="not in the pool"):
        claim_as_boss_reads(desk, owned)


def claim_as_boss_reads(desk: Desk, lead: str) -> None:
    """Claim as bob who reads every lead: the boss's role besides his own."""
    actor = desk.actor("bob")
    both = type(actor)(user_id=actor.user_id, login=actor.login, roles=frozenset({"rep", "boss"}))
    with desk.served.platform.records.transaction(both) as transaction:
        claim_record(transaction, transaction.object_def("lead"), lead)


def test_somebody_elses_record_is_as_absent_as_one_that_is_not_there(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="anns now")
    assert act(desk, "ann", lead).status_code == 200
    assert act(desk, "bob", lead).status_code == 404
    assert act(desk, "bob", lead, "release").status_code == 404
    assert act(desk, "bob", "00000000-0000-7000-8000-000000000000").status_code == 404
    assert owner_of(desk, lead) == "ann"


def test_of_many_at_once_one_claims(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="wanted by all")

    def attempt(number: int) -> str:
        who = "ann" if number % 2 else "bob"
        try:
            with desk.served.platform.records.transaction(desk.actor(who)) as transaction:
                claim_record(transaction, transaction.object_def("lead"), lead)
        except EngineError:
            return "refused"
        return who

    with ThreadPoolExecutor(8) as threads:
        outcomes = [each for each in threads.map(attempt, range(8)) if each != "refused"]
    assert outcomes == [owner_of(desk, lead)]


def test_one_person_does_not_pass_the_quota_by_hurrying(desk: Desk) -> None:
    leads = [desk.make("lead", owner=None, name=f"hurry {n}") for n in range(8)]

    def attempt(lead: str) -> str:
        try:
            with desk.served.platform.records.transaction(desk.actor("ann")) as transaction:
                claim_record(transaction, transaction.object_def("lead"), lead)
        except PoolRefused as full:
            return full.code
        return "claimed"

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(attempt, leads)) == [*["claimed"] * 3, *["quota_reached"] * 5]
    assert sum(owner_of(desk, lead) == "ann" for lead in leads) == 3


def test_only_its_owner_gives_a_record_back(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="back")
    assert act(desk, "ann", lead).status_code == 200
    assert act(desk, "ann", lead, "release").status_code == 200
    values = desk.read("lead", lead)
    assert (values["owner"], values["claimed_at"]) == (None, None)
    assert "Only who owns" in refused(act(desk, "ann", lead, "release"))


def test_whoever_gets_a_record_otherwise_holds_no_claim(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="handed over")
    act(desk, "ann", lead)
    records, system = desk.served.platform.records, desk.served.system()
    records.update(system, "lead", lead, {"owner": Ref("user", desk.served.user_ids["bob"])})
    assert desk.read("lead", lead)["claimed_at"] is None
    other = desk.make("lead", owner=None, name="handed over in a batch")
    act(desk, "ann", other)
    records.save_many(system, "lead", [SaveRow(values={"owner": None}, id=other)])
    assert desk.read("lead", other)["claimed_at"] is None


def test_nobody_writes_when_a_record_was_claimed(desk: Desk) -> None:
    lead = desk.make("lead", name="forged")
    answer = desk.served.call("ann", "PATCH", f"/records/lead/{lead}", json={"claimed_at": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 422


def test_an_untouched_record_returns_after_its_protection_and_a_touched_one_stays(
    desk: Desk, clock: FixedClock
) -> None:
    before = clock.now()
    try:
        claimed, touched, owned, recent = (
            desk.make("lead", owner=None, name="untouched"),
            desk.make("lead", owner=None, name="touched"),
            desk.make("lead", name="owned and forgotten"),
            desk.make("lead", name="owned and called", last_activity_at=(before + 50 * DAY).isoformat()),
        )
        clock.move_to(clock.now() + 40 * DAY)
        assert act(desk, "ann", claimed).status_code == 200
        assert act(desk, "ann", touched).status_code == 200
        clock.move_to(clock.now() + 25 * DAY)
        assert keeper(desk).return_untouched() == 1
        assert (owner_of(desk, claimed), owner_of(desk, owned)) == ("ann", None)
        records, system = desk.served.platform.records, desk.served.system()
        records.update(system, "lead", touched, {"last_activity_at": clock.now().isoformat()})
        clock.move_to(clock.now() + 6 * DAY)
        assert keeper(desk).return_untouched() == 1
        assert (owner_of(desk, claimed), owner_of(desk, touched), owner_of(desk, recent)) == (None, "ann", "ann")
        assert desk.read("lead", claimed)["claimed_at"] is None
        assert keeper(desk).return_untouched() == 0
        entry = desk.served.get("boss", f"/records/lead/{claimed}/history").get_json()["items"][0]
        assert entry["origin"] == "system"
    finally:
        clock.move_to(before)


def test_a_sweep_asks_what_the_one_before_has_asked(desk: Desk, clock: FixedClock) -> None:
    before, records = clock.now(), desk.served.platform.records
    kept = []
    try:
        for sweep in range(2):
            desk.make("lead", name=f"owned and forgotten {sweep}")
            clock.move_to(clock.now() + 61 * DAY)
            assert keeper(desk).return_untouched() == 1
            kept.append(len(records.parts(desk.served.platform.releases.current()).asked))
    finally:
        clock.move_to(before)
    assert kept[0] == kept[1]


def test_the_housekeeping_of_a_worker_returns_them(desk: Desk, clock: FixedClock) -> None:
    before = clock.now()
    try:
        lead = desk.make("lead", name="for the worker")
        clock.move_to(clock.now() + 61 * DAY)
        desk.served.platform.automation.prepare()
        desk.served.platform.automation.keeper().tick()
        assert owner_of(desk, lead) is None
    finally:
        clock.move_to(before)


def test_a_return_that_is_killed_goes_on_where_it_stopped(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = clock.now()
    leads = [desk.make("lead", name=f"killed {n}") for n in range(5)]
    monkeypatch.setattr(returning, "_BATCH", 2)
    reached = iter(range(10))

    def cut(point: str) -> None:
        if point == "pool.before_commit" and next(reached) == 1:
            raise KeyboardInterrupt

    try:
        clock.move_to(clock.now() + 61 * DAY)
        monkeypatch.setattr(faults, "reach", cut)
        with pytest.raises(KeyboardInterrupt):
            keeper(desk).return_untouched()
        assert sum(owner_of(desk, lead) is None for lead in leads) == 2
        assert keeper(desk).return_untouched() == 3
        assert all(owner_of(desk, lead) is None for lead in leads)
    finally:
        clock.move_to(before)


def test_two_workers_at_once_return_each_record_once(desk: Desk, clock: FixedClock) -> None:
    before = clock.now()
    try:
        leads = [desk.make("lead", name=f"both {n}") for n in range(6)]
        clock.move_to(clock.now() + 61 * DAY)
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda _: keeper(desk).return_untouched(), range(3)))
        assert all(desk.read("lead", lead)["version"] == 2 for lead in leads)
    finally:
        clock.move_to(before)


def test_a_product_actor_without_a_user_claims_nothing(desk: Desk) -> None:
    lead = desk.make("lead", owner=None, name="no user")
    with (
        pytest.raises(AccessDenied),
        desk.served.platform.records.transaction(desk.served.system()) as transaction,
    ):
        claim_record(transaction, transaction.object_def("lead"), lead)
