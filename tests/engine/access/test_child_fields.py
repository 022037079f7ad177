"""A role limits the fields of a child that no role names under `objects:`, whose records follow their parent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from tests.support.platforms import small_app
from tests.support.served import PASSWORD, Served, login_of, serve_deals

FILES = {
    "objects/order.yaml": """
        object: order
        label: Order
        title: "{name}"
        fields:
          name: {type: text, required: true}
        """,
    "objects/line.yaml": """
        object: line
        label: Line
        title: "{name}"
        fields:
          order: {type: child_of, to: order, inverse: lines, required: true}
          name: {type: text, required: true}
          cost: {type: integer}
          code: {type: text}
          price: {type: integer}
          profit: {type: integer, sensitive: true}
        """,
    "objects/tax.yaml": """
        object: tax
        label: Tax
        title: "{name}"
        fields:
          line: {type: child_of, to: line, inverse: taxes, required: true}
          name: {type: text, required: true}
          rate: {type: integer}
        """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects: {order: {read: all, create: yes, update: all, delete: all, export: all}}
        """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects: {order: {read: all, create: yes, update: all, delete: all, export: all}}
        fields:
          line.cost: {read: no, update: no}
          line.code: {read: masked, update: no}
          line.price: {update: no}
          tax.rate: {read: no}
        """,
    "roles/owning.yaml": "role: owning\nlabel: Owning\nobjects: {order: {read: own, update: own}}\n",
    "roles/clerk.yaml": "role: clerk\nlabel: Clerk\nobjects: {user: {read: all}}\nfields: {line.cost: {read: yes}}\n",
    "roles/closed.yaml": "role: closed\nlabel: Closed\ndeny: {tax: [read], line: [delete], line.cost: [read]}\n",
    "menus.yaml": "menus: {all: {label: All, items: [{object: order}, {object: line}]}}\n",
}
MORE = {"olga": ("rep", "owning"), "carl": ("rep", "clerk"), "dora": ("boss", "closed")}
# Long enough that no id and no token holds one of them by chance.
COST, CODE, RATE = 7_000_117_000_110, "CODE7788", 7_000_337_000_330


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("children")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        administration = found.platform.accounts.administration
        for name, roles in MORE.items():
            found.user_ids[name] = administration.create_user(
                system_actor(), login_of(name), password=PASSWORD, roles=roles
            )
            found.tokens[name] = administration.create_token(login_of(name), name="test")
        yield found


def make(served: Served, who: str = "boss") -> tuple[str, str, str]:
    """Give an order of somebody, its line and the line's tax."""
    top = str(served.make(who, "order", name="Order")["id"])
    values: dict[str, Any] = {"order": top, "name": "Line", "cost": COST, "code": CODE, "price": 5}
    line = str(served.make("boss", "line", **values)["id"])
    return top, line, str(served.make("boss", "tax", line=line, name="Tax", rate=RATE)["id"])


@pytest.mark.parametrize("who", ["ann", "carl"])
def test_what_a_role_hides_of_a_child_is_read_nowhere(served: Served, who: str) -> None:
    order, line, tax = make(served)
    served.call("boss", "PATCH", f"/records/line/{line}", json={"cost": COST + 1, "code": CODE + "b"})
    found = served.get(who, f"/records/line/{line}").get_json()
    assert found["price"] == 5
    assert "cost" not in found
    assert CODE not in str(found)
    answer = served.get(who, f"/records/tax/{tax}").get_json()
    assert answer["name"] == "Tax"
    assert "rate" not in answer
    for path in (f"/records/line/{line}/history", "/records/line", f"/records/order/{order}", "/records/tax"):
        text = served.get(who, path).get_data(as_text=True)
        assert not [secret for secret in (str(COST)[:-1], CODE, str(RATE)) if secret in text], path
    for ask in ("filter=" + quote(f"cost = {COST}"), "filter=" + quote(f'code = "{CODE}"'), "sort=cost", "fields=cost"):
        assert served.get(who, f"/records/line?{ask}").status_code == 400, ask
    assert served.get(who, "/records/tax?filter=" + quote(f"line.cost = {COST}")).status_code == 400
    schemas = served.get(who, "/openapi.json").get_json()["components"]["schemas"]
    assert "cost" not in schemas["line"]["properties"]
    assert "rate" not in schemas["tax"]["properties"]


