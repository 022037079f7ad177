"""What every record has of its own, and that its title names it wherever it is met, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from metamodel.values import Ref
from tests.support.automation import do_runs
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
FILES = {
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name} ({city})"
        fields:
          name: {type: text, required: true}
          city: {type: text}
          total: {type: rollup, of: offers.amount, function: sum}
        views: {all: {columns: [name, total]}}
        """,
    "objects/offer.yaml": """
        object: offer
        label: Offer
        title: "{name} for {firm.name}"
        search: [name, firm.name]
        fields:
          name: {type: text, required: true}
          firm: {type: lookup, to: firm, inverse: offers}
          follows: {type: lookup, to: offer, inverse: followed_by}
          amount: {type: integer}
          told: {type: text}
          ping: {type: boolean}
        views: {all: {columns: [name, firm, follows]}}
        """,
    "rules/told.rules": 'rule told when offer.ping changes to true then set told = "{firm}|{follows}"\n',
    "roles/rep.yaml": 'role: rep\nobjects: {"*": {read: all, create: yes, update: all, delete: all}}\n',
    "roles/boss.yaml": "role: boss\nincludes: [rep]\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, clock = tmp_path_factory.mktemp("itself"), FixedClock(NOW)
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES), clock=clock) as found:
        yield found


def row(served: Served, object_name: str, record_id: str) -> dict[str, Any]:
    table = served.platform.releases.current().tables.of(object_name)
    with served.platform.database.read() as connection:
        raw = connection.execute(table.table.select().where(table.table.c["id"] == record_id)).one()._mapping
    return {name: codec.from_columns([raw[column] for column in codec.names]) for name, codec in table.codecs.items()}


@pytest.mark.promise("OBJ-02")
def test_every_record_has_its_id_owner_stamps_and_version(served: Served) -> None:
    made = served.make("ann", "firm", name="Acme", city="Kiel")
    ann = served.user_ids["ann"]
    assert UUID(made["id"]).version == 7
    found = row(served, "firm", made["id"])
    assert (found["created_at"], found["modified_at"]) == (NOW, NOW)
    assert (str(found["created_by"]), str(found["modified_by"]), found["owner"]) == (ann, ann, Ref("user", ann))
    assert (found["version"], found["deleted_at"]) == (1, None)
    answer = served.get("boss", f"/records/firm/{made['id']}").get_json()
    assert answer["owner"] == {"object": "user", "id": ann, "title": served.platform.records.get(
        system_actor(), "user", ann).title}  # fmt: skip
    assert (answer["created_at"], answer["created_by"]["id"]) == ("2026-11-21T04:00:00Z", ann)
    served.call("boss", "PATCH", f"/records/firm/{made['id']}", json={"city": "Bonn"})
    found = row(served, "firm", made["id"])
    boss = served.user_ids["boss"]
    assert (found["version"], str(found["modified_by"]), str(found["created_by"])) == (2, boss, ann)


@pytest.mark.promise("OBJ-02")
def test_a_record_may_belong_to_a_queue(served: Served) -> None:
    queue = served.platform.records.create(system_actor(), "queue", {"name": "inside"}).record.id
    made = served.make("ann", "firm", name="Acme", owner={"object": "queue", "id": queue})
    assert made["owner"]["object"] == "queue"
    assert served.platform.records.get(system_actor(), "firm", made["id"])["owner"] == Ref("queue", queue)


@pytest.mark.promise("OBJ-02")
def test_the_version_rises_by_one_with_each_write(served: Served) -> None:
    records, system = served.platform.records, system_actor()
    firm = records.create(system, "firm", {"name": "Acme"}).record.id

    def version() -> int:
        return int(row(served, "firm", firm)["version"])

    assert version() == 1
    records.update(system, "firm", firm, {"city": "Kiel"})
    assert version() == 2
    offer = records.create(system, "offer", {"name": "o", "firm": firm, "amount": 5}).record.id
    assert (version(), row(served, "firm", firm)["total"]) == (3, 5)  # a roll-up writes its parent
    records.update(system, "offer", offer, {"told": "x"})
    assert version() == 3
    records.update(system, "firm", firm, {"city": "Kiel"})  # writes nothing
    assert version() == 3
    records.delete(system, "firm", firm)
    deleted = row(served, "firm", firm)
    assert (deleted["version"], deleted["deleted_at"]) == (4, NOW)
    records.restore(system, "firm", firm)
    assert (version(), row(served, "firm", firm)["deleted_at"]) == (5, None)


@pytest.mark.promise("OBJ-02")
def test_the_title_names_a_record_in_pickers_search_history_texts_and_api(served: Served) -> None:
    firm, other = (served.make("ann", "firm", name=name, city="Kiel")["id"] for name in ("Zebra", "Yak"))
    first = served.make("ann", "offer", name="Pumps", firm=firm)["id"]
    offer = served.make("ann", "offer", name="Valves", firm=firm, follows=first)["id"]
    client = served.sign_in("ann")
    picked = client.get("/o/offer/choices/follows?q=pumps").get_json()["options"]
    assert [(each["text"], each["value"]) for each in picked] == [("Pumps for Zebra", first)]
    assert "Pumps for Zebra" in client.get("/o/offer?view=all&q=valves").get_data(as_text=True)
    assert "Valves for Zebra" in client.get(f"/o/offer/{offer}").get_data(as_text=True)
    found = served.get("ann", "/records/offer?q=zebra%20valves").get_json()["items"]
    assert [each["follows"] for each in found] == [{"id": first, "title": "Pumps for Zebra"}]
    served.call("ann", "PATCH", f"/records/offer/{offer}", json={"firm": other, "ping": True})
    history = client.get(f"/o/offer/{offer}").get_data(as_text=True)
    assert "Zebra (Kiel)" in history
    assert "Yak (Kiel)" in history
    do_runs(served.platform)
    assert row(served, "offer", offer)["told"] == "Yak (Kiel)|Pumps for Zebra"
    assert served.platform.records.get(system_actor(), "offer", offer).title == "Valves for Yak"
