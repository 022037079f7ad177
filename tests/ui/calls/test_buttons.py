"""Buttons on the page of a record, over the API and on many records: who has them, what they ask, how they answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.testing.sample_shop import do_runs, runs_of
from tests.support.visits import Visits

ABSENT = "01900000-0000-7000-8000-000000000000"


def quote(counter: Visits, owner: str = "ann", **values: Any) -> str:
    given = {"name": "Mill", **values, "owner": {"object": "user", "id": counter.served.user_ids[owner]}}
    return counter.served.platform.records.create(counter.served.system(), "quote", given).record.id


def buttons_on(page: str) -> list[str]:
    """Give the buttons of a record's page, by name: those that post and those that lead to a form."""
    return re.findall(r'(?:action|href)="/o/quote/[0-9a-f-]+/press/(\w+)"', page)


def key_on(page: str) -> str:
    found = re.search(r'name="fs-press" value="(\w+)"', page)
    assert found is not None
    return found[1]


def count_runs(counter: Visits) -> int:
    # Log-ins start runs too.
    return sum(run["object"] == "quote" for run in runs_of(counter.served.platform))


def actions(counter: Visits, who: str, record_id: str) -> list[str]:
    return [each["name"] for each in counter.served.get(who, f"/records/quote/{record_id}/actions").get_json()["items"]]


@pytest.mark.promise("RUL-08")
def test_a_button_shows_to_its_role_where_its_condition_holds_and_is_refused_elsewhere_without_a_run(
    counter: Visits,
) -> None:
    draft, sent = quote(counter), quote(counter, status="sent")
    for record_id, who, wanted in (
        (draft, "ann", ["later", "lose", "send_quote"]),
        (sent, "ann", ["later", "lose"]),
        (draft, "boss", ["approve", "break_it", "later", "lose"]),
        (draft, "admin", ["later", "lose"]),
    ):
        assert sorted(buttons_on(counter.page(who, f"/o/quote/{record_id}"))) == wanted, (record_id == draft, who)
        assert sorted(actions(counter, who, record_id)) == wanted
    before = count_runs(counter)
    for who, record_id, button, status, code in (
        ("ann", draft, "approve", 403, "access_denied"),
        ("boss", draft, "send_quote", 403, "access_denied"),
        ("ann", sent, "send_quote", 409, "button_closed"),
        ("bob", draft, "later", 404, "not_found"),
        ("ann", ABSENT, "later", 404, "not_found"),
        ("ann", draft, "nothing", 404, "not_found"),
        ("none", draft, "later", 404, "not_found"),
    ):
        answer = counter.served.call(who, "POST", f"/records/quote/{record_id}/actions/{button}", json={})
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), (who, button)
        pressed = counter.post(who, f"/o/quote/{record_id}/press/{button}", {"fs-press": "k"})
        assert pressed.status_code == (303 if status == 409 else status), (who, button)
    assert counter.served.call(None, "POST", f"/records/quote/{draft}/actions/later", json={}).status_code == 401
    forged = counter.client("ann").post(f"/o/quote/{draft}/press/later", data={"fs-press": "k"})
    assert forged.status_code == 403
    assert count_runs(counter) == before
    assert counter.read("quote", sent)["status"] == "sent"


