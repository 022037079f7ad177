"""What no role names is closed: a new object with its page, view and report; fields that are sensitive or sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.access.actor import system_actor
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals
from tests.support.table_dumps import changed_tables, dump_tables

HIDDEN = ("salary", "pin")
# What a refused request may write: who asked, when, how often.
MAY_CHANGE = {"fs_audit", "fs_session", "fs_token", "fs_idempotency", "fs_rate", "fs_change", "fs_change_state"}
FILES = {
    "objects/order.yaml": """
        object: order
        label: Order
        title: "{name}"
        search: [name]
        fields:
          name: {type: text, required: true}
          size: {type: integer}
          salary: {type: integer, sensitive: true}
          pin: {type: text, encrypted: true}
        views: {all: {columns: [name, size]}}
        """,
    # Nobody names it yet.
    "objects/ledger.yaml": """
        object: ledger
        label: Ledger
        title: "{name}"
        search: [name]
        fields:
          name: {type: text, required: true}
          order: {type: lookup, to: order, inverse: ledgers}
        views: {all: {columns: [name]}}
        """,
    "reports/ledgers.yaml": "report: ledgers\nobject: ledger\nmeasures: [count]\n",
    "reports/orders.yaml": "report: orders\nobject: order\ngroups: [size]\nmeasures: [count]\n",
    "dashboards/sums.yaml": "dashboard: sums\nroles: [boss]\nparts: [{report: orders}]\n",
    "roles/boss.yaml": """
        role: boss
        objects: {order: {read: all, create: yes, update: all, delete: all, export: all}}
        """,
    "roles/rep.yaml": "role: rep\nobjects: {order: {read: own}}\n",
    "menus.yaml": "menus: {all: {label: All, items: [{object: order}, {object: ledger}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("closed")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


@pytest.fixture(scope="module")
def ids(served: Served) -> dict[str, str]:
    records, system = served.platform.records, system_actor()
    values = {"name": "Order", "size": 3, "salary": 7_000_117, "pin": "SEALED-77"}
    order = records.create(system, "order", values).record.id
    return {"order": order, "ledger": records.create(system, "ledger", {"name": "LEDGER-1", "order": order}).record.id}


@pytest.mark.promise("SEC-01")
@pytest.mark.parametrize("who", ["boss", "ann"])
def test_an_object_that_no_role_names_is_like_one_that_is_not_there(
    served: Served, ids: dict[str, str], who: str
) -> None:
    client, token = served.sign_in(who), {"Accept": "text/html"}
    for name, record_id in (("ledger", ids["ledger"]), ("nothing", ids["ledger"])):
        for path in (f"/o/{name}", f"/o/{name}/new", f"/o/{name}/{record_id}", f"/o/{name}/{record_id}/edit"):
            assert client.get(path, headers=token).status_code == 404, path
        for path in (f"/records/{name}", f"/records/{name}/{record_id}", f"/objects/{name}"):
            assert served.get(who, path).status_code == 404, path
        assert served.call(who, "POST", f"/records/{name}", json={"name": "x"}).status_code == 404
        asked = {"object": name, "groups": [], "measures": ["count"]}
        assert served.call(who, "POST", "/query", json=asked).status_code in (400, 404)
    assert served.get(who, "/reports/ledgers").status_code == 404
    assert "ledgers" not in served.get(who, "/reports").get_data(as_text=True)
    told = (served.get(who, path).get_data(as_text=True) for path in ("/objects", "/openapi.json", "/objects/order"))
    pages = (client.get(path).get_data(as_text=True) for path in ("/", "/o/order", f"/o/order/{ids['order']}"))
    for text in (*told, *pages):
        assert "ledger" not in text.lower()


@pytest.mark.promise("SEC-01")
def test_sensitive_and_sealed_fields_are_closed_until_a_role_names_them_and_others_follow_their_object(
    served: Served, ids: dict[str, str]
) -> None:
    client = served.sign_in("boss")
    found = served.get("boss", f"/records/order/{ids['order']}").get_json()
    assert found["size"] == 3
    assert not set(HIDDEN) & set(found)
    answer = served.get("boss", "/reports/orders")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert [row["measures"]["count"] for row in answer.get_json()["groups"]] == [1]
    pages = [f"/o/order/{ids['order']}", f"/o/order/{ids['order']}/edit", "/o/order/new", "/o/order?view=all"]
    texts = [client.get(path).get_data(as_text=True) for path in pages]
    texts += [served.get("boss", path).get_data(as_text=True) for path in ("/objects/order", "/openapi.json")]
    for text in texts:
        assert "7000117" not in text
        assert "7,000,117" not in text
        assert "SEALED-77" not in text
        assert 'name="salary"' not in text
        assert '"salary"' not in text
    for name in HIDDEN:
        answers = {
            served.get("boss", f"/records/order?{ask}={each}").status_code
            for ask in ("sort", "fields")
            for each in (name, "z" * len(name))
        }
        assert answers == {400}
        changed = served.call("boss", "PATCH", f"/records/order/{ids['order']}", json={name: "1"})
        unknown = served.call("boss", "PATCH", f"/records/order/{ids['order']}", json={"z" * len(name): "1"})
        assert (changed.status_code, unknown.status_code) == (422, 422) or changed.status_code == unknown.status_code


@pytest.mark.promise("SEC-01")
def test_who_has_no_role_is_refused_by_each_route_about_records(served: Served, ids: dict[str, str]) -> None:
    client = served.sign_in("none")
    token = csrf_token(client, "/")
    hidden = ("LEDGER-1", "7000117", "7,000,117", "SEALED-77")
    url = served.platform.settings.database_url
    before, asked = dump_tables(url, leave_out=MAY_CHANGE), 0
    for rule in served.app.url_map.iter_rules():
        # Public ones are held against their list by tests/ui/api/test_headers.py.
        if not {"object_name", "record_id", "report_name", "dashboard_name"} & rule.arguments:
            continue
        for name in ("order", "ledger"):
            given = {"object_name": name, "record_id": ids[name], "report_name": f"{name}s", "dashboard_name": "sums"}
            with served.app.test_request_context():
                arguments: dict[str, Any] = {each: given.get(each, ids[name]) for each in rule.arguments}
                address = served.app.url_for(rule.endpoint, **arguments)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                if rule.endpoint.startswith("api."):
                    answer = served.call("none", method, address, json={})
                else:
                    answer = client.open(address, method=method, data={"csrf_token": token})
                assert answer.status_code in (400, 403, 404, 415, 422), (method, address, answer.status_code)
                text = answer.get_data(as_text=True).replace(address, "")
                assert not [word for word in hidden if word in text], (method, address)
                asked += 1
    assert asked > 100
    assert changed_tables(before, dump_tables(url, leave_out=MAY_CHANGE)) == []
