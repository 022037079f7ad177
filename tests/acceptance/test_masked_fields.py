"""Masked fields: whoever reads them masked sees the mask wherever they are shown, and uses them for nothing else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine.access.actor import Actor, system_actor
from engine.audit.entries import AuditFilter
from engine.records.reports import read_report
from engine.records.types import SaveRow
from metamodel.values import Ref
from tests.support.masked_people import CLEAR, FILES, MASKS, WORDS
from tests.support.platforms import small_app
from tests.support.served import Served, csrf_token, serve_deals


@pytest.fixture(scope="module")
def served(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("masked")
    with serve_deals(module_database_url, folder, app_folder=small_app(folder, FILES)) as found:
        yield found


@pytest.fixture(scope="module")
def boss(served: Served) -> str:
    """A record that another one points at."""
    return str(served.make("boss", "person", name="Chief Hidden", **CLEAR)["id"])


@pytest.fixture
def person(served: Served, boss: str) -> str:
    lines = [{"text": "one", "rate": "SECRETRATE5"}]
    return str(served.make("boss", "person", name=uuid.uuid4().hex, boss=boss, lines=lines, **CLEAR)["id"])


def stored(served: Served, person: str) -> Any:
    return served.platform.records.get(system_actor(), "person", person).values


def told(text: str) -> list[str]:
    return [word for word in (*WORDS, "SECRETRATE", "Chief Hidden") if word in text]


def test_the_api_gives_masks_in_place_of_values(served: Served, person: str) -> None:
    one = served.get("ann", f"/records/person/{person}").get_json()
    assert {name: one[name] for name in MASKS} == MASKS
    assert one["boss"] == "••••"
    assert one["loud"] == "••••7777"
    assert served.get("boss", f"/records/person/{person}").get_json()["phone"] == CLEAR["phone"]
    answer = served.get("ann", f"/records/person?filter=id%20%3D%20%22{person}%22&fields=name,phone,salary")
    (row,) = answer.get_json()["items"]
    assert (row["phone"], row["salary"]) == ("••••8765", "••••")
    saved = served.call("ann", "PATCH", f"/records/person/{person}", json={"stage": "done"})
    assert {name: saved.get_json()[name] for name in MASKS} == MASKS
    assert not told(saved.get_data(as_text=True))


def test_pages_forms_lists_boards_and_exports_show_the_mask(served: Served, person: str, boss: str) -> None:
    client = served.sign_in("ann")
    addresses = {
        f"/o/person/{person}": ("••••8765", "g••••@example.com", "••••4711"),
        f"/o/person/{person}/edit": ("••••8765", "••••4711", "••••"),
        "/o/person?view=all": ("••••8765", "••••7777"),
        "/o/person?view=flow": ("••••8765",),
        "/o/person/new": (),
        f"/o/person/{person}/compare?from=1&to=1": (),
        "/api/v1/exports/person?format=csv": ("••••8765", "••••4711"),
        "/api/v1/exports/person?format=jsonl": ("••••8765",),
        "/api/v1/exports/person?format=csv&view=all": ("••••8765",),
        f"/api/v1/records/person/{person}/history": (),
        "/api/v1/records/person": ("••••8765",),
        "/api/v1/records/line": ("••••TE5",),
    }
    for address, masks in addresses.items():
        answer = client.get(address)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, (address, text[:400])
        assert [mask for mask in masks if mask not in text] == [], address
        # The boss is a record of its own, with a name that may be read where it stands for itself or is offered.
        leaks = [word for word in told(text) if word != "Chief Hidden" or address.endswith(person)]
        assert leaks == [], address
    # The words are as they are written where they are shown.
    clear = served.get("boss", f"/records/person/{person}").get_data(as_text=True)
    assert set(told(clear)) == {"13800138765", "geheim", "SECRETCODE", "1101011990", "9876543210", "SECRETNOTES",
                                "1990-03-07", "Chief Hidden"}  # fmt: skip
    shown = told(served.sign_in("boss").get(f"/o/person/{person}").get_data(as_text=True))
    assert {"geheim", "SECRETCODE", "1101011990", "9,876,543,210", "SECRETNOTES", "Mar 7, 1990"} <= set(shown)


@pytest.mark.promise("SEC-06")
@pytest.mark.parametrize("name", [*MASKS, "boss", "loud"])
def test_a_masked_field_is_no_filter_sort_group_or_search(served: Served, person: str, name: str) -> None:
    asked = [f"filter={quote(f'{name} is not empty')}", f"sort={name}", f"sort=-{name}"]
    for query in asked:
        masked, unknown = (
            served.get("ann", f"/records/person?{query.replace(name, each)}") for each in (name, "unknown_field")
        )
        assert (masked.status_code, unknown.status_code) == (400, 400), query
    group = served.call("ann", "POST", "/query", json={"object": "person", "groups": [name], "measures": ["count"]})
    assert group.status_code == 400
    assert served.get("ann", "/records/person?q=SECRETCODE7777").get_json()["items"] == []
    assert served.get("boss", "/records/person?q=SECRETCODE7777").get_json()["items"] != []
    if name == "boss":
        assert served.get("ann", "/records/person?fields=boss.phone").status_code == 400


def test_a_mask_that_comes_back_is_refused_and_another_value_is_taken(served: Served, person: str) -> None:
    before = stored(served, person)
    for who in ("ann", "boss"):
        for name in ("phone", "code", "id_number", "notes", "level"):
            answer = served.call(who, "PATCH", f"/records/person/{person}", json={name: MASKS[name]})
            assert answer.status_code == 422, name
            assert answer.get_json()["errors"][0]["field"] == name
    refused = served.platform.records.save_many(
        system_actor(), "person", [SaveRow(id=person, values={"code": "••••7777"})], all_or_nothing=False
    )
    assert refused.rows[0].outcome == "refused"
    assert stored(served, person) == before
    answer = served.call(
        "ann", "PATCH", f"/records/person/{person}", json={"code": "NEWCODE123", "id_number": "X12345678"}
    )
    assert (answer.get_json()["code"], answer.get_json()["id_number"]) == ("••••123", "••••678")
    assert stored(served, person)["code"] == "NEWCODE123"
    born = served.call("ann", "PATCH", f"/records/person/{person}", json={"born": "2001-01-01"})
    assert born.status_code in (403, 422)


def posted(page: str) -> dict[str, str]:
    """Give what a browser would post of the form in the middle of a page, as it was opened."""
    page = page.partition("<main")[2]
    inputs = re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', page)
    areas = re.findall(r'<textarea[^>]*?name="([^"]+)"[^>]*>\n([^<]*)</textarea>', page)
    chosen = {name: "" for name in re.findall(r'<select[^>]*?name="([^"]+)"', page)}
    return {**chosen, **dict(areas), **{name: value for name, value in inputs if not name.endswith("_remove")}}


def test_a_form_saved_as_it_was_opened_keeps_what_is_masked(served: Served, person: str) -> None:
    client, before = served.sign_in("ann"), stored(served, person)
    page = client.get(f"/o/person/{person}/edit").get_data(as_text=True)
    form = posted(page)
    typed = ("phone", "mail", "code", "id_number", "notes", "level", "boss")
    assert {name: form.get(name) for name in typed} == dict.fromkeys(typed, "")
    assert not re.search(r"<option[^>]* selected[^>]*>(Chief|secrethigh)", page)
    assert "born" not in form
    answer = client.post(f"/o/person/{person}/edit", data={**form, "name": "renamed", "phone": "+8613900139000"})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    after = stored(served, person)
    kept = [name for name in (*MASKS, "boss", "loud") if name != "phone"]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["name"], after["phone"]) == ("renamed", "+8613900139000")
    lines = served.get("boss", "/records/line?limit=200").get_json()["items"]
    assert all(line["rate"] == "SECRETRATE5" for line in lines)


def test_two_people_who_change_what_both_see_masked_are_told_so(served: Served, person: str) -> None:
    client = served.sign_in("ann")
    form = posted(client.get(f"/o/person/{person}/edit").get_data(as_text=True))
    theirs = {"phone": "+8613900139111", "notes": "THEIRNOTES"}
    assert served.call("bob", "PATCH", f"/records/person/{person}", json=theirs).status_code == 200
    mine = {"phone": "+8613900139222", "mail": "mine@example.com"}
    answer = client.post(f"/o/person/{person}/edit", data={**form, **mine})
    page = re.sub(r"\s+", " ", answer.get_data(as_text=True))
    assert answer.status_code == 409
    assert told(page) == []
    choices, others = page.split("Also saved as you typed it:")
    for text in ("Phone", mine["phone"], "••••9111"):
        assert text in choices
    assert "Mail" in others
    assert "Notes" in others.split("Changed by")[1]
    again = client.post(f"/o/person/{person}/edit", data={**posted(page), **mine, "keep-phone": "theirs"})
    assert again.status_code == 303, again.get_data(as_text=True)[:2000]
    after = stored(served, person)
    assert (after["phone"], after["mail"], after["notes"]) == (theirs["phone"], mine["mail"], theirs["notes"])


def test_a_new_record_made_by_form_takes_the_default_that_is_not_shown(served: Served) -> None:
    client = served.sign_in("ann")
    page = client.get("/o/person/new").get_data(as_text=True)
    assert "STARTCODE" not in page
    assert "••••" in page
    name = uuid.uuid4().hex
    answer = client.post("/o/person/new", data={**posted(page), "name": name, "stage": "open"})
    assert answer.status_code == 303, re.findall(r"field-error.*?</p>", answer.get_data(as_text=True))
    made = answer.headers["Location"].rsplit("/", 1)[1]
    assert stored(served, made)["code"] == "STARTCODE99"


def test_what_the_interface_says_of_itself_names_masked_fields(served: Served) -> None:
    fields = {each["name"]: each for each in served.get("ann", "/objects/person").get_json()["fields"]}
    assert {name for name, each in fields.items() if each["masked"]} == {*MASKS, "boss", "loud", "nick"}
    properties = served.get("ann", "/openapi.json").get_json()["components"]["schemas"]["person"]["properties"]
    assert "anyOf" in properties["salary"]
    assert not any(each["masked"] for each in served.get("boss", "/objects/person").get_json()["fields"])


def test_a_field_is_clear_in_some_records_and_masked_in_others(served: Served, boss: str) -> None:
    mine = str(served.make("ann", "person", name="mine", code="C", nick="OWNNICK12345", boss=boss)["id"])
    assert served.get("ann", f"/records/person/{mine}").get_json()["nick"] == "OWNNICK12345"
    assert served.get("bob", f"/records/person/{mine}").get_json()["nick"] == "••••2345"
    change = {"nick": "NEXTNICK6789"}
    assert served.call("bob", "PATCH", f"/records/person/{mine}", json=change).get_json()["nick"] == "••••6789"
    assert (
        served.call("ann", "PATCH", f"/records/person/{mine}", json={"code": "D"}).get_json()["nick"] == change["nick"]
    )
    # What somebody types into a form opens nothing of a record that is another's still.
    bob = Actor(user_id=served.user_ids["bob"], login="bob", roles=frozenset(("rep",)))
    typed = served.platform.records.form_state(bob, "person", mine, {"owner": Ref("user", served.user_ids["bob"])})
    assert (typed.values["owner"], typed.values.get("nick")) == (Ref("user", served.user_ids["bob"]), None)
    assert typed.masked["nick"] == "••••6789"
    # Whoever sees it in clear somewhere may ask for it, and finds it there only.
    asked = f"/records/person?filter={quote('nick = ' + chr(34) + 'NEXTNICK6789' + chr(34))}&fields=nick"
    assert [row["nick"] for row in served.get("ann", asked).get_json()["items"]] == ["NEXTNICK6789"]
    assert served.get("bob", asked).get_json()["items"] == []
    for who, shown in (("ann", "NEXTNICK6789"), ("bob", "••••6789")):
        history = served.get(who, f"/records/person/{mine}/history").get_data(as_text=True)
        form = served.sign_in(who).get(f"/o/person/{mine}/edit").get_data(as_text=True)
        assert shown in form
        assert (("NEXTNICK6789" in history), ("NEXTNICK6789" in form)) == (who == "ann", who == "ann")


def test_a_report_shows_the_mask(served: Served, person: str) -> None:
    ann = served.platform.accounts.actor_of("ann@example.com")
    assert ann is not None
    with served.platform.records.reading(ann) as transaction:
        page = read_report(transaction, "people").page
    assert page is not None
    row = next(each for each in page.rows if each.id == person)
    assert page.fields == ("name", "phone", "salary")
    assert row.masked == {name: MASKS[name] for name in ("phone", "salary")}
    assert [row[name] for name in row.masked] == [None, None]


def test_expressions_tried_by_who_sees_it_masked_do_not_know_it(served: Served, person: str) -> None:
    text = served.sign_in("ann").get(f"/expression?object=person&record={person}&text=code").get_data(as_text=True)
    assert not told(text)


def test_an_import_of_a_masked_export_changes_nothing(served: Served, person: str, tmp_path: Path) -> None:
    before = stored(served, person)
    file = tmp_path / "people.csv"
    file.write_text(f"id,name,code\n{person},again,••••7777\n", encoding="utf-8")
    done = served.platform.imports.import_csv(system_actor(), "person", file)
    assert done.refused == 1
    assert stored(served, person) == before


@pytest.mark.promise("SEC-06")
def test_one_value_is_shown_in_clear_to_who_may_reveal_and_each_look_is_noted(served: Served, person: str) -> None:
    address = f"/records/person/{person}/reveal"
    refused = served.call("ann", "POST", address, json={"field": "phone"})
    assert (refused.status_code, told(refused.get_data(as_text=True))) == (403, [])
    assert "reveal?field" not in served.sign_in("ann").get(f"/o/person/{person}").get_data(as_text=True)
    served.platform.accounts.administration.set_roles("bob@example.com", ("rep", "looker"), by="test")
    for field in ("phone", "id_number", "salary", "loud"):
        answer = served.call("bob", "POST", address, json={"field": field})
        boss_reads = served.get("boss", f"/records/person/{person}").get_json()[field]
        assert (answer.status_code, answer.get_json()["value"]) == (200, boss_reads)
    for field in ("nothing", "lines"):
        assert served.call("bob", "POST", address, json={"field": field}).status_code == 404
    # The one look makes nothing else readable.
    assert served.get("bob", f"/records/person/{person}").get_json()["phone"] == MASKS["phone"]
    client = served.sign_in("bob")
    page = f"/o/person/{person}/reveal?field=mail"
    assert page in client.get(f"/o/person/{person}").get_data(as_text=True)
    assert not told(client.get(page).get_data(as_text=True))
    shown = client.post(page.partition("?")[0], data={"field": "mail", "csrf_token": csrf_token(client, page)})
    assert CLEAR["mail"] in shown.get_data(as_text=True)
    looks = served.platform.audit.log.list(system_actor(), AuditFilter(record_id=person, action="revealed")).rows
    assert [each.changes[0].new for each in looks] == ["mail", "loud", "salary", "id_number", "phone"]
    assert {each.actor_name for each in looks} == {"bob"}
    assert not told(repr(looks))