@pytest.mark.promise("RUL-31")
def test_what_a_button_asks_is_asked_by_page_and_api_alike_and_show_and_open_answer_who_pressed(
    counter: Visits,
) -> None:
    by_page, by_api = quote(counter, name="Page"), quote(counter, name="Api")
    product = counter.served.platform.records.create(counter.served.system(), "product", {"name": "Belt"}).record.id
    path = f"/o/quote/{by_page}/press/lose"
    form = counter.page("ann", path)
    assert "Mark as lost" in form
    assert 'name="reason"' in form
    assert re.search(r'name="call_back"[^>]*value="20\d\d-', form)
    refused = counter.post("ann", path, {"reason": " ", "call_back": "soon", "fs-press": key_on(form)})
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "This must be filled in." in text
    assert "This must be a date" in text
    values = {"reason": "too dear", "call_back": "2027-01-31", "product": product, "sure": "true"}
    done = counter.post("ann", path, {**values, "fs-press": key_on(text)})
    assert done.status_code == 303
    task = re.fullmatch(r"/o/task/([0-9a-f-]+)", done.headers["Location"])
    assert task is not None
    path = f"/records/quote/{by_api}/actions/lose"
    wrong = counter.served.call("ann", "POST", path, json={"input": {"call_back": 7}})
    assert wrong.status_code == 422
    assert {each["field"] for each in wrong.get_json()["errors"]} == {"input.reason", "input.call_back"}
    given = {"reason": "too dear", "call_back": "2027-01-31", "product": {"id": product}, "sure": True}
    answer = counter.served.call("ann", "POST", f"/records/quote/{by_api}/actions/lose", json={"input": given})
    body = answer.get_json()
    assert answer.status_code == 200, body
    assert (body["show"], body["open"]["object"]) == ([], "task")
    names = ("status", "reason", "call_back", "product", "checker")
    first, second = counter.read("quote", by_page), counter.read("quote", by_api)
    assert {name: first[name] for name in names} == {name: second[name] for name in names}
    assert (first["reason"], str(first["call_back"]), first["product"]) == ("too dear", "2027-01-31", product)
    assert first["checker"] == counter.served.user_ids["ann"]
    shown = counter.served.call("ann", "POST", f"/records/quote/{quote(counter)}/actions/send_quote", json={})
    assert shown.get_json()["show"] == ["Mill was sent."]


def test_show_is_told_on_the_next_page_as_text(counter: Visits) -> None:
    product = counter.served.platform.records.create(counter.served.system(), "product", {"name": "B", "stock": 3})
    record_id = quote(counter, amount="500", product=product.record.id)
    page = counter.page("ann", f"/o/quote/{record_id}")
    assert "thank" in buttons_on(page)
    assert counter.post("ann", f"/o/quote/{record_id}/press/thank", {"fs-press": key_on(page)}).status_code == 303
    after = counter.page("ann", f"/o/quote/{record_id}")
    assert "Thank you." in after
    assert "谢谢 &lt;b&gt;&amp;" in after


def test_a_double_click_starts_one_run_and_a_key_is_kept_by_the_api(counter: Visits) -> None:
    record_id, before = quote(counter), count_runs(counter)
    page = counter.page("ann", f"/o/quote/{record_id}")
    for _ in range(2):
        assert counter.post("ann", f"/o/quote/{record_id}/press/later", {"fs-press": key_on(page)}).status_code == 303
    assert count_runs(counter) == before + 1
    path, headers = f"/records/quote/{record_id}/actions/later", {"Idempotency-Key": "press-1"}
    first, second = (counter.served.call("ann", "POST", path, headers=headers, json={}) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.get_json()["runs"] == second.get_json()["runs"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count_runs(counter) == before + 2
    path = f"/records/quote/{record_id}/actions/send_quote"
    other = counter.served.call("ann", "POST", path, headers=headers, json={})
    assert other.status_code == 422
    do_runs(counter.served.platform)
    assert counter.read("quote", record_id)["reason"] == "reminded"


def test_a_rule_that_fails_says_so_to_who_pressed(counter: Visits) -> None:
    record_id = quote(counter)
    answer = counter.served.call("boss", "POST", f"/records/quote/{record_id}/actions/break_it", json={})
    assert answer.status_code == 200
    assert [each["state"] for each in answer.get_json()["runs"]] == ["failed"]
    page = counter.page("boss", f"/o/quote/{record_id}")
    counter.post("boss", f"/o/quote/{record_id}/press/break_it", {"fs-press": key_on(page)})
    assert "“Break” failed:" in counter.page("boss", f"/o/quote/{record_id}")
    assert counter.read("quote", record_id)["name"] == "Mill"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b'{"input": []}', 400),
        (b'{"inputs": {}}', 400),
        (b'{"input": {"nothing": 1}}', 422),
        (b'{"input": {"reason": {"a": 1}}}', 422),
        (b'{"input": {"reason": "x", "product": "no id"}}', 422),
        (b'{"input": {"reason": "x", "product": "' + ABSENT.encode() + b'"}}', 422),
        (b'{"input": {"reason": "x", "sure": "perhaps"}}', 422),
    ],
)
def test_inputs_that_are_wrong_are_refused_and_leave_no_run(counter: Visits, body: bytes, status: int) -> None:
    record_id, before = quote(counter), count_runs(counter)
    path = f"/records/quote/{record_id}/actions/lose"
    answer = counter.served.call("ann", "POST", path, data=body, content_type="application/json")
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert count_runs(counter) == before


