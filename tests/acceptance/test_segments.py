"""A condition over related records as filter, as segment (a view) and as condition of a rule: the same customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from engine.access.actor import Actor, system_actor
from engine.clock import FixedClock
from engine.records.types import ListQuery, SaveRow
from tests.support.automation import rows_of
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

REGULAR = "count(orders where created_at in last 90 days) > 5"
NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
# name → how many orders were made so many days ago. The first day of the 90 counts in the app's zone.
ORDERS = {
    "regular": {0: 6},
    "five": {0: 5},
    "once regular": {91: 20},
    "just in time": {90: 6},
    "both": {0: 3, 89: 3, 120: 4},
    "too few of late": {0: 3, 91: 9},
    "none": {},
}
WANTED = {"regular", "just in time", "both"}
FILES = {
    "objects/customer.yaml": f"""
        object: customer
        label: Customer
        title: "{{name}}"
        fields:
          name: {{type: text, required: true}}
          touch: {{type: integer}}
          told: {{type: boolean}}
        views:
          regulars: {{columns: [name], where: '{REGULAR}'}}
        """,
    "objects/order.yaml": """
        object: order
        label: Order
        title: "{name}"
        fields:
          name: {type: text}
          customer: {type: lookup, to: customer, inverse: orders}
        """,
    "rules/regulars.rules": f"rule regulars before customer is updated if {REGULAR} then set told = true\n",
    "roles/rep.yaml": 'role: rep\nobjects: {"*": {read: all, create: yes, update: all}}\n',
    "roles/boss.yaml": f"role: boss\nobjects: {{customer: {{read: '{REGULAR}'}}}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("segments")
    clock = FixedClock(NOW)
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES), clock=clock) as found:
        records = found.platform.records
        for name, orders in ORDERS.items():
            customer = records.create(system_actor(), "customer", {"name": name}).record.id
            for days, count in orders.items():
                clock.move_to(NOW - dt.timedelta(days=days, hours=3))
                row = SaveRow(values={"name": "o", "customer": customer})
                assert not records.save_many(system_actor(), "order", [row] * count).refused
        clock.move_to(NOW)
        yield found


@pytest.mark.promise("EXP-08")
def test_a_filter_a_segment_a_scope_and_a_condition_select_the_same_customers(served: Served) -> None:
    records = served.platform.records
    rep, boss = (
        Actor(user_id=served.user_ids[who], login=who, roles=frozenset({role}))
        for who, role in (("ann", "rep"), ("boss", "boss"))
    )
    asked = {
        "filter": (rep, ListQuery(object="customer", filter=REGULAR)),
        "segment": (rep, ListQuery(object="customer", view="regulars")),
        "scope": (boss, ListQuery(object="customer")),
    }
    for name, (actor, query) in asked.items():
        with served.platform.database.statements.recording() as sent:
            found = {str(row["name"]) for row in records.list(actor, query).rows}
        assert (name, found, len(sent)) == (name, WANTED, 1)
        with served.platform.database.statements.recording() as sent:
            assert records.count(actor, query).value == len(WANTED)
        assert len(sent) == 1
    answer = served.get("ann", f"/records/customer?filter={quote(REGULAR)}")
    assert {item["name"] for item in answer.get_json()["items"]} == WANTED
    for row in records.list(rep, ListQuery(object="customer")).rows:
        records.update(rep, "customer", row.id, {"touch": 1})
    assert {row["name"] for row in rows_of(served.platform, "customer") if row["told"]} == WANTED
