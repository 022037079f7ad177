"""Records over HTTP: create, read, change, bin, restore; entity tags, confirmations, lists."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.support.served import Served


def test_a_record_is_created_read_changed_binned_and_restored(served: Served) -> None:
    created = served.call("ann", "POST", "/records/deal", json={"name": "Pumps", "amount": "1200.50 CNY", "size": 4})
    assert created.status_code == 201
    record = created.get_json()
    assert created.headers["Location"] == f"/api/v1/records/deal/{record['id']}"
    assert created.headers["ETag"] == f'"{record["version"]}"'
    assert record["amount"] == {"amount": "1200.50", "currency": "CNY"}
    assert record["doubled"] == 8
    path = f"/records/deal/{record['id']}"
    read = served.get("ann", path)
    assert read.status_code == 200
    assert read.get_json() == record
    changed = served.call("ann", "PATCH", path, json={"name": "Pumps 2"}, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.get_json()["name"] == "Pumps 2"
    assert changed.headers["ETag"] == '"2"'
    gone = served.call("ann", "DELETE", path)
    assert (gone.status_code, gone.get_data()) == (204, b"")
    assert served.get("ann", path).status_code == 404
    back = served.call("ann", "POST", f"{path}/restore")
    assert back.status_code == 200
    assert served.get("ann", path).status_code == 200


def test_a_stale_if_match_is_412_with_the_current_version_and_changes_nothing(served: Served) -> None:
    record = served.make("ann", "deal", name="Stale")
    path = f"/records/deal/{record['id']}"
    assert served.call("ann", "PATCH", path, json={"name": "Second"}).status_code == 200
    for method, options in (("PATCH", {"json": {"name": "Lost"}}), ("DELETE", {})):
        refused = served.call("ann", method, path, headers={"If-Match": '"1"'}, **options)
        assert refused.status_code == 412
        assert refused.get_json()["version"] == 2
        assert refused.headers["ETag"] == '"2"'
    assert served.get("ann", path).get_json()["name"] == "Second"


@pytest.mark.promise("API-04")
def test_a_record_keeps_the_contract_of_http_from_creation_to_the_bin_and_back(served: Served) -> None:
    test_a_record_is_created_read_changed_binned_and_restored(served)
    test_a_stale_if_match_is_412_with_the_current_version_and_changes_nothing(served)
    test_without_if_match_a_change_is_428_where_the_setting_demands_it(served)


def test_of_many_changes_with_the_same_if_match_exactly_one_is_made(served: Served) -> None:
    record = served.make("boss", "deal", name="Race")
    path = f"/records/deal/{record['id']}"

    def change(number: int) -> int:
        answer = served.call("boss", "PATCH", path, json={"name": f"Race {number}"}, headers={"If-Match": '"1"'})
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(change, range(6)))
    assert statuses == [200, 412, 412, 412, 412, 412]
    assert served.get("boss", path).get_json()["version"] == 2


def test_without_if_match_a_change_is_428_where_the_setting_demands_it(served: Served) -> None:
    record = served.make("ann", "deal", name="Strict")
    path = f"/records/deal/{record['id']}"
    served.app.config["FIELDSTONE_REQUIRE_IF_MATCH"] = True
    try:
        assert served.call("ann", "PATCH", path, json={"name": "x"}).status_code == 428
        assert served.call("ann", "DELETE", path).status_code == 428
        assert served.get("ann", path).get_json()["name"] == "Strict"
        assert served.call("ann", "PATCH", path, json={"name": "y"}, headers={"If-Match": '"1"'}).status_code == 200
    finally:
        served.app.config["FIELDSTONE_REQUIRE_IF_MATCH"] = False


@pytest.mark.promise("API-23")
def test_warnings_are_409_with_their_codes_until_each_is_confirmed(served: Served) -> None:
    values = {"name": "Small", "stage": "won", "size": 3}
    warned = served.call("ann", "POST", "/records/deal", json=values)
    assert warned.status_code == 409
    assert [error["code"] for error in warned.get_json()["errors"]] == ["small_won"]
    assert served.call("ann", "POST", "/records/deal", json={**values, "confirm": ["other"]}).status_code == 409
    count = served.get("ann", '/records/deal?filter=name = "Small"&count=exact').get_json()["count"]
    assert count == {"value": 0, "capped": False}
    confirmed = served.call("ann", "POST", "/records/deal", json={**values, "confirm": ["small_won"]})
    assert confirmed.status_code == 201
    assert [notice["code"] for notice in confirmed.get_json()["@notices"]] == ["small_won"]
    odd = {**values, "name": "Odd and small"}
    of_a_rule = served.call("ann", "POST", "/records/deal", json={"name": "Odd"})
    assert (of_a_rule.status_code, codes(of_a_rule)) == (409, ["odd_name"])
    new_one = served.call("ann", "POST", "/records/deal", json={**odd, "confirm": ["small_won"]})
    assert new_one.status_code == 409
    assert "odd_name" in codes(new_one)
    both = served.call("ann", "POST", "/records/deal", json={**odd, "confirm": ["small_won", "odd_name"]})
    assert both.status_code == 201
    path = f"/records/deal/{both.get_json()['id']}"
    assert codes(served.call("ann", "PATCH", path, json={"size": 4})) == ["odd_name", "small_won"]
    assert served.get("ann", path).get_json()["size"] == 3


def codes(answer: TestResponse) -> list[str]:
    return [str(error["code"]) for error in answer.get_json()["errors"]]


@pytest.mark.promise("API-16")
def test_values_as_get_gives_them_are_accepted_by_patch(served: Served) -> None:
    firm = served.make("boss", "firm", name="ACME", rating=5)
    made = served.make(
        "boss",
        "deal",
        name="All types",
        firm=firm["id"],
        amount={"amount": "12.50", "currency": "CNY"},
        share="12.5%",
        size=7,
        weight="1.125",
        hot=True,
        closing="2026-03-01",
        seen_at="2026-03-01T09:30:00Z",
        stage="open",
        note="line 1\nline 2",
    )
    assert made["firm"] == {"id": firm["id"], "title": "ACME"}
    assert made["amount"] == {"amount": "12.50", "currency": "CNY"}
    assert made["weight"] == "1.125"
    assert made["closing"] == "2026-03-01"
    assert made["seen_at"].startswith("2026-03-01T09:30:00")
    path = f"/records/deal/{made['id']}"
    for name in (
        "name",
        "firm",
        "amount",
        "share",
        "size",
        "weight",
        "hot",
        "closing",
        "seen_at",
        "stage",
        "note",
        "owner",
    ):
        answer = served.call("boss", "PATCH", path, json={name: made[name]})
        assert answer.status_code == 200, (name, answer.get_json())
        assert answer.get_json()[name] == made[name]


@pytest.mark.parametrize(
    "name", ["id", "version", "created_at", "created_by", "modified_at", "deleted_at", "doubled", "number"]
)
def test_what_the_product_sets_is_refused_as_input(served: Served, name: str) -> None:
    record = served.make("boss", "deal", name="Mine", size=1)
    path = f"/records/deal/{record['id']}"
    for method, address in (("POST", "/records/deal"), ("PATCH", path)):
        answer = served.call("boss", method, address, json={"name": "Mine", name: record.get(name)})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.get_json()["errors"]] == [name]
    assert served.get("boss", path).get_json()["version"] == 1


def test_an_unknown_field_is_an_error_with_the_nearest_name(served: Served) -> None:
    answer = served.call("ann", "POST", "/records/deal", json={"name": "x", "amout": "1"})
    assert answer.status_code == 422
    error = answer.get_json()["errors"][0]
    assert (error["field"], error["code"]) == ("amout", "unknown_field")
    assert "amount" in error["message"]


def test_lists_filter_sort_choose_fields_count_and_search(served: Served) -> None:
    for index in range(7):
        owner = {"object": "user", "id": served.user_ids["bob"]}
        note = "quartz" if index % 2 else "basalt"
        served.make("boss", "deal", name=f"List {index}", size=index, note=note, owner=owner)
    text = quote('name starts with "List" and size >= 2')
    address = f"/records/deal?filter={text}&sort=-size&fields=name,size&limit=3"
    first = served.get("bob", f"{address}&count=true")
    body = first.get_json()
    assert [item["size"] for item in body["items"]] == [6, 5, 4]
    assert set(body["items"][0]) == {"id", "version", "name", "size"}
    assert body["count"] == {"value": 5, "capped": False}
    assert first.headers["Link"] == f'<{body["next"]}>; rel="next"'
    second = served.get("bob", body["next"]).get_json()
    assert [item["size"] for item in second["items"]] == [3, 2]
    assert second["next"] is None
    found = served.get("bob", "/records/deal?q=quartz&fields=name").get_json()["items"]
    assert {item["name"] for item in found} == {"List 1", "List 3", "List 5"}


@pytest.mark.parametrize(
    "parameters",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=1e2",
        "limit=",
        "limit=٣",
        "limit=1&limit=2",
        "fields=nme",
        "fields=",
        "fields=name,,size",
        "fields=name.x",
        "sort=nme",
        "sort=--name",
        "sort=-",
        "filter=nme = 1",
        "filter=name =",
        "filter=1 + 1",
        "count=yes",
        "cursor=x",
        "cursor=AAAA.BBBB",
        "page=2",
        "filter[name]=x",
        "view=none",
        "offset=10",
        "where=name",
    ],
)
def test_a_wrong_parameter_is_a_400_that_says_why(served: Served, parameters: str) -> None:
    answer = served.get("boss", f"/records/deal?{parameters}")
    assert answer.status_code == 400, answer.get_json()
    assert answer.mimetype == "application/problem+json"
    assert len(answer.get_json()["detail"]) > 10


def test_history_shows_who_changed_what(served: Served) -> None:
    record = served.make("ann", "deal", name="Old name")
    path = f"/records/deal/{record['id']}"
    served.call("ann", "PATCH", path, json={"name": "New name"})
    entries = served.get("ann", f"{path}/history").get_json()["items"]
    assert [entry["action"] for entry in entries] == ["updated", "created"]
    assert entries[0]["origin"] == "api"
    assert {"field": "name", "old": "Old name", "new": "New name", "masked": False} in entries[0]["changes"]


def test_runs_of_a_record_and_all_runs_need_their_rights(served: Served) -> None:
    record = served.make("ann", "deal", name="Runs")
    assert served.get("ann", f"/records/deal/{record['id']}/runs").get_json() == {"items": [], "next": None}
    assert served.get("bob", f"/records/deal/{record['id']}/runs").status_code == 404
    assert served.get("ann", "/runs").status_code == 403
    assert served.get("boss", "/runs?state=failed").get_json() == {"items": [], "next": None}
    assert served.get("boss", "/runs?state=broken").status_code == 400
    assert served.call("boss", "POST", f"/runs/{record['id']}/retry").status_code == 404