def test_many_records_are_pressed_at_once_those_that_are_not_open_are_refused_with_their_reason(
    counter: Visits,
) -> None:
    mine = [quote(counter, name=f"Many {index}") for index in range(4)]
    sent = quote(counter, name="Many sent", status="sent")
    other = quote(counter, owner="bob", name="Many other")
    listed = counter.page("ann", "/o/quote")
    assert "/o/quote/press-many/send_quote" in listed
    assert "/o/quote/press-many/approve" not in listed
    page = counter.page("ann", "/o/quote/press-many/send_quote?q=Many")
    assert set(re.findall(r'name="fs-record" value="([0-9a-f-]+)"', page)) == set(mine)
    chosen = {"fs-record": [*mine, sent, other, "x"], "q": "Many"}
    answer = counter.post("ann", "/o/quote/press-many/send_quote", chosen)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Started: 4." in text
    assert "Refused: 3." in text
    assert "Many sent</a>: This can&#39;t be done with the record as it is now." in text
    assert "Many other" not in text
    do_runs(counter.served.platform, waits_too=False)
    assert {counter.read("quote", each)["status"] for each in mine} == {"sent"}
    assert counter.read("quote", other)["status"] == "draft"
    again = counter.post("ann", "/o/quote/press-many/lose", {"fs-record": mine, "call_back": "2027-02-01"})
    assert again.status_code == 422
    assert "This must be filled in." in again.get_data(as_text=True)
    lost = counter.post("ann", "/o/quote/press-many/lose", {"fs-record": mine, "reason": "gone"})
    assert lost.status_code == 303
    do_runs(counter.served.platform, waits_too=False)
    assert {counter.read("quote", each)["reason"] for each in mine} == {"gone"}
    assert counter.client("ann").get("/o/quote/press-many/approve").status_code == 403


