"""Figures over HTTP: groups and measures of what the caller may read, refusals with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served import Served


def ask(served: Served, who: str, **query: Any) -> Any:
    """Send a query on deals and give the answer."""
    return served.call(who, "POST", "/query", json={"object": "deal", **query})


def test_sums_by_group_are_those_of_readable_records(served: Served) -> None:
    for who, amount in (("ann", "10.10"), ("ann", "0.20"), ("bob", "500")):
        served.make(who, "deal", name="Query me", amount=f"{amount} CNY")
    query = {"filter": 'name = "Query me"', "measures": ["count", "sum(amount)"]}
    mine = ask(served, "ann", **query).get_json()["rows"]
    assert mine == [{"groups": {}, "measures": {"count": 2, "sum(amount)": {"amount": "10.30", "currency": "CNY"}}}]
    by_name = ask(served, "ann", groups=["name"], **query).get_json()["rows"]
    assert [row["groups"] for row in by_name] == [{"name": "Query me"}]


@pytest.mark.parametrize(
    "query",
    [
        {"measures": ["sum(margin)"]},
        {"groups": ["margin"]},
        {"filter": "margin > 1"},
        {"measures": ["drop(amount)"]},
        {"measures": ["sum(name)"]},
        {"measures": []},
        {"measures": "count"},
        {"groups": ["name", "name"]},
        {"groups": ["name", "amount", "stage"]},
        {"group": ["name"]},
        {"filter": 3},
    ],
)
def test_what_is_unknown_unreadable_or_malformed_is_a_400(served: Served, query: dict[str, Any]) -> None:
    answer = ask(served, "ann", **query)
    assert answer.status_code == 400, answer.get_data(as_text=True)
    assert answer.get_json()["code"]


def test_an_object_that_may_not_be_read_is_absent(served: Served) -> None:
    assert served.call("none", "POST", "/query", json={"object": "deal"}).status_code == 404
    assert served.call("ann", "POST", "/query", json={"object": "nothing"}).status_code == 404