def test_pages_of_the_parent_and_of_the_child_hide_it_too(served: Served) -> None:
    order, line, tax = make(served)
    client = served.sign_in("ann")
    for address in (f"/o/order/{order}", f"/o/order/{order}/edit", f"/o/line/{line}", f"/o/line/{line}/edit", "/o/line",
                    f"/o/tax/{tax}", "/o/order"):  # fmt: skip
        answer = client.get(address)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, address
        secrets = (str(COST), f"{COST:,}", CODE, str(RATE), f"{RATE:,}")
        assert not [secret for secret in secrets if secret in text], address
    assert f"{COST:,}" in served.sign_in("boss").get(f"/o/line/{line}").get_data(as_text=True)


def test_the_history_of_a_child_says_that_a_masked_field_changed_and_not_what(served: Served) -> None:
    _, line, _ = make(served)
    served.call("boss", "PATCH", f"/records/line/{line}", json={"cost": COST + 1, "code": CODE + "b"})
    actor = served.platform.accounts.actor_of(login_of("ann"))
    assert actor is not None
    changes = {each.field: each for each in served.platform.records.history(actor, "line", line)[0].changes}
    assert (changes["code"].masked, changes["code"].old, changes["code"].new) == (True, None, None)
    assert "cost" not in changes


@pytest.mark.parametrize("name", ["cost", "code", "price"])
def test_what_a_role_may_not_write_of_a_child_is_refused_in_every_way(served: Served, name: str) -> None:
    order, line, _ = make(served)
    value = "other" if name == "code" else 9
    assert served.call("ann", "PATCH", f"/records/line/{line}", json={name: value}).status_code in (403, 422)
    made = served.call("ann", "POST", "/records/line", json={"order": order, "name": "New", name: value})
    assert made.status_code in (403, 422)
    actor = served.platform.accounts.actor_of(login_of("ann"))
    assert actor is not None
    rows = [SaveRow(values={"order": order, "name": f"Row {n}", name: value}) for n in range(3)]
    assert len(served.platform.records.save_many(actor, "line", rows, all_or_nothing=False).refused) == 3
    kept = served.platform.records.get(system_actor(), "line", line).values
    assert (kept["cost"], kept["code"], kept["price"]) == (COST, CODE, 5)
    assert served.call("ann", "PATCH", f"/records/line/{line}", json={"name": "Renamed"}).status_code == 200


def test_another_role_shows_it_only_where_that_role_shows_the_parent(served: Served) -> None:
    theirs, mine = make(served), make(served, "olga")
    assert served.get("olga", f"/records/line/{theirs[1]}").get_json()["cost"] is None
    assert served.get("olga", f"/records/line/{mine[1]}").get_json()["cost"] == COST
    assert served.get("olga", f"/records/tax/{mine[2]}").get_json()["rate"] == RATE
    assert served.get("olga", f"/records/tax/{theirs[2]}").get_json()["rate"] is None
    found = served.get("olga", "/records/line?filter=" + quote(f"cost = {COST}")).get_json()
    assert [row["id"] for row in found["items"]] == [mine[1]]
    for line, allowed in ((theirs[1], False), (mine[1], True)):
        answer = served.call("olga", "PATCH", f"/records/line/{line}", json={"price": 6})
        assert (answer.status_code == 200) is allowed


def test_a_role_without_limits_reads_the_child_whole_but_for_what_is_sensitive(served: Served) -> None:
    _, line, tax = make(served)
    found = served.get("boss", f"/records/line/{line}").get_json()
    assert (found["cost"], found["code"]) == (COST, CODE)
    assert "profit" not in found
    assert served.get("boss", f"/records/tax/{tax}").get_json()["rate"] == RATE


def test_a_denial_on_the_child_wins_over_what_its_parent_grants(served: Served) -> None:
    _, line, tax = make(served)
    assert served.get("dora", f"/records/tax/{tax}").status_code == 404
    found = served.get("dora", f"/records/line/{line}")
    assert (found.status_code, found.get_json()["price"]) == (200, 5)
    assert "cost" not in found.get_json()
    assert served.call("dora", "DELETE", f"/records/line/{line}").status_code == 403
    assert served.get("boss", f"/records/tax/{tax}").status_code == 200
    assert served.call("boss", "DELETE", f"/records/line/{line}").status_code == 204