def test_the_api_presses_a_button_on_many_as_the_page_does(counter: Visits) -> None:
    mine = [quote(counter, name=f"By program {index}") for index in range(3)]
    sent, other = quote(counter, name="Sent before", status="sent"), quote(counter, owner="bob")
    call, path = counter.served.call, "/records/quote/actions/send_quote"
    before = count_runs(counter)
    for wrong, status in (
        ({}, 400), ({"ids": []}, 400), ({"ids": "x"}, 400), ({"ids": [7]}, 400), ({"ids": mine, "input": 1}, 400),
        ({"ids": mine, "more": 1}, 400), ({"ids": ["no id"]}, 404), ({"ids": mine * 400}, 400),
        ({"ids": mine, "input": {"nothing": 1}}, 422),
    ):  # fmt: skip
        assert call("ann", "POST", path, json=wrong).status_code == status, wrong
    assert call(None, "POST", path, json={"ids": mine}).status_code == 401
    assert call("ann", "POST", "/records/quote/actions/nothing", json={"ids": mine}).status_code == 404
    assert count_runs(counter) == before
    asked, key = {"ids": [*mine, sent, other]}, {"Idempotency-Key": "many-1"}
    answer = call("ann", "POST", path, json=asked, headers=key)
    assert answer.status_code == 202
    again = call("ann", "POST", path, json=asked, headers=key)
    assert (again.status_code, again.get_json()) == (202, answer.get_json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert call("ann", "POST", path, json={"ids": mine}, headers=key).status_code == 422
    assert call("ann", "POST", path, json={"ids": mine}, headers={"Idempotency-Key": "k" * 201}).status_code == 400
    assert count_runs(counter) == before + 3
    assert len(answer.get_json()["runs"]) == 3
    assert {each["id"] for each in answer.get_json()["refused"]} == {sent, other}
    do_runs(counter.served.platform, waits_too=False)
    assert {counter.read("quote", each)["status"] for each in mine} == {"sent"}
    assert "/records/quote/actions/send_quote" in counter.served.get("ann", "/openapi.json").get_json()["paths"]


def test_which_of_a_list_have_a_button_takes_no_statement_a_record(counter: Visits) -> None:
    platform = counter.served.platform

    def statements() -> int:
        with platform.database.statements.recording() as recorded:
            counter.page("ann", "/o/quote/press-many/thank?q=Some")
        return len(recorded)

    for index in range(3):
        product = platform.records.create(counter.served.system(), "product", {"name": "P", "stock": index})
        quote(counter, name=f"Some {index}", amount="500", product=product.record.id)
    statements()
    few = statements()
    for index in range(20):
        product = platform.records.create(counter.served.system(), "product", {"name": "P", "stock": index})
        quote(counter, name=f"Some more {index}", amount="500", product=product.record.id)
    assert statements() <= few + 1


def test_labels_are_in_the_language_of_the_page(counter: Visits) -> None:
    record_id = quote(counter)
    client = counter.client("ann")
    client.set_cookie("fieldstone_language", "zh")
    try:
        page = counter.page("ann", f"/o/quote/{record_id}")
        assert "发送报价" in page
        assert "标记丢单" in page
        form = counter.page("ann", f"/o/quote/{record_id}/press/lose")
        assert "回访日期" in form
        assert "原因" in form
    finally:
        client.delete_cookie("fieldstone_language")


def test_the_picker_of_an_input_offers_what_may_be_read(counter: Visits) -> None:
    counter.served.platform.records.create(counter.served.system(), "product", {"name": "Gear wheel"})
    found = counter.client("ann").get("/o/quote/press/lose/choices/product?q=Gear").get_json()
    assert [each["text"] for each in found["options"]] == ["Gear wheel"]
    assert counter.client("ann").get("/o/quote/press/lose/choices/reason").status_code == 404
    assert counter.client("ann").get("/o/quote/press/nothing/choices/reason").status_code == 404


def test_a_button_is_described_with_what_it_asks_to_who_can_have_it(counter: Visits) -> None:
    record_id = quote(counter)
    described = counter.served.get("ann", "/objects/quote").get_json()["buttons"]
    assert sorted(each["name"] for each in described) == ["later", "lose", "send_quote", "thank"]
    (lose,) = [each for each in described if each["name"] == "lose"]
    assert lose["label"] == "Mark as lost"
    assert [(each["name"], each["type"], each["required"]) for each in lose["inputs"]] == [
        ("reason", "text", True),
        ("call_back", "date", False),
        ("product", "lookup", False),
        ("checker", "lookup", False),
        ("sure", "boolean", False),
    ]
    paths = counter.served.get("ann", "/openapi.json").get_json()["paths"]
    press = paths["/records/quote/{id}/actions/lose"]["post"]
    asked = press["requestBody"]["content"]["application/json"]["schema"]["properties"]["input"]
    assert asked["required"] == ["reason"]
    assert "/records/quote/{id}/actions/approve" not in paths
    now = counter.served.get("ann", f"/records/quote/{record_id}/actions").get_json()["items"]
    assert {each["name"] for each in now} == {"send_quote", "lose", "later"}
