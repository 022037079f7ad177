"""The search page and its palette, the records opened lately, and `GET /search`: what somebody may find and do."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import func, select

from engine.clock import FixedClock
from engine.records.recent_records import RecentRecords
from tests.ui.pages.workshop import EVIL, Site

HTMX = {"HX-Request": "true", "HX-Target": "search-found"}


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site) -> dict[str, str]:
    firm = site.make("firm", name="中国银行")
    made = {"firm": firm, "evil": site.make("firm", name=EVIL)}
    made["mine"] = site.make("job", name="Ann's bridge", firm=firm)
    made["other"] = site.make("job", owner="bob", name="Bob's bridge", firm=firm)
    for number in range(8):
        site.make("job", name=f"Gate {number}")
    return made


def hits(page: str) -> dict[str, str]:
    """Give the lines that lead somewhere: address → title."""
    found = re.findall(r'class="hit" href="([^"]+)" data-fs-hit>.*?class="hit-title">([^<]*)<', page, re.S)
    return {unescape(href): unescape(title) for href, title in found}


@pytest.mark.promise("UIX-29")
def test_records_are_found_by_initials_with_and_without_a_frame(site: Site, jobs: dict[str, str]) -> None:
    whole = site.page("ann", "/search?q=zgyh")
    assert "<html" in whole
    assert hits(whole) == {f"/o/firm/{jobs['firm']}": "中国银行", f"/o/job/{jobs['mine']}": "Ann's bridge"}
    part = site.page("ann", "/search?q=zgyh", headers=HTMX)
    assert "<html" not in part
    assert hits(part) == hits(whole)
    palette = site.page("ann", "/search", headers=HTMX | {"HX-Target": "dialog-body"})
    assert 'id="search-q"' in palette
    boss = hits(site.page("boss", "/search?q=zgyh"))
    assert {"Ann's bridge", "Bob's bridge"} < set(boss.values())


def test_what_is_found_stays_text_and_a_search_of_one_object_gives_more(site: Site, jobs: dict[str, str]) -> None:
    page = site.page("ann", "/search?q=onmouseover")
    assert hits(page) == {f"/o/firm/{jobs['evil']}": EVIL}
    assert "<script>x()" not in page
    page = site.page("ann", '/search?q="><script>x()</script>')
    assert "<script>x()" not in page
    few = site.page("ann", "/search?q=gate")
    assert len([title for title in hits(few).values() if title.startswith("Gate")]) == 6
    more = re.search(r'class="hit hit-more" href="([^"]+)"', few)
    assert more is not None
    many = hits(site.page("ann", unescape(more[1])))
    assert len(many) == 8
    assert not hits(site.page("ann", "/search?q=nothing+like+this"))
    site.page("ann", "/search?q=x&object=unheard", status=404)


@pytest.mark.promise("UIX-29")
def test_only_what_somebody_may_do_is_offered(site: Site) -> None:
    ann, boss = (hits(site.page(who, "/search?q=new")) for who in ("ann", "boss"))
    assert ann["/o/job/new"] == "New Job"
    assert "/o/vault/new" not in ann
    assert "/o/vault" not in hits(site.page("ann", "/search?q=vault"))
    places = hits(site.page("boss", "/search"))
    assert "/o/job?view=open_jobs" in places
    assert set(boss) >= {"/o/job/new"}
    assert not hits(site.page("none", "/search?q=new"))
    assert not hits(site.page("none", "/search"))


@pytest.mark.promise("UIX-29")
def test_records_opened_lately_come_first_until_they_may_not_be_read(site: Site, jobs: dict[str, str]) -> None:
    gone = site.make("job", name="Soon gone")
    for address in (f"/o/firm/{jobs['firm']}", f"/o/job/{gone}", f"/o/job/{jobs['mine']}", f"/o/firm/{jobs['firm']}"):
        site.page("ann", address)
    site.page("ann", f"/o/job/{jobs['other']}", status=404)

    def opened(who: str) -> list[str]:
        return [href for href in hits(site.page(who, "/search")) if re.search("/[0-9a-f-]{36}$", href)]

    wanted = [f"/o/firm/{jobs['firm']}", f"/o/job/{jobs['mine']}", f"/o/job/{gone}"]
    assert opened("ann") == wanted
    assert opened("bob") == []
    site.served.platform.recent.write()
    assert opened("ann") == wanted
    site.served.platform.records.delete(site.served.system(), "job", gone)
    assert opened("ann") == wanted[:2]


def test_opened_records_are_written_beside_requests_and_only_the_newest_are_kept(site: Site) -> None:
    platform, table = site.served.platform, site.served.platform.system.recent
    clock = FixedClock(dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    recent, bob = RecentRecords(platform.records, clock), site.actor("bob")

    def written() -> int:
        with platform.database.read() as connection:
            mine = select(func.count()).select_from(table).where(table.c.user == bob.user_id)
            return int(connection.execute(mine).scalar_one())

    for _ in range(45):
        recent.note(bob, "job", site.served.platform.ids.new())
        clock.move_to(clock.now() + dt.timedelta(milliseconds=1))
    recent.tend()
    assert written() == 0
    clock.move_to(clock.now() + dt.timedelta(seconds=31))
    recent.tend()
    assert written() == 40
    recent.note(replace(bob, on_behalf_of=site.served.user_ids["boss"]), "job", platform.ids.new())
    clock.move_to(clock.now() + dt.timedelta(seconds=31))
    recent.tend()
    assert written() == 40


def test_the_api_finds_the_same_and_names_its_parameters(site: Site, jobs: dict[str, str]) -> None:
    served = site.served
    found = served.get("ann", "/search?q=zgyh").get_json()["groups"]
    assert [(each["object"], each["label"], each["more"]) for each in found] == [
        ("firm", "Firms", False),
        ("job", "Jobs", False),
    ]
    assert found[1]["items"][0]["texts"] == {"name": "Ann's bridge", "firm.name": "中国银行"}
    assert found[0]["items"][0]["url"] == f"/o/firm/{jobs['firm']}"
    assert served.get("ann", "/search").get_json() == {"groups": []}
    assert len(served.get("ann", "/search?q=gate&object=job").get_json()["groups"][0]["items"]) == 8
    assert served.get("ann", "/search?q=x&object=vault").status_code == 404
    assert "did you mean 'object'" in served.get("ann", "/search?objekt=job").get_json()["detail"]
    assert served.get(None, "/search?q=x").status_code == 401


@pytest.mark.promise("UIX-29")
def test_a_search_asks_one_statement_however_many_objects(site: Site) -> None:
    sent = site.statements("boss", "/search?q=gate")
    assert len([each for each in sent if "UNION" in each]) == 1
    assert len(sent) <= 3, sent
