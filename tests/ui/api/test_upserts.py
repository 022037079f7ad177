"""PUT by external id: created once and changed after that, however many ask at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.support.served import Served
from tests.ui.api.test_openapi import conform


@pytest.mark.promise("API-06")
def test_an_external_id_creates_once_and_changes_after_that_also_fifty_at_a_time(served: Served) -> None:
    test_a_record_is_created_by_its_external_id_and_changed_by_it(served)
    with ThreadPoolExecutor(max_workers=50) as pool:
        calls = [
            pool.submit(served.call, "boss", "PUT", "/records/deal/by/code/FIFTY", json={"name": f"N{n}", "size": n})
            for n in range(50)
        ]
        answers = [call.result() for call in calls]
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    listed = served.get("boss", "/records/deal?filter=" + quote('code = "FIFTY"')).get_json()["items"]
    assert [item["id"] for item in listed] == [answers[0].get_json()["id"]]
    assert listed[0]["name"] == f"N{listed[0]['size']}"
    test_what_is_no_external_id_of_the_callers_is_refused(served)


def test_a_record_is_created_by_its_external_id_and_changed_by_it(served: Served) -> None:
    path = "/records/deal/by/code/" + quote("编号/7 %", safe="/")
    binned = served.call("boss", "PUT", path, json={"name": "X"}).get_json()["id"]
    assert served.call("boss", "DELETE", f"/records/deal/{binned}").status_code == 204
    made = served.call("boss", "PUT", path, json={"name": "Pump", "size": 3})
    assert made.status_code == 201, made.get_json()
    record = made.get_json()
    assert (record["code"], record["version"]) == ("编号/7 %", 1)
    assert made.headers["Location"] == f"/api/v1/records/deal/{record['id']}"
    again = served.call("boss", "PUT", path, json={"name": "Pump", "size": 3})
    assert (again.status_code, again.get_json()["version"], again.headers["ETag"]) == (200, 1, '"1"')
    assert "Location" not in again.headers
    changed = served.call("boss", "PUT", path, json={"size": 4, "code": "编号/7 %"})
    assert (changed.get_json()["name"], changed.get_json()["size"], changed.get_json()["version"]) == ("Pump", 4, 2)
    document = served.get("boss", "/openapi.json").get_json()
    conform(document, "deal", changed.get_json())
    assert "/records/deal/by/code/{value}" in document["paths"]


def test_what_is_no_external_id_of_the_callers_is_refused(served: Served) -> None:
    for name in ("name", "id", "margin", "nothing", "number"):
        refused = served.call("ann", "PUT", f"/records/deal/by/{name}/X", json={"name": "X"})
        assert (refused.status_code, refused.get_json()["errors"][0]["code"]) == (422, "no_key"), name
    assert served.call("ann", "PUT", "/records/vault/by/code/X", json={"name": "X"}).status_code == 404
    assert served.call("none", "PUT", "/records/deal/by/code/X", json={"name": "X"}).status_code == 404
    assert served.call(None, "PUT", "/records/deal/by/code/X", json={"name": "X"}).status_code == 401


def test_the_rules_of_a_save_hold_for_an_external_id_too(served: Served) -> None:
    path = "/records/deal/by/code/RULES"
    assert served.call("boss", "PUT", path, json={"size": 1}).get_json()["errors"][0]["field"] == "name"
    assert served.call("boss", "PUT", path, json={"name": "R", "code": "OTHER"}).get_json()["errors"][0]["code"] == (
        "key_differs"
    )
    warned = served.call("boss", "PUT", path, json={"name": "R", "stage": "won", "size": 1})
    assert (warned.status_code, warned.get_json()["errors"][0]["code"]) == (409, "small_won")
    sent = {"name": "R", "stage": "won", "size": 1, "confirm": ["small_won"]}
    assert served.call("boss", "PUT", path, json=sent, headers={"If-Match": '"1"'}).status_code == 404
    assert served.call("boss", "PUT", path, json=sent).status_code == 201
    assert served.call("boss", "PUT", path, json={"name": "S"}, headers={"If-Match": '"9"'}).status_code == 412
    # Whose record the id is, is not told to who may not read it, and it is not theirs to change.
    taken = served.call("ann", "PUT", path, json={"name": "Taken"})
    assert (taken.status_code, taken.get_json()["errors"][0]["code"]) == (422, "not_unique")
    assert served.call("boss", "PUT", "/records/deal/by/code/%00", json={"name": "S"}).status_code == 400
    assert served.call("boss", "PUT", f"/records/deal/by/code/{'x' * 9000}", json={"name": "S"}).status_code == 400
    assert served.call("boss", "PUT", "/records/deal/by/code/B", data="[]").status_code == 415
