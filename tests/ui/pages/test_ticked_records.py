"""Records that are ticked in a list: what can be done with them, what is shown before, and what became of each."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.ui.pages.workshop import Site


@pytest.fixture(scope="module")
def jobs(site: Site) -> dict[str, str]:
    made = {name: site.make("job", name=name, amount="100") for name in ("One", "Two", "Three")}
    made["Lost"] = site.make("job", name="Lost", amount="100", stage="lost", reason="price")
    made["Bob's"] = site.make("job", owner="bob", name="Bob's", amount="100")
    return made


def acts(page: str) -> list[str]:
    """Give what a list offers for ticked records."""
    form = re.search(r'<form class="bulk-bar".*?</form>', page, re.S)
    return [unescape(each) for each in re.findall(r"<span>([^<]+)</span></button>", form[0])] if form else []


def listed(page: str) -> tuple[list[str], list[str]]:
    """Give the records that an act is for, and those that it is not allowed for."""
    allowed = re.findall(r'name="fs-record" value="[^"]+"(?: checked)?><span>([^<]+)</span>', page)
    barred = page.partition('id="barred"')[2]
    return [unescape(each) for each in allowed], [
        unescape(each) for each in re.findall(r'href="/o/job/[^"]+">([^<]+)', barred)
    ]


def query(jobs: dict[str, str], *names: str, act: str = "edit-many", more: str = "") -> str:
    ticked = "".join(f"&fs-record={jobs.get(name, name)}" for name in names)
    return f"/o/job/{act}?view=all&fs-picked=1{ticked}{more}"


@pytest.mark.promise("UIX-05")
def test_a_list_offers_for_ticked_rows_what_ones_roles_can_do(site: Site, jobs: dict[str, str]) -> None:
    page = site.page("ann", "/o/job?view=all")
    assert acts(page) == ["Change", "Assign"]
    assert f'form="bulk-form" name="fs-record" value="{jobs["One"]}"' in page
    assert 'data-fs-check-all aria-label="Select all rows of this page"' in page
    assert acts(site.page("boss", "/o/job?view=all")) == ["Change", "Assign", "Delete"]
    assert acts(site.page("ann", "/o/firm")) == []
    assert "fs-record" not in site.page("ann", "/o/firm")
    # Nowhere but in lists: a dashboard's rows are not ticked.
    assert "fs-record" not in site.page("boss", "/dashboards/workshop")


@pytest.mark.promise("UIX-05")
def test_what_would_be_met_is_shown_before_with_what_is_not_allowed(site: Site, jobs: dict[str, str]) -> None:
    page = site.page("ann", query(jobs, "Two", "Lost", "One", "Bob's", "nonsense", more="&fs-field=hot"))
    # Bob's job may not be read, so nothing tells that it is there; a lost one may be read and not changed.
    assert listed(page) == (["Two", "One"], ["Lost"])
    assert "All 4 that match" in page
    rules = site.page("ann", query(jobs, "Two", more="&fs-field=stage")).partition('id="mass-rules"')[2]
    assert "A made job gets a part" in rules
    first = site.page("ann", query(jobs, "Two", "Lost"))
    assert first.count(f'<input type="hidden" name="fs-record" value="{jobs["Two"]}">') == 1
    sent = {"view": "all", "fs-picked": "1", "fs-field": "hot", "fs-how": "set", "hot": ["", "true"]}
    answer = site.post("ann", "/o/job/edit-many", {**sent, "fs-record": [jobs["Two"], jobs["Lost"]]})
    told = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Changed: 1. Refused: 1." in told
    assert listed(told) == (["Two"], ["Lost"])
    assert [bool(site.read("job", jobs[name])["hot"]) for name in ("One", "Two", "Lost")] == [False, True, False]


@pytest.mark.promise("UIX-05")
def test_ticked_records_are_deleted_and_those_in_use_say_by_what(site: Site, jobs: dict[str, str]) -> None:
    assert site.client("ann").get(query(jobs, "One", act="delete-many")).status_code == 403
    assert site.post("ann", "/o/job/delete-many", {"fs-record": jobs["One"]}).status_code == 403
    assert site.client("none").get(query(jobs, "One", act="delete-many")).status_code == 404
    gone = [site.make("job", name=f"Gone {number}") for number in (1, 2)]
    page = site.page("boss", query(jobs, *gone, act="delete-many"))
    assert listed(page) == (["Gone 1", "Gone 2"], [])
    used, free = site.make("firm", name="In use"), site.make("firm", name="Free")
    site.make("job", name="User", firm=used)
    answer = site.post("boss", "/o/firm/delete-many", {"fs-picked": "1", "fs-record": [used, free]})
    assert "Deleted: 1. Refused: 1." in answer.get_data(as_text=True)
    assert "Not deleted: 1 records of “Jobs” use it." in answer.get_data(as_text=True)
    assert site.client("boss").get(f"/o/firm/{free}").status_code == 404
    assert site.client("boss").get(f"/o/firm/{used}").status_code == 200
    sent = {"view": "all", "filter": 'name starts with "Gone"', "fs-all": "1"}
    assert site.post("boss", "/o/job/delete-many", sent).status_code == 303
    assert [site.client("boss").get(f"/o/job/{each}").status_code for each in gone] == [404, 404]
    assert site.client("boss").get(f"/o/job/{jobs['One']}").status_code == 200


def test_a_preview_asks_as_many_statements_for_two_records_as_for_one(site: Site, jobs: dict[str, str]) -> None:
    one = site.statements("boss", query(jobs, "One", act="delete-many"))
    assert len(site.statements("boss", query(jobs, "One", "Two", "Lost", act="delete-many"))) == len(one)
