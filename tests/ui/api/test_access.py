"""What a rep may not see is not to be seen, counted, sorted by, filtered by or guessed.

The API is compared with a plain reference, which knows the roles of the app `deals` in a few lines of Python, over
random records and every route.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.served import Served, serve_deals

HIDDEN_FIELDS = ("margin", "margin_class")
ABSENT = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def world(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, list[dict[str, Any]]]]:
    with serve_deals(module_database_url, tmp_path_factory.mktemp("access")) as served:
        yield served, fill(served)


def fill(served: Served) -> list[dict[str, Any]]:
    """Make firms and deals of several owners; give the deals as the boss sees them."""
    chance = random.Random(7)
    firms = [
        served.make("boss", "firm", name=f"Firm {index}", rating=index % 6, secret=f"secret{index}")
        for index in range(8)
    ]
    deals = []
    for index in range(40):
        owner = chance.choice(("ann", "bob", "boss"))
        deals.append(
            served.make(
                "boss",
                "deal",
                name=f"Deal {index:02}",
                firm=chance.choice(firms)["id"],
                size=chance.randrange(20),
                margin=chance.randrange(1000),
                note=chance.choice(("granite", "slate", "marble")),
                stage=chance.choice(("open", "lost")),
                owner={"object": "user", "id": served.user_ids[owner]},
                code=f"C-{index}",
            )
        )
    for deal in deals[:6]:
        served.make("boss", "vault", name=f"Vault of {deal['name']}", deal=deal["id"])
    return deals


def visible_to(served: Served, who: str, deals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reference: the boss sees all deals, a rep the own ones, others none."""
    if who == "boss":
        return deals
    return [deal for deal in deals if who in ("ann", "bob") and deal["owner"]["id"] == served.user_ids[who]]


@pytest.mark.parametrize("who", ["ann", "bob", "boss"])
def test_lists_counts_and_searches_hold_exactly_what_may_be_read(
    world: tuple[Served, list[dict[str, Any]]], who: str
) -> None:
    served, deals = world
    mine = visible_to(served, who, deals)
    tests: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
        ("", lambda deal: True),
        ("size >= 10", lambda deal: deal["size"] >= 10),
        ('stage = "lost" or size < 3', lambda deal: deal["stage"] == "lost" or deal["size"] < 3),
        ("not (size between 5 and 15)", lambda deal: not 5 <= deal["size"] <= 15),
        ("size = 999", lambda deal: False),
    ]
    for text, holds in tests:
        parameters = f"&filter={quote(text)}" if text else ""
        body = served.get(who, f"/records/deal?limit=200&sort=name&fields=name&count=exact{parameters}").get_json()
        expected = [deal["name"] for deal in mine if holds(deal)]
        assert [item["name"] for item in body["items"]] == expected
        assert body["count"]["value"] == len(expected)
    for word in ("granite", "slate"):
        found = served.get(who, f"/records/deal?q={word}&limit=200&count=exact").get_json()
        assert {item["id"] for item in found["items"]} == {deal["id"] for deal in mine if deal["note"] == word}
        assert found["count"]["value"] == len(found["items"])


