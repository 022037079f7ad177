"""Behaviour events: each id once, of the person that a number, mail address or phone tells, now or later."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.accounts.idempotency import MAX_KEY_LENGTH
from tests.support.automation import do_runs
from tests.support.served import login_of
from tests.ui.events.conftest import Shop

SYSTEM = system_actor()
LONG_AGO = "2026-02-01T08:00:00Z"


def persons(shop: Shop, condition: str) -> list[str | None]:
    """Give whom the events that a filter finds are about, in the order of their ids."""
    asked = {"filter": condition, "fields": "customer", "sort": "id"}
    found = shop.served.get("ann", "/records/behaviour", query_string=asked).get_json()["items"]
    return [each["customer"]["id"] if each["customer"] else None for each in found]


@pytest.mark.promise("API-21")
def test_events_find_their_person_once_and_serve_filters_scores_timeline_and_rules(shop: Shop) -> None:
    ada = shop.customer(name="Ada", number="C-1", email="Ada@Example.com", phone="13800000001")
    for name in ("Twin one", "Twin two"):
        shop.customer(name=name, email="twin@example.com")
    sent = (
        {"id": "e1", "kind": "page_view", "number": "C-1", "page": "/prices", "happened_at": "2026-03-01T08:00:00Z"},
        {
            "id": "e2",
            "kind": "download",
            "mail": "ADA@example.com",
            "page": "/paper",
            "number": "C-404",
            "happened_at": LONG_AGO,
        },
        {"id": "e3", "kind": "purchase", "phone": "138 0000 0001", "page": "/till", "amount": "12.50"},
        {"id": "e4", "kind": "page_view", "mail": "twin@example.com", "page": "/both"},
    )
    assert shop.outcomes(*sent) == ["taken"] * 4
    again = ({**reversed_keys(sent[0])}, {**sent[1], "page": "/other"}, *sent[2:])
    assert shop.outcomes(*again) == ["repeated", "refused", "repeated", "repeated"]
    refused = shop.send(again[1]).get_json()["events"][0]
    assert (refused["errors"][0]["code"], refused["record"]) == ("event_differs", None)
    assert persons(shop, 'page in ["/prices", "/paper", "/till", "/both", "/other"]') == [ada, ada, ada, None]
    assert shop.customers('count(behaviours where kind = "download") > 0') == ["Ada"]
    assert shop.customers("score = 14") == ["Ada"]
    do_runs(shop.served.platform)
    assert shop.customers('noted = "bought"') == ["Ada"]
    timeline = shop.served.get("ann", f"/records/customer/{ada}/timeline?kinds=behaviours&limit=2").get_json()
    rest = shop.served.get("ann", timeline["next"]).get_json()
    told = [each["record"]["page"] for each in (*timeline["items"], *rest["items"])]
    assert told == ["/till", "/prices", "/paper"]
    assert "behaviours" in {each["kind"] for each in whole_timeline(shop, ada)}


def reversed_keys(event: dict[str, Any]) -> dict[str, Any]:
    """Say the same in another order."""
    return dict(reversed(event.items()))


def whole_timeline(shop: Shop, customer: str) -> list[dict[str, Any]]:
    """Give a customer's timeline."""
    found: list[dict[str, Any]] = shop.served.get("ann", f"/records/customer/{customer}/timeline").get_json()["items"]
    return found


@pytest.mark.promise("API-21")
def test_events_of_somebody_unknown_wait_and_join_the_person_once_known(shop: Shop) -> None:
    early = {"id": "w1", "kind": "page_view", "mail": "bea@example.com", "page": "/early/bea"}
    both = {"id": "w2", "kind": "page_view", "mail": "cy@example.com", "page": "/early/cy"}
    assert shop.outcomes(early, both) == ["taken", "taken"]
    shop.keep_house()
    assert persons(shop, 'page starts with "/early"') == [None, None]
    bea = shop.customer(name="Bea", email="Bea@example.com")
    cy, other = (shop.customer(name=name, email="cy@example.com") for name in ("Cy", "Cyrus"))
    shop.keep_house()
    assert persons(shop, 'page starts with "/early"') == [bea, None]
    assert shop.outcomes(early) == ["repeated"]
    # Once only one is left, which nobody changed lately: all are looked at after an hour.
    shop.clock.move_to(shop.clock.now() + dt.timedelta(minutes=10))
    shop.keep_house()
    shop.served.call("boss", "PATCH", f"/records/customer/{other}", json={"email": "cyrus@example.com"})
    shop.keep_house()
    assert persons(shop, 'page starts with "/early"') == [bea, None]
    shop.clock.move_to(shop.clock.now() + dt.timedelta(hours=1))
    shop.keep_house()
    assert persons(shop, 'page starts with "/early"') == [bea, cy]
    do_runs(shop.served.platform)
    assert shop.customers('noted = "found out"') == ["Bea", "Cy"]
    assert shop.customers("score = 1") == ["Bea", "Cy"]


@pytest.mark.promise("API-21")
def test_of_many_at_once_one_makes_the_event(shop: Shop) -> None:
    event = {"id": "same", "kind": "page_view", "page": "/rush"}
    other = {**event, "page": "/rush/other"}
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(lambda n: shop.outcomes(other if n % 4 == 3 else event)[0], range(8)))
    assert answers.count("taken") == 1
    assert set(answers) == {"taken", "repeated", "refused"}
    assert len(persons(shop, 'page starts with "/rush"')) == 1


