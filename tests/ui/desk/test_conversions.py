"""A lead becomes account, contact and deal in one transaction: once, with duplicates checked and lists carried over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import AlreadyConverted, EngineError
from engine.records.conversions.converting import ConversionRequest, convert_record
from engine.records.types import ListQuery
from metamodel.values import Money
from tests.support.desk import Desk

pytestmark = pytest.mark.promise("OBJ-32")

_numbers = iter(range(1_000_000))


@pytest.fixture
def lead(desk: Desk) -> str:
    number = next(_numbers)
    return desk.make(
        "lead",
        name=f"王芳 {number}",
        company=f"上海公司 {number}",
        email=f"w{number}@example.com",
        budget="5000 CNY",
        status="qualified",
    )


def convert(desk: Desk, who: str, lead: str, **body: Any) -> Any:
    """Convert by the API and give the answer."""
    return desk.served.call(who, "POST", f"/records/lead/{lead}/convert", json=body)


def made_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {each["name"]: each for each in answer.get_json()["made"]}


def totals(desk: Desk) -> list[int]:
    """Count everything a conversion could leave behind."""
    records, system = desk.served.platform.records, desk.served.system()
    return [records.count(system, ListQuery(object=key), exact=True).value for key in ("account", "contact", "deal")]


def test_each_field_goes_where_the_file_says(desk: Desk, lead: str) -> None:
    made = made_of(convert(desk, "ann", lead))
    before = desk.read("lead", lead)
    account, contact, deal = (desk.read(made[n]["object"], made[n]["id"]) for n in ("customer", "person", "deal"))
    assert account["name"] == before["company"]
    assert (contact["name"], contact["email"], contact["account"]) == (before["name"], before["email"], account["id"])
    assert deal["name"] == f"{before['company']}: {before['name']}"
    assert (deal["account"], deal["contact"]) == (account["id"], contact["id"])
    assert deal["amount"] == Money(Decimal(5000), "CNY")
    assert {each["owner"] for each in (account, contact, deal)} == {before["owner"]}
    assert before["status"] == "converted"
    assert all(each["created"] for each in made.values())


def test_what_its_condition_leaves_out_is_not_made(desk: Desk) -> None:
    lead = desk.make("lead", name="no budget", company="no budget", phone="+8613900000001", status="qualified")
    assert set(made_of(convert(desk, "ann", lead))) == {"customer", "person"}


def test_a_second_conversion_is_refused_and_changes_nothing(desk: Desk, lead: str) -> None:
    made_of(convert(desk, "ann", lead))
    before, version = totals(desk), desk.read("lead", lead)["version"]
    again = convert(desk, "ann", lead)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_converted")
    assert (totals(desk), desk.read("lead", lead)["version"]) == (before, version)


def test_of_many_at_once_one_converts(desk: Desk, lead: str) -> None:
    before = totals(desk)

    def attempt(_: int) -> str:
        records = desk.served.platform.records
        try:
            with records.transaction(desk.actor("ann")) as transaction:
                convert_record(transaction, transaction.object_def("lead"), lead, ConversionRequest())
        except AlreadyConverted:
            return "refused"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(attempt, range(6)))
    assert outcomes == ["done", *["refused"] * 5]
    assert totals(desk) == [each + 1 for each in before]


def test_a_lead_that_is_not_ready_stays_as_it_is(desk: Desk) -> None:
    lead = desk.make("lead", name="too early", company="too early")
    answer = convert(desk, "ann", lead)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_convertible")
    assert "Convert" not in desk.visible_text(desk.page("ann", f"/o/lead/{lead}"))


def test_what_matches_is_taken_instead_of_made_twice(desk: Desk, lead: str) -> None:
    account = desk.make("account", owner="bob", name=desk.read("lead", lead)["company"])
    made = made_of(convert(desk, "ann", lead))
    assert (made["customer"]["id"], made["customer"]["created"]) == (account, False)
    assert desk.read("deal", made["deal"]["id"])["account"] == account


def test_several_matches_ask_for_a_choice_and_new_is_one(desk: Desk, lead: str) -> None:
    company = desk.read("lead", lead)["company"]
    first, second = (desk.make("account", name=company) for _ in range(2))
    asked = convert(desk, "ann", lead)
    assert asked.status_code == 422
    assert [(each["field"], each["code"]) for each in asked.get_json()["errors"]] == [
        ("use.customer", "several_matches")
    ]
    made = made_of(convert(desk, "ann", lead, use={"customer": "new"}))
    assert made["customer"]["created"]
    assert made["customer"]["id"] not in (first, second)


def test_a_chosen_record_is_taken(desk: Desk, lead: str) -> None:
    other = desk.make("account", owner="bob", name="quite another")
    assert made_of(convert(desk, "ann", lead, use={"customer": other}))["customer"]["id"] == other


@pytest.mark.parametrize(
    "use", [{"customer": "00000000-0000-7000-8000-000000000000"}, {"customer": "x' or 1=1"}, {"nothing": "new"}]
)
def test_a_choice_that_is_none_is_refused(desk: Desk, lead: str, use: dict[str, str]) -> None:
    before = totals(desk)
    assert convert(desk, "ann", lead, use=use).status_code == 422
    assert totals(desk) == before


def test_duplicate_rules_warn_once_for_all_targets_and_block(desk: Desk, lead: str) -> None:
    before = desk.read("lead", lead)
    desk.make("contact", owner="bob", name="somebody", email=before["email"])
    counts = totals(desk)
    asked = convert(desk, "ann", lead)
    assert (asked.status_code, asked.get_json()["code"]) == (409, "confirmation_needed")
    assert [(each["field"], each["code"]) for each in asked.get_json()["errors"]] == [("person.email", "duplicate")]
    assert totals(desk) == counts
    made_of(convert(desk, "ann", lead, confirm=["duplicate"]))


def test_a_blocking_duplicate_refuses_all_of_it(desk: Desk) -> None:
    phone = "+8613911112222"
    desk.make("contact", owner="bob", name="李雷雷", phone=phone)
    lead = desk.make("lead", name="李雷雷", company="blocked company", phone=phone, status="qualified")
    counts = totals(desk)
    refused = convert(desk, "ann", lead, confirm=["duplicate"])
    assert refused.status_code == 422
    assert [each["code"] for each in refused.get_json()["errors"]] == ["duplicate"]
    assert totals(desk) == counts
    assert desk.read("lead", lead)["status"] == "qualified"


def test_activities_tasks_and_files_go_along_whoever_owns_them(desk: Desk, lead: str) -> None:
    about = {"object": "lead", "id": lead}
    kept = [
        *(desk.make("activity", owner="bob", subject=f"通话 {n}", about=about) for n in range(205)),
        desk.make("task", owner="boss", subject="call", about=about),
        desk.make("attachment", owner="bob", name="合同.pdf", about=about),
    ]
    # What a rule does not let go stays, and is asked no more than once.
    pinned = desk.make("task", subject="pinned", about=about)
    other = desk.make("activity", subject="another lead's", about={"object": "lead", "id": desk.make("lead", name="o")})
    account = made_of(convert(desk, "ann", lead))["customer"]["id"]
    kinds = [*["activity"] * 205, "task", "attachment"]
    for kind, each in zip(kinds[203:], kept[203:], strict=True):
        found = desk.read(kind, each)["about"]
        assert (found.object, found.id) == ("account", account)
    with desk.served.platform.records.reading(desk.served.system()) as transaction:
        assert not transaction.related("lead", lead, "activities").rows
    assert [desk.read(*each)["about"].object for each in (("activity", other), ("task", pinned))] == ["lead"] * 2


def test_who_may_not_make_the_targets_converts_nothing(desk: Desk, lead: str) -> None:
    counts = totals(desk)
    for who, status in (("bob", 404), ("none", 404)):
        assert convert(desk, who, lead).status_code == status
    unowned = desk.make("lead", owner=None, name="nobody's", company="nobody's", budget="1", status="qualified")
    assert convert(desk, "ann", unowned).status_code == 403
    assert totals(desk) == counts


def test_the_log_names_who_converted_and_the_page_what_it_became(desk: Desk, lead: str) -> None:
    made = made_of(convert(desk, "ann", lead))
    entries = desk.served.get("ann", f"/records/lead/{lead}/history").get_json()["items"]
    assert "converted" in [each["action"] for each in entries]
    page = desk.page("ann", f"/o/lead/{lead}")
    for each in made.values():
        assert f'href="/o/{each["object"]}/{each["id"]}"' in page
    told = desk.served.get("ann", f"/records/lead/{lead}/conversion").get_json()
    assert told["conversion"] == "lead_to_customer"
    assert {each["name"] for each in told["made"]} == {"customer", "person", "deal"}
    assert desk.served.get("bob", f"/records/lead/{lead}/conversion").status_code == 404


def test_a_conversion_that_breaks_off_leaves_nothing(desk: Desk, lead: str) -> None:
    counts = totals(desk)

    class Cut(EngineError):
        """The power goes."""

    def convert_and_break() -> None:
        with desk.served.platform.records.transaction(desk.actor("ann")) as transaction:
            convert_record(transaction, transaction.object_def("lead"), lead, ConversionRequest())
            raise Cut

    with pytest.raises(Cut):
        convert_and_break()
    assert totals(desk) == counts
    assert desk.read("lead", lead)["status"] == "qualified"
    made_of(convert(desk, "ann", lead))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"conversion": "other"}, 422),
        ({"conversion": 7}, 400),
        ({"use": []}, 200),
        ({"use": {"customer": None}}, 400),
        ({"wrong": 1}, 400),
        ({"confirm": "all"}, 400),
    ],
)
def test_bodies_are_read_strictly(desk: Desk, lead: str, body: dict[str, Any], status: int) -> None:
    assert convert(desk, "ann", lead, **body).status_code == status


def test_an_old_version_is_refused(desk: Desk, lead: str) -> None:
    answer = desk.served.call("ann", "POST", f"/records/lead/{lead}/convert", json={}, headers={"If-Match": '"77"'})
    assert answer.status_code == 412


def test_the_page_offers_what_is_there_and_converts_as_chosen(desk: Desk, lead: str) -> None:
    before = desk.read("lead", lead)
    account = desk.make("account", owner="bob", name=before["company"])
    contact = desk.make("contact", owner="bob", name="already here", email=before["email"])
    assert f"/o/lead/{lead}/convert" in desk.page("ann", f"/o/lead/{lead}")
    page = desk.page("ann", f"/o/lead/{lead}/convert?conversion=lead_to_customer")
    assert f'value="{account}" required checked' in page
    assert f'value="{contact}" required>' in page
    text = desk.visible_text(page)
    assert "5,000" in text
    given = {"conversion": "lead_to_customer", "use-customer": account, "use-person": "new"}
    asked = desk.post("ann", f"/o/lead/{lead}/convert", given)
    assert asked.status_code == 422
    assert "already here" in asked.get_data(as_text=True)
    done = desk.post("ann", f"/o/lead/{lead}/convert", {**given, "fs-confirm": "duplicate"})
    assert done.status_code == 303
    assert done.location.startswith("/o/deal/")
    again = desk.post("ann", f"/o/lead/{lead}/convert", given)
    assert again.location == f"/o/lead/{lead}"
    assert "converted already" in desk.page("ann", f"/o/lead/{lead}")


def test_the_page_is_refused_to_who_may_not_change_the_lead(desk: Desk, lead: str) -> None:
    desk.page("bob", f"/o/lead/{lead}/convert", status=404)
    unowned = desk.make("lead", owner=None, name="nobody's too", budget="1", company="c", status="qualified")
    desk.page("ann", f"/o/lead/{unowned}/convert", status=403)


def test_the_interface_is_described_to_who_may_use_it(desk: Desk) -> None:
    paths = desk.served.get("ann", "/openapi.json").get_json()["paths"]
    body = paths["/records/lead/{id}/convert"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]["use"]["properties"]) == {"customer", "person", "deal"}
    assert "/records/deal/{id}/convert" not in paths