@pytest.mark.parametrize("who", ["ann", "bob", "none"])
def test_a_record_that_may_not_be_read_answers_like_an_absent_one_on_every_route(
    world: tuple[Served, list[dict[str, Any]]], who: str
) -> None:
    served, deals = world
    mine = {deal["id"] for deal in visible_to(served, who, deals)}
    hidden = next(deal["id"] for deal in deals if deal["id"] not in mine)
    calls = [
        ("GET", ""),
        ("GET", "?fields=name"),
        ("GET", "/history"),
        ("GET", "/runs"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
    ]
    for method, suffix in calls:
        options = {"json": {"name": "Taken over"}} if method == "PATCH" else {}
        answers = [served.call(who, method, f"/records/deal/{each}{suffix}", **options) for each in (hidden, ABSENT)]
        assert [answer.status_code for answer in answers] == [404, 404], (method, suffix)
        bodies = [{**answer.get_json(), "request_id": ""} for answer in answers]
        assert bodies[0] == bodies[1]
        headers = [{k: v for k, v in answer.headers if k != "X-Request-Id"} for answer in answers]
        assert headers[0] == headers[1]
    assert served.get("boss", f"/records/deal/{hidden}").get_json()["name"].startswith("Deal")


def test_a_denied_field_is_absent_everywhere_and_naming_it_is_an_unknown_field(
    world: tuple[Served, list[dict[str, Any]]],
) -> None:
    served, deals = world
    mine = visible_to(served, "ann", deals)[0]
    path = f"/records/deal/{mine['id']}"
    served.call("boss", "PATCH", path, json={"margin": 471_147_114_711})
    texts = [
        served.get("ann", address).get_data(as_text=True)
        for address in (path, "/records/deal?limit=200", f"{path}/history", "/objects/deal", "/openapi.json")
    ]
    for name in HIDDEN_FIELDS:
        assert all(f'"{name}"' not in text for text in texts)
    assert all("471147114711" not in text for text in texts)
    for name in HIDDEN_FIELDS:
        for parameter in (
            "sort=X",
            "sort=-X",
            "fields=X",
            "fields=name,X",
            "filter=X > 5",
            "filter=X is empty",
            "filter=1 = X",
        ):
            answers = [
                served.get("ann", f"/records/deal?{quote(parameter.replace('X', each), safe='=,&')}")
                for each in (name, "n" * len(name))
            ]
            assert [answer.status_code for answer in answers] == [400, 400], parameter
            assert answers[0].get_json()["code"] == answers[1].get_json()["code"]
        written = [served.call("ann", "PATCH", path, json={each: 5}) for each in (name, "n" * len(name))]
        assert [answer.status_code for answer in written] == [422, 422]
        assert written[0].get_json()["errors"][0]["code"] == written[1].get_json()["errors"][0]["code"]


def test_paths_do_not_lead_to_unreadable_records_or_fields(world: tuple[Served, list[dict[str, Any]]]) -> None:
    served, deals = world
    firms = {firm["id"]: firm for firm in served.get("boss", "/records/firm?limit=200").get_json()["items"]}
    assert served.get("ann", "/records/deal?fields=firm.secret").status_code == 400
    assert served.get("ann", "/records/deal?filter=firm.secret%20is%20not%20empty").status_code == 400
    mine = visible_to(served, "ann", deals)
    rows = served.get("ann", "/records/deal?limit=200&sort=name&fields=name,firm,firm.name,firm.rating").get_json()[
        "items"
    ]
    assert len(rows) == len(mine)
    for row, deal in zip(rows, mine, strict=True):
        firm = firms[deal["firm"]["id"]]
        if firm["rating"] >= 3:
            assert (row["firm.name"], row["firm.rating"], row["firm"]["title"]) == (
                firm["name"],
                firm["rating"],
                firm["name"],
            )
        else:
            assert (row["firm.name"], row["firm.rating"]) == (None, None)
            assert firm["name"] not in str(row)
    hidden_names = [firm["name"] for firm in firms.values() if firm["rating"] < 3]
    for name in hidden_names:
        text = quote(f'firm.name = "{name}"')
        assert served.get("ann", f"/records/deal?filter={text}&count=exact").get_json()["count"]["value"] == 0


@pytest.mark.parametrize("who", ["ann", "none"])
def test_an_object_no_role_names_is_an_absent_one(world: tuple[Served, list[dict[str, Any]]], who: str) -> None:
    served, _deals = world
    vault = served.get("boss", "/records/vault?limit=1").get_json()["items"][0]["id"]
    for method, suffix in (
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{vault}"),
        ("PATCH", f"/{vault}"),
        ("DELETE", f"/{vault}"),
    ):
        options = {"json": {"name": "x"}} if method in ("POST", "PATCH") else {}
        answers = [served.call(who, method, f"/records/{name}{suffix}", **options) for name in ("vault", "no_such")]
        assert [answer.status_code for answer in answers] == [404, 404], (method, suffix)
        assert {**answers[0].get_json(), "request_id": ""} == {**answers[1].get_json(), "request_id": ""}
    assert served.get(who, "/objects/vault").status_code == 404
    listed = served.get(who, "/objects").get_json()["items"]
    assert "vault" not in {item["name"] for item in listed}
    assert "vault" not in served.get(who, "/openapi.json").get_data(as_text=True)
    assert "vaults" not in served.get(who, "/objects/deal").get_data(as_text=True)


def test_a_uniqueness_refusal_tells_nothing_of_the_other_record(world: tuple[Served, list[dict[str, Any]]]) -> None:
    served, deals = world
    other = next(deal for deal in deals if deal["owner"]["id"] != served.user_ids["ann"])
    refused = served.call("ann", "POST", "/records/deal", json={"name": "x", "code": other["code"]})
    assert refused.status_code == 422
    text = refused.get_data(as_text=True)
    assert other["id"] not in text
    assert other["name"] not in text


def test_writes_follow_their_scopes_and_a_refused_one_changes_nothing(
    world: tuple[Served, list[dict[str, Any]]],
) -> None:
    served, deals = world
    mine = visible_to(served, "ann", deals)
    lost = next(deal for deal in mine if deal["stage"] == "lost")
    refused = served.call("ann", "PATCH", f"/records/deal/{lost['id']}", json={"name": "Not allowed"})
    assert refused.status_code == 403
    open_deal = next(deal for deal in mine if deal["stage"] == "open")
    note = served.call("ann", "PATCH", f"/records/deal/{open_deal['id']}", json={"note": "changed"})
    assert note.status_code in (403, 422)
    assert served.call("ann", "POST", "/records/firm", json={"name": "x"}).status_code == 403
    for deal in (lost, open_deal):
        now = served.get("boss", f"/records/deal/{deal['id']}").get_json()
        assert (now["name"], now["note"]) == (deal["name"], deal["note"])


def test_nobody_gets_anything(tmp_path: Path, world: tuple[Served, list[dict[str, Any]]]) -> None:
    served, deals = world
    for address in (
        "/objects",
        "/objects/deal",
        "/records/deal",
        f"/records/deal/{deals[0]['id']}",
        "/runs",
        "/openapi.json",
    ):
        assert served.get(None, address).status_code == 401
    assert served.call(None, "POST", "/records/deal", json={"name": "x"}).status_code == 401
    assert served.get("none", "/records/deal").status_code == 404


def test_a_view_sorted_by_a_denied_field_is_still_a_list_for_those_who_may_not_read_it(served: Served) -> None:
    served.make("ann", "deal", name="Seen in the view")
    answer = served.get("ann", "/records/deal?view=by_margin")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert served.get("ann", "/records/deal?sort=margin").status_code == 400
