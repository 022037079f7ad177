"""Idempotency-Key: the same request is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.served import Served


def test_a_repeated_post_gives_the_first_answer_and_makes_one_record(served: Served) -> None:
    options = {"json": {"name": "Once"}, "headers": {"Idempotency-Key": "k-once"}}
    first = served.call("ann", "POST", "/records/deal", **options)
    again = served.call("ann", "POST", "/records/deal", **options)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert names(served, "ann", "Once") == 1


def test_the_key_with_another_body_is_422(served: Served) -> None:
    headers = {"Idempotency-Key": "k-other"}
    served.call("ann", "POST", "/records/deal", json={"name": "First body"}, headers=headers)
    refused = served.call("ann", "POST", "/records/deal", json={"name": "Second body"}, headers=headers)
    assert refused.status_code == 422
    assert refused.get_json()["code"] == "key_used_otherwise"
    assert names(served, "ann", "Second body") == 0


def test_keys_of_two_users_do_not_meet(served: Served) -> None:
    for who in ("ann", "bob"):
        answer = served.call(
            "boss" if who == "x" else who,
            "POST",
            "/records/deal",
            json={"name": "Two users"},
            headers={"Idempotency-Key": "k-two"},
        )
        assert answer.status_code == 201
        assert "Idempotent-Replayed" not in answer.headers
    assert names(served, "boss", "Two users") == 2


def test_a_refused_post_keeps_no_answer(served: Served) -> None:
    headers = {"Idempotency-Key": "k-refused"}
    assert served.call("ann", "POST", "/records/deal", json={"name": ""}, headers=headers).status_code == 422
    assert served.call("ann", "POST", "/records/deal", json={"name": "Now right"}, headers=headers).status_code == 201


def test_the_same_key_at_once_makes_one_record_and_the_others_get_it_or_409(served: Served) -> None:
    def post(_number: int) -> int:
        options = {"json": {"name": "At once"}, "headers": {"Idempotency-Key": "k-at-once"}}
        return served.call("ann", "POST", "/records/deal", **options).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(post, range(16)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert names(served, "ann", "At once") == 1


def names(served: Served, who: str, name: str) -> int:
    body = served.get(who, f'/records/deal?filter=name = "{name}"&count=exact').get_json()
    count: int = body["count"]["value"]
    return count
