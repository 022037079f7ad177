"""Many creates, updates, upserts and deletes in one call of the API, all or nothing or row by row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine.access.actor import system_actor
from engine.records.bulk_work import MOST
from engine.records.types import SaveRow
from tests.support.firms import firm, ids, made, read, serve_firms, stored
from tests.support.served import Served

NAMES = (f"Bulk {index}" for index in itertools.count(1))


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_firms(module_database_url, tmp_path_factory.mktemp("firms")) as found:
        yield found


def bulk(served: Served, rows: Any, who: str = "boss", object_name: str = "firm", **body: Any) -> TestResponse:
    return served.call(who, "POST", f"/records/{object_name}/bulk", json={"rows": rows, **body})


def outcomes(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    found = answer.get_json()["rows"]
    assert [row["index"] for row in found] == [*range(len(found))]
    return [row["outcome"] for row in found]


def count(served: Served) -> int:
    found = served.get("boss", "/records/firm?count=exact").get_json()["count"]["value"]
    return int(found)


@pytest.mark.promise("API-07")
def test_rows_are_done_in_their_order_and_each_is_judged_by_itself(served: Served) -> None:
    known, busy, gone = firm(served, code=next(NAMES), city="Bern"), firm(served), firm(served)
    code = read(served, "firm", known)["code"]
    made(served, "order", name="A", firm=busy)
    person = made(served, "person", firm=gone, name="Li")
    rows = [
        {"do": "create", "values": {"name": next(NAMES), "turnover": {"amount": "5", "currency": "CNY"}}},
        {"do": "create", "values": {"name": ""}},
        {"do": "update", "id": known, "version": 1, "values": {"city": "Basel"}},
        {"do": "update", "id": known, "version": 7, "values": {"city": "Zug"}},
        {"do": "delete", "id": busy},
        {"do": "delete", "id": gone},
        {"do": "update", "id": gone, "values": {"city": "Zug"}},
        {"do": "upsert", "values": {"code": code, "city": "Genf"}},
        {"do": "upsert", "values": {"code": next(NAMES), "name": next(NAMES)}},
        {"do": "delete", "id": "01900000-0000-7000-8000-000000000000"},
        {"do": "update", "id": known, "values": {"number": "F-1"}},
    ]
    answer = bulk(served, rows, by="code")
    done = ["created", "refused", "updated", "refused", "refused", "deleted", "refused", "updated", "created"]
    assert outcomes(answer) == [*done, "refused", "refused"]
    body = answer.get_json()
    assert body["counts"] == {"created": 2, "updated": 2, "unchanged": 0, "deleted": 1, "refused": 6}
    codes = [row["errors"][0]["code"] for row in body["rows"] if row["outcome"] == "refused"]
    assert codes == ["required", "stale_version", "record_in_use", "record_not_found", "record_not_found", "read_only"]
    assert body["rows"][1]["errors"][0]["field"] == "name"
    # A warning passes and is told.
    assert body["rows"][0]["@notices"][0]["code"] == "small"
    assert read(served, "firm", known)["city"] == "Genf"
    assert stored(served, "firm", gone) is None
    assert stored(served, "person", person) is None
    assert stored(served, "firm", busy) is not None


def test_a_record_that_stands_in_the_call_twice_is_saved_twice(served: Served) -> None:
    known, code = firm(served), next(NAMES)
    twice = [{"do": "update", "id": known, "values": {"city": city}} for city in ("Bern", "Zug")]
    new = [{"do": "upsert", "values": {"name": code, "code": code, "city": city}} for city in ("Bern", "Zug")]
    for mode in ("per_row", "all_or_nothing"):
        answer = bulk(served, [*twice, *new], mode=mode, by="code")
        done = "created" if mode == "per_row" else "updated"
        assert outcomes(answer) == ["updated", "updated", done, "updated"]
        assert [read(served, "firm", each)["city"] for each in (known, answer.get_json()["rows"][3]["id"])] == [
            "Zug"
        ] * 2
        # By id and by key it is the same record too, and a row finds what the one before it has made.
        own = read(served, "firm", answer.get_json()["rows"][3]["id"])
        again = [
            {"do": "update", "id": own["id"], "values": {"city": "Bern"}},
            {"do": "upsert", "values": {"code": own["code"], "city": "Chur"}},
            {"do": "create", "values": {"code": (made_now := next(NAMES)), "name": made_now}},
            {"do": "upsert", "values": {"code": made_now, "city": "Chur"}},
        ]
        assert outcomes(bulk(served, again, mode=mode, by="code")) == ["updated", "updated", "created", "updated"]
        assert read(served, "firm", own["id"])["city"] == "Chur"


@pytest.mark.promise("API-07")
@pytest.mark.parametrize(
    ("bad", "field", "code"),
    [
        ({"do": "create", "values": {"name": ""}}, "rows[4].name", "required"),
        ({"do": "update", "id": "KNOWN", "version": 9, "values": {"city": "Zug"}}, "rows[4]", "stale_version"),
        ({"do": "delete", "id": "BUSY"}, "rows[4]", "record_in_use"),
        ({"do": "delete", "id": "KNOWN", "version": 9}, "rows[4]", "stale_version"),
        ({"do": "upsert", "values": {"code": "KNOWN CODE", "name": ""}}, "rows[4].name", "required"),
    ],
)
def test_one_bad_row_of_all_or_nothing_leaves_nothing(
    served: Served, bad: dict[str, Any], field: str, code: str
) -> None:
    known, busy, gone = firm(served, code=next(NAMES), city="Bern"), firm(served), firm(served)
    order = made(served, "order", name="A", firm=busy)
    own = read(served, "firm", known)["code"]
    named = {"KNOWN": known, "BUSY": busy}
    values = {"code": own, "name": ""} if "KNOWN CODE" in str(bad) else bad.get("values")
    last = {**bad, **({"id": named[bad["id"]]} if "id" in bad else {}), **({"values": values} if values else {})}
    rows = [
        {"do": "create", "values": {"name": next(NAMES)}},
        {"do": "delete", "id": gone},
        {"do": "upsert", "values": {"code": next(NAMES), "name": next(NAMES)}},
        {"do": "update", "id": busy, "values": {"city": "Zug"}},
    ]
    before = count(served), [read(served, "firm", each) for each in (known, busy, gone)]
    answer = bulk(served, [*rows, last], mode="all_or_nothing", by="code")
    assert answer.status_code == 422, answer.get_json()
    assert [(each["field"], each["code"]) for each in answer.get_json()["errors"]] == [(field, code)]
    assert (count(served), [read(served, "firm", each) for each in (known, busy, gone)]) == before
    assert outcomes(bulk(served, rows, mode="all_or_nothing", by="code")) == [
        "created",
        "deleted",
        "created",
        "updated",
    ]
    assert ids(read(served, "order", order)["firm"]) == busy


@pytest.mark.parametrize("work", ["create", "update"])
def test_a_value_that_somebody_takes_at_the_same_time_refuses_its_row_alone(served: Served, work: str) -> None:
    owner, words = firm(served), [next(NAMES) for _ in range(3)]
    theirs, mine = (
        [made(served, "person", firm=owner, name=next(NAMES)) for _ in words] if work == "update" else [None] * 3
        for _ in range(2)
    )
    rows = [
        {"do": work, "values": {"firm": owner, "name": word}, **({"id": own} if own else {})}
        for word, own in zip([*words[:2], next(NAMES)], mine, strict=True)
    ]
    with ThreadPoolExecutor(max_workers=1) as pool:
        with served.platform.records.transaction(system_actor()) as transaction:
            taking = [
                SaveRow(id=own, values={"firm": owner, "name": word}) for word, own in zip(words, theirs, strict=True)
            ]
            assert not transaction.save_many("person", taking).refused
            answer = pool.submit(bulk, served, rows, object_name="person")
            wait([answer], timeout=0.3)
        found = answer.result()
    assert outcomes(found) == ["refused", "refused", f"{work}d"]
    assert {row["errors"][0]["code"] for row in found.get_json()["rows"][:2]} == {"not_unique"}


@pytest.mark.promise("API-07")
def test_ten_thousand_rows_are_taken_and_one_more_is_refused(served: Served) -> None:
    before = count(served)
    row = {"do": "delete", "id": "no such record"}
    refused = bulk(served, [row] * (MOST + 1))
    assert (refused.status_code, refused.get_json()["code"]) == (400, "too_many_rows")
    assert MOST == 10_000
    fairs = [{"do": "create", "values": {"name": f"Fair {index}"}} for index in range(MOST)]
    answer = bulk(served, fairs, object_name="fair")
    assert answer.get_json()["counts"]["created"] == MOST
    assert count(served) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rows": {}}, "bad_request"),
        ({}, "bad_request"),
        ({"rows": [7]}, "bad_request"),
        ({"rows": [{"do": "burn"}]}, "bad_request"),
        ({"rows": [{"do": ["create"]}]}, "bad_request"),
        ({"rows": [{"do": "update", "values": {}}]}, "bad_request"),
        ({"rows": [{"do": "delete", "id": 7}]}, "bad_request"),
        ({"rows": [{"do": "delete", "id": "x", "version": True}]}, "bad_request"),
        ({"rows": [{"do": "create", "id": "x", "values": {}}]}, "bad_request"),
        ({"rows": [{"do": "create", "values": []}]}, "bad_request"),
        ({"rows": [], "mode": "some"}, "bad_request"),
        ({"rows": [], "by": 7}, "bad_request"),
        ({"rows": [], "confirm": []}, "unknown_key"),
        ({"rows": [{"do": "upsert", "values": {}}]}, "validation_failed"),
        ({"rows": [{"do": "upsert", "values": {}}], "by": "city"}, "validation_failed"),
        ({"rows": [{"do": "upsert", "values": {}}], "by": "nothing"}, "validation_failed"),
    ],
)
def test_a_call_that_says_nothing_clear_is_refused_as_a_whole(served: Served, body: dict[str, Any], code: str) -> None:
    for mode in ({}, {"mode": "all_or_nothing"}):
        answer = served.call("boss", "POST", "/records/firm/bulk", json={**mode, **body})
        assert answer.get_json()["code"] == code, (mode, answer.get_json())


def test_rights_are_those_of_single_calls(served: Served) -> None:
    mine, theirs, hidden = firm(served, "ann"), firm(served, "bob"), firm(served, "bob", code=next(NAMES))
    code = read(served, "firm", hidden)["code"]
    served.call("boss", "PATCH", f"/records/firm/{hidden}", json={"secret": "hide"})
    rows = [
        {"do": "update", "id": mine, "values": {"city": "Zug"}},
        {"do": "update", "id": mine, "values": {"secret": "x"}},
        {"do": "update", "id": theirs, "values": {"city": "Zug"}},
        {"do": "delete", "id": theirs},
        {"do": "delete", "id": hidden},
        {"do": "upsert", "values": {"code": code, "name": next(NAMES)}},
    ]
    answer = bulk(served, rows, "ann", by="code")
    assert outcomes(answer) == ["updated", *["refused"] * 5]
    codes = [row["errors"][0]["code"] for row in answer.get_json()["rows"][1:]]
    assert codes[1:] == ["access_denied", "access_denied", "record_not_found", "not_unique"]
    # By a value that may not be read no record is found: the call does not tell whose it is.
    known = firm(served, "ann")
    unread = {"level": "known", "terms": "only while it is new", "confirm": ["duplicate"]}
    assert served.call("boss", "PATCH", f"/records/firm/{known}", json=unread).status_code == 200
    by_terms = [{"do": "upsert", "values": {"terms": unread["terms"], "name": next(NAMES)}}]
    (row,) = bulk(served, by_terms, "ann", by="terms").get_json()["rows"]
    assert (row["outcome"], row["id"], row["errors"][0]["code"]) == ("refused", None, "not_unique")
    assert bulk(served, rows[:1], "none").status_code == 404
    assert outcomes(bulk(served, [], "ann")) == []
