"""Views that people save: what an address holds under a name, for whom, and what of it nobody gains a right by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from tests.ui.pages.workshop import Site

SHOWN = {"view": "all", "filter": "amount > 100 CNY", "sort": "-amount", "columns": "name~wide,firm.rating,amount"}
NOTHING: Mapping[str, str] = MappingProxyType({})
ABSENT = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site) -> None:
    firm = site.make("firm", name="Acme", rating=4)
    for number in (1, 2, 3):
        site.make("job", name=f"Job {number}", firm=firm, amount=str(number * 100))
    site.make("job", name="Bob's job", owner="bob", firm=firm, amount="900")


def save(site: Site, who: str, label: str, given: Mapping[str, str] = NOTHING, status: int = 303) -> str:
    """Save a view by its page and give the address that it leads to."""
    answer = site.post(who, "/o/job/views/new", {**SHOWN, "label": label, **given})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.headers.get("Location", answer.get_data(as_text=True))


def tabs(site: Site, who: str, address: str = "/o/job?view=all") -> dict[str, str]:
    """Give the tabs over a list: label → address."""
    nav = re.search(r'<nav class="view-tabs".*?</nav>', site.page(who, address), re.S)
    assert nav is not None
    return {
        unescape(label): unescape(href) for href, label in re.findall(r'href="([^"]+)"[^>]*>.*?</svg>([^<]+)<', nav[0])
    }


def current(page: str) -> str:
    found = re.search(r'<nav class="view-tabs".*?aria-current="page">.*?</svg>([^<]+)<', page, re.S)
    return found[1] if found else ""


def id_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["saved"][0]


def rows(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'class="row-link" href="[^"]+">([^<]*)<', page)]


@pytest.mark.promise("UIX-03")
def test_a_view_of_ones_own_keeps_the_address_under_a_name_and_is_ones_own_alone(site: Site) -> None:
    address = save(site, "ann", "大单 & more")
    assert {name: values[0] for name, values in parse_qs(urlsplit(address).query).items() if name != "saved"} == SHOWN
    page = site.page("ann", address)
    assert rows(page) == ["Job 3", "Job 2"]
    assert re.findall(r'<th scope="col" class="([^"]*)"', page)[0].split() == ["col-title", "col-wide"]
    assert tabs(site, "ann")["大单 & more"] == address
    assert current(page) == "大单 &amp; more"
    assert "大单 & more" not in tabs(site, "bob")
    # Its address still shows another person the same list, over what that person may read, and no tab of it.
    assert rows(site.page("bob", address)) == ["Bob's job"]
    for who, status in (("ann", 200), ("bob", 404), ("boss", 404)):
        assert site.client(who).get(f"/o/job/views/{id_of(address)}").status_code == status
        assert site.client(who).get(f"/api/v1/views/job/{id_of(address)}").status_code == status
    assert site.post("bob", f"/o/job/views/{id_of(address)}", {"act": "delete"}).status_code == 404


@pytest.mark.promise("UIX-03")
def test_a_change_is_saved_in_place_or_as_another_view(site: Site) -> None:
    address = save(site, "ann", "Changing")
    assert "Save changes" not in site.page("ann", address)
    other = address.replace("sort=-amount", "sort=name") + "&density=compact"
    page = site.page("ann", other)
    assert "records as-cards is-compact has-widths" in page
    assert f'action="/o/job/views/{id_of(address)}"' in page
    assert 'href="/o/job/views/new?' in page
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("Save changes")[0]))
    given = {name: unescape(value) for name, value in sent.items() if name != "csrf_token"}
    saved = site.post("ann", f"/o/job/views/{id_of(address)}", {**given, "act": "save"}).headers["Location"]
    assert "density=compact" in saved
    assert tabs(site, "ann")["Changing"] == saved
    assert site.post("ann", f"/o/job/views/{id_of(address)}", {"label": "Renamed"}).status_code == 303
    assert tabs(site, "ann")["Renamed"] == saved
    assert site.post("ann", f"/o/job/views/{id_of(address)}", {"act": "delete"}).status_code == 303
    assert "Renamed" not in tabs(site, "ann")


@pytest.mark.promise("UIX-03")
def test_a_shared_view_is_for_a_role_needs_a_right_and_tells_whose_it_is(site: Site) -> None:
    assert "Who sees it" not in site.page("ann", "/o/job/views/new?sort=name")
    assert "not for others" in save(site, "ann", "Mine for all", {"for": "role:rep"}, 403)
    address = save(site, "boss", "For reps", {"for": "role:rep", "locked": "on"})
    # Who made it sees it too, though the role is another one.
    assert tabs(site, "boss")["For reps"] == tabs(site, "ann")["For reps"] == address
    page = site.page("ann", address)
    assert "View of boss" in page
    assert "locked: changes are saved as a copy" in page
    assert "used last on" in site.page("ann", address)
    assert "Save changes" not in site.page("ann", address + "&density=compact")
    refused = site.post("ann", f"/o/job/views/{id_of(address)}", {"act": "delete"})
    assert refused.status_code == 403
    assert "save a copy of it" in refused.get_data(as_text=True)
    locked = site.post("boss", f"/o/job/views/{id_of(address)}", {**SHOWN, "density": "compact", "act": "save"})
    assert locked.status_code == 403
    assert "unlock it first" in locked.get_data(as_text=True)


def test_what_comes_first_is_ones_own_before_the_roles(site: Site) -> None:
    roles = save(site, "boss", "First of reps", {"for": "role:rep", "first": "on"})
    try:
        assert current(site.page("bob", "/o/job")) == "First of reps"
        assert rows(site.page("bob", "/o/job")) == ["Bob's job"]
        own = save(site, "bob", "First of Bob", {"first": "on", "filter": "amount > 1000 CNY"})
        assert current(site.page("bob", "/o/job")) == "First of Bob"
        assert current(site.page("bob", "/o/job?view=open_jobs")) == "Open jobs"
        site.post("bob", f"/o/job/views/{id_of(own)}", {"act": "delete"})
    finally:
        site.post("boss", f"/o/job/views/{id_of(roles)}", {"act": "delete"})
    assert current(site.page("bob", "/o/job")) == "Open jobs"


def test_a_view_whose_filter_names_what_one_may_not_read_is_not_there(site: Site) -> None:
    address = save(site, "boss", "By margin", {"filter": "margin > 5", "for": "role:rep"})
    columns = save(site, "boss", "With margin", {"filter": "", "columns": "name,margin", "for": "role:rep"})
    assert "By margin" in tabs(site, "boss")
    assert "By margin" not in tabs(site, "ann")
    assert site.client("ann").get(f"/api/v1/views/job/{id_of(address)}").status_code == 404
    told = site.client("ann").get("/api/v1/views/job").get_json()["items"]
    assert told
    assert not [each for each in told if "margin" in each["state"].get("filter", "")]
    assert "Margin" not in site.page("ann", columns)
    assert "Margin" in site.page("boss", columns)


@pytest.mark.promise("SEC-42")
def test_a_row_that_was_changed_in_the_database_is_no_view(site: Site) -> None:
    address = save(site, "boss", "Sealed", {"for": "role:rep"})
    assert "Sealed" in tabs(site, "ann")
    table = site.served.platform.system.saved_view
    with site.served.platform.database.write() as connection:
        wider = {**SHOWN, "filter": "amount > 0 CNY"}
        connection.execute(update(table).where(table.c.id == id_of(address)).values(state=wider))
    for who in ("ann", "boss"):
        assert "Sealed" not in tabs(site, who)
        assert site.client(who).get(f"/api/v1/views/job/{id_of(address)}").status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label": " "}, "Name the view"),
        ({"label": "x" * 81}, "Name the view"),
        ({"label": "a\x07b"}, "Name the view"),
        ({"filter": "amonut > 1"}, "&#39;amonut&#39; is not a field of job"),
        ({"filter": "name = '" + "x" * 9_000 + "'"}, "longer than 8000"),
        ({"view": "secret"}, "no such view"),
        ({"view": "nonsense"}, "no such view"),
    ],
)
def test_what_cannot_be_a_view_is_refused_with_what_was_typed(site: Site, given: dict[str, str], said: str) -> None:
    before = tabs(site, "ann")
    text = save(site, "ann", given.get("label", "Refused"), {key: given[key] for key in given if key != "label"}, 422)
    assert said in text
    assert tabs(site, "ann") == before


def test_the_panel_chooses_moves_and_adds_columns_without_a_script(site: Site) -> None:
    def go(query: str) -> dict[str, list[str]]:
        answer = site.client("ann").get(f"/o/job/columns?view=all&{query}")
        assert answer.status_code == 303
        return parse_qs(urlsplit(answer.headers["Location"]).query)

    assert go("column=name&column=amount&width=amount~wide")["columns"] == ["name,amount~wide"]
    assert go("column=name&column=amount&down=name")["columns"] == ["amount,name"]
    assert go("column=name&column=amount&up=amount&density=compact") == {
        "view": ["all"], "columns": ["amount,name"], "density": ["compact"], "panel": ["1"],
    }  # fmt: skip
    assert go("column=name&add=firm.name")["columns"] == ["name,firm.name"]
    assert "columns" not in go("column=name&column=firm.rating&column=share&column=seen_at&column=mail&column=note")
    many = "&".join(f"column=c{number}" for number in range(40))
    assert len(go(many)["columns"][0].split(",")) == 30
    page = site.page("ann", "/o/job?view=all&columns=name,firm.rating,margin,nothing,no~pe&panel=1")
    assert '<details class="menu menu-start" id="column-menu" open>' in page
    shown = "/o/job?view=all&amp;columns=name%2Cfirm.rating%2Cmargin%2Cnothing%2Cno"
    assert f'href="{shown}">Cancel</a>' in page
    closed = site.page("ann", "/o/job?view=all&columns=name,firm.rating,margin,nothing,no~pe")
    assert f'id="column-menu" href="{shown}&amp;panel=1"' in closed
    assert 'id="column-form"' not in closed
    assert 'value="margin"' not in page
    assert 'value="firm.name"' in page
    assert re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page) == ["Name", "Firm · Rating"]


def test_the_api_saves_lists_changes_and_deletes_views(site: Site) -> None:
    def call(who: str, method: str, path: str, body: Any = None) -> Any:
        return site.served.call(who, method, path, json=body)

    body = {"label": "By API", "state": {"filter": "amount > 1 CNY", "columns": "name"}, "first": False}
    made = call("boss", "POST", "/views/job", {**body, "for": {"role": "rep"}}).get_json()
    assert (made["label"], made["for"], made["state"], made["may_change"]) == (
        "By API", {"role": "rep"}, body["state"], True,
    )  # fmt: skip
    listed = {each["id"]: each for each in call("ann", "GET", "/views/job").get_json()["items"]}
    assert (listed[made["id"]]["may_change"], listed[made["id"]]["owner"]["title"]) == (False, "boss")
    assert tabs(site, "ann")["By API"] == made["url"]
    one = f"/views/job/{made['id']}"
    assert call("boss", "PUT", one, {**body, "label": "Mine now"}).get_json()["for"] is None
    assert call("ann", "GET", one).status_code == 404
    assert call("boss", "GET", f"/views/firm/{made['id']}").status_code == 404
    for wrong, status in (
        ({"label": 5}, 400), ({"label": "x", "state": {"cursor": "y"}}, 400), ({"label": "x", "locked": "yes"}, 400),
        ({"label": "x", "for": {"user": "y"}}, 400), ({"label": "x", "for": {"team": ABSENT}}, 422),
        ({"label": ""}, 422),
        ({"label": "x", "state": {"filter": "nonsense ="}}, 400), ({"label": "x", "for": {"role": "none"}}, 422),
    ):  # fmt: skip
        assert call("boss", "PUT", one, wrong).status_code == status, wrong
    assert call("boss", "GET", one).get_json()["label"] == "Mine now"
    assert call("boss", "DELETE", one).status_code == 204
    assert call("boss", "GET", one).status_code == 404


def test_a_list_with_saved_views_asks_one_statement_more_than_its_rows_need(site: Site) -> None:
    assert len([each for each in site.statements("ann", "/o/job?view=all") if "fs_view" in each]) == 1


@pytest.mark.promise("UIX-03")
def test_a_view_of_a_team_is_there_for_its_members_and_a_board_is_kept_as_one(site: Site) -> None:
    records, system = site.served.platform.records, site.served.system()
    team = records.create(system, "team", {"name": "North"}, confirm=None).record.id
    bob = site.served.user_ids["bob"]
    records.update(system, "user", bob, {"team": team}, confirm=None)
    try:
        state = {"view": "board", "filter": "amount > 1 CNY"}
        body = {"label": "Team board", "state": state, "for": {"team": team}}
        made = site.served.call("admin", "POST", "/views/job", json=body)
        assert made.status_code == 201, made.get_data(as_text=True)
        assert made.get_json()["for_title"] == "North"
        assert "Team board" not in tabs(site, "ann")
        page = site.page("bob", tabs(site, "bob")["Team board"])
        assert current(page) == "Team board"
        assert 'id="board"' in page
        assert "View of admin" in page
    finally:
        records.update(system, "user", bob, {"team": None}, confirm=None)
    assert "Team board" not in tabs(site, "bob")