def test_calls_are_judged_whole_and_events_each_by_itself(shop: Shop) -> None:
    fine = {"id": "j1", "kind": "page_view", "page": "/judged"}
    wrong = ({**fine, "id": "j2", "kind": "flight"}, {**fine, "id": "j3", "colour": "red"}, {"id": "j4"})
    answer = shop.send(fine, *wrong).get_json()
    assert answer["counts"] == {"taken": 1, "repeated": 0, "refused": 3}
    assert [each["errors"][0]["field"] for each in answer["events"][1:]] == ["kind", "colour", "kind"]
    odd: tuple[dict[str, Any], ...] = (
        {"number": ["x"]},
        {"mail": {"a": 1}},
        {"mail": "nowhere"},
        {"phone": 10**40},
        {"card": 10**40},
        {"card": "x"},
    )
    strange = [{**fine, "id": f"odd{n}", **each} for n, each in enumerate(odd)]
    assert shop.outcomes(*strange) == ["refused"] * len(odd)
    # What was refused left its id free.
    assert shop.outcomes({**wrong[0], "kind": "download"}) == ["taken"]
    for body in (
        {"object": "behaviour", "events": []},
        {"object": "behaviour", "events": [{"id": ""}]},
        {"object": "behaviour", "events": [{"id": "x" * (MAX_KEY_LENGTH * 2)}]},
        {"object": "behaviour", "events": [{"id": "x", "values": []}]},
        {"object": "behaviour", "events": [{"id": "x", "who": 1}]},
        {"object": "behaviour", "events": [{"id": f"m{n}"} for n in range(1_001)]},
        {"object": 5, "events": [{"id": "x"}]},
        {"object": "behaviour", "more": 1, "events": [{"id": "x"}]},
    ):
        assert shop.served.call("boss", "POST", "/events", json=body).status_code == 400, body
    events = [{"id": "x", "values": {"kind": "page_view"}}]
    calls = {"behaviour": 403, "customer": 404, "nothing": 404}
    for name, status in calls.items():
        body = {"object": name, "events": events}
        assert shop.served.call("none" if status == 404 else "ann", "POST", "/events", json=body).status_code == status
    assert shop.served.call("boss", "POST", "/events", json={"object": "customer", "events": events}).status_code == 422
    assert shop.served.call("boss", "POST", "/events", json={"events": [{"id": "j1", "values": {}}]}).status_code == 200
    assert shop.served.call(None, "POST", "/events", json={"events": events}).status_code == 401


def test_a_token_sends_events_with_its_scope_and_no_other(shop: Shop) -> None:
    make = shop.served.platform.accounts.administration.create_token
    for name, scopes in (
        ("sends", ["behaviour:create", "behaviour:read"]),
        ("reads", ["behaviour:read"]),
        ("other", ["customer:create"]),
    ):
        shop.served.tokens[name] = make(login_of("boss"), name=name, scopes=scopes)
    event = {"id": "t1", "kind": "page_view", "number": "C-1", "page": "/token"}
    assert shop.outcomes(event, who="sends") == ["taken"]
    assert [shop.send(event, who=who).status_code for who in ("reads", "other")] == [403, 404]
    assert shop.served.get("sends", "/records/customer").status_code == 403
    document = shop.served.get("boss", "/openapi.json").get_json()
    assert "/events" in document["paths"]
    assert "/events" not in shop.served.get("ann", "/openapi.json").get_json()["paths"]


@pytest.mark.promise("API-21")
def test_the_record_page_shows_events_in_both_languages(shop: Shop) -> None:
    dan = shop.customer(name="Dan", number="C-7")
    shop.send({"id": "p1", "kind": "page_view", "number": "C-7", "page": "/shown"})
    shop.send({"id": "p2", "kind": "page_view", "number": "C-7", "page": "/old", "happened_at": "2020-01-01T00:00:00Z"})
    client = shop.served.sign_in("ann")
    for language, kind in (("en", "Behaviour"), ("zh", "行为")):
        shop.served.platform.records.update(SYSTEM, "user", shop.served.user_ids["ann"], {"language": language})
        text = client.get(f"/o/customer/{dan}").get_data(as_text=True)
        history = text.partition('id="history"')[2]
        assert history.index("/shown") < history.index("/old")
        assert kind in history


def test_an_erased_person_leaves_no_event_and_no_id_behind(shop: Shop, tmp_path: Path) -> None:
    platform = shop.served.platform
    eve = shop.customer(name="Eve Erased", number="C-9", email="eve@example.com")
    event = {"id": "g1", "kind": "page_view", "number": "C-9", "page": "/gone"}
    assert shop.outcomes(event) == ["taken"]
    record = persons(shop, 'page = "/gone"')
    assert record == [eve]
    found = platform.privacy.export(SYSTEM, [f"customer:{eve}"], tmp_path / "eve.zip")
    assert any(each["values"].get("page") == "/gone" for each in found["records"])
    done = platform.privacy.erase(SYSTEM, [f"customer:{eve}"])
    assert done.tables["fs_event"] == 1
    assert persons(shop, 'page = "/gone"') == []
