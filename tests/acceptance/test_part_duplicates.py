"""Duplicates by the rows of a list of parts: found by any of them, by every route, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import system_actor
from engine.records.types import SaveRow
from tests.support.platforms import small_app, write_files
from tests.support.served import Served, csrf_token, serve_deals

SYSTEM = system_actor()
FILES = {
    "objects/customer.yaml": """
        object: customer
        label: Customer
        title: "{name}"
        search: [name, phones.number]
        fields:
          name: {type: text, required: true}
          city: {type: text}
          mails: {type: email, multiple: true}
          hidden: {type: boolean}
        duplicates:
          - {match: [{field: phones.number}], action: block}
          - {match: [{field: mails}, {field: city}], action: block}
          - {match: [{field: phones.remark, how: fuzzy}, {field: city, how: normalised}]}
        layout:
          sections: [{fields: [name, city, mails]}]
          related: [phones]
    """,
    "objects/phone.yaml": """
        object: phone
        label: Phone
        fields:
          number: {type: phone}
          remark: {type: text}
          customer: {type: child_of, to: customer, inverse: phones, required: true}
    """,
    "roles/rep.yaml": """
        role: rep
        label: Rep
        objects:
          customer: {read: not hidden, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects:
          customer: {read: all, create: yes, update: all, delete: all}
          user: {read: all}
    """,
    "menus.yaml": "menus: {all: {label: All, items: [{object: customer}]}}\n",
}


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("parts")
    app = small_app(folder, FILES, settings="country: CN\nlanguages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app) as found:
        yield found


def number(of: int) -> str:
    return f"138{of:08d}"


def customer(served: Served, name: str, *numbers: int, who: str = "boss", **more: Any) -> str:
    rows = [{"number": number(each)} for each in numbers]
    return str(served.make(who, "customer", name=name, phones=rows, **more)["id"])


def faults(answer: Any, status: int = 422) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return [(each["field"], each["code"]) for each in answer.get_json()["errors"]]


@pytest.mark.promise("OBJ-14")
def test_a_customer_with_three_phones_is_found_and_matched_by_any_of_them(served: Served) -> None:
    customer(served, "三个电话", 1, 2, 3)
    for each in (1, 2, 3):
        answer = served.get("ann", f"/records/customer?q={quote(number(each))}")
        assert [item["name"] for item in answer.get_json()["items"]] == ["三个电话"]
        body = {"name": "again", "phones": [{"number": number(50)}, {"number": f"+86 {number(each)}"}]}
        answer = served.call("ann", "POST", "/records/customer", json=body)
        assert faults(answer) == [("phones[1].number", "duplicate")]
        assert "三个电话" in answer.get_data(as_text=True)
    # Its own phones are no duplicates of it, and none of what was refused is there.
    (own,) = served.get("ann", f"/records/customer?q={quote('三个电话')}").get_json()["items"]
    assert served.call("ann", "PATCH", f"/records/customer/{own['id']}", json={"city": "上海"}).status_code == 200
    assert served.get("ann", f"/records/customer?q={quote(number(50))}").get_json()["items"] == []


def test_a_phone_that_is_saved_alone_changed_imported_or_typed_is_compared(served: Served, tmp_path: Path) -> None:
    customer(served, "first", 11, 12)
    second = customer(served, "second", 13)
    row = {"customer": second, "number": number(12)}
    assert faults(served.call("ann", "POST", "/records/phone", json=row)) == [("number", "duplicate")]
    condition = quote('customer.name = "second"')
    (phone,) = served.get("ann", f"/records/phone?filter={condition}").get_json()["items"]
    path = f"/records/phone/{phone['id']}"
    assert faults(served.call("ann", "PATCH", path, json={"number": number(11)})) == [("number", "duplicate")]
    result = served.platform.records.save_many(
        SYSTEM, "phone", [SaveRow(values=row), SaveRow(values={**row, "number": number(14)})], all_or_nothing=False
    )
    assert [(each.outcome, [error.code for error in each.errors]) for each in result.rows] == [
        ("refused", ["duplicate"]), ("created", []),
    ]  # fmt: skip
    file = tmp_path / "phones.csv"
    file.write_text(f"customer,number\nsecond,{number(11)}\nsecond,{number(15)}\n", "utf-8")
    imported = served.platform.imports.import_csv(SYSTEM, "phone", file)
    assert (imported.created, imported.refused) == (1, 1)
    client = served.sign_in("ann")
    page = f"/o/customer/{second}/edit"
    typed = {"name": "second", "phones.9.number": number(12), "csrf_token": csrf_token(client, page)}
    answer = client.post(page, data=typed)
    assert answer.status_code == 422
    assert "first" in answer.get_data(as_text=True)


def test_two_of_a_batch_are_compared_and_a_phone_taken_away_matches_no_more(served: Served) -> None:
    one, two = customer(served, "one"), customer(served, "two")
    rows = [SaveRow(values={"customer": each, "number": number(21)}) for each in (one, two)]
    result = served.platform.records.save_many(SYSTEM, "phone", rows, all_or_nothing=False)
    assert [each.outcome for each in result.rows] == ["created", "refused"]
    gone = f"/records/phone/{result.rows[0].id}"
    assert served.call("ann", "DELETE", gone).status_code == 204
    customer(served, "three", 21)
    assert faults(served.call("ann", "POST", f"{gone}/restore")) == [("number", "duplicate")]


def test_what_comes_out_of_the_bin_is_compared_too(served: Served) -> None:
    old = customer(served, "old", 31, city="Paris", mails=["a@example.com", "b@example.com"])
    assert served.call("boss", "DELETE", f"/records/customer/{old}").status_code == 204
    new = customer(served, "new", 31)
    answer = served.call("boss", "POST", f"/records/customer/{old}/restore")
    assert faults(answer) == [("phones[0].number", "duplicate")]
    assert served.call("boss", "DELETE", f"/records/customer/{new}").status_code == 204
    newer = served.make("boss", "customer", name="newer", city="Paris", mails=["b@example.com"])["id"]
    assert faults(served.call("boss", "POST", f"/records/customer/{old}/restore")) == [("mails", "duplicate")]
    assert served.call("boss", "DELETE", f"/records/customer/{newer}").status_code == 204
    assert served.call("boss", "POST", f"/records/customer/{old}/restore").status_code == 200
    # It is found again by what came back with it.
    answer = served.call("boss", "POST", "/records/customer", json={"name": "x", "phones": [{"number": number(31)}]})
    assert faults(answer) == [("phones[0].number", "duplicate")]


def test_each_of_several_values_matches_and_a_part_warns_together_with_a_field(served: Served) -> None:
    served.make("boss", "customer", name="several", city="Rome", mails=["x@example.com", "y@example.com"])
    body: dict[str, Any] = {"name": "x", "city": "Rome", "mails": ["z@example.com", "y@example.com"]}
    assert faults(served.call("boss", "POST", "/records/customer", json=body)) == [("mails", "duplicate")]
    assert served.call("boss", "POST", "/records/customer", json={**body, "city": "Milan"}).status_code == 201
    remark = [{"remark": "the number of the reception"}]
    served.make("boss", "customer", name="warned", city="北京", phones=remark)
    body = {"name": "y", "city": "北 京", "phones": [{"remark": "the number of the receptoin"}]}
    answer = served.call("boss", "POST", "/records/customer", json=body)
    assert answer.status_code == 409, answer.get_data(as_text=True)
    assert "duplicate" in answer.get_data(as_text=True)
    answer = served.call("boss", "POST", "/records/customer", json={**body, "confirm": ["duplicate"]})
    assert answer.status_code == 201, answer.get_data(as_text=True)


def test_of_a_customer_that_one_may_not_read_nothing_is_told(served: Served) -> None:
    customer(served, "Secret & Co", 41, hidden=True)
    answer = served.call("ann", "POST", "/records/customer", json={"name": "z", "phones": [{"number": number(41)}]})
    assert faults(answer) == [("phones[0].number", "duplicate")]
    assert "Secret" not in answer.get_data(as_text=True)


def test_a_new_rule_finds_the_parts_that_are_there(served: Served, tmp_path: Path) -> None:
    customer(served, "before the rule", 61)
    app = small_app(tmp_path, FILES, settings="country: CN\nlanguages: [en, zh]\n")
    was, now = "{field: phones.number}", "{field: phones.number, how: normalised}"
    changed = FILES["objects/customer.yaml"].replace(was, now)
    write_files(app, {"objects/customer.yaml": changed})
    served.platform.apply_release([app], author="test")
    answer = served.call("boss", "POST", "/records/customer", json={"name": "z", "phones": [{"number": number(61)}]})
    assert faults(answer) == [("phones[0].number", "duplicate")]
