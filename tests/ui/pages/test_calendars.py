"""Calendars: the records of several objects on their days, each with its reader's rights; a move writes the date."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.ui.pages.workshop import Site

HERE = "/o/job?view=due_days&on=2026-11-18"


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site) -> dict[str, str]:
    def job(name: str, due: str, owner: str = "ann", **more: Any) -> str:
        return site.make("job", name=name, owner=owner, due=due, **more)

    site.make("firm", name="Acme", visit_on="2026-11-18")
    for number in range(7):
        job(f"Many {number}", "2026-12-09")
    return {
        "plan": job("Plan", "2026-11-18", amount="120", seen_at="2026-11-18T16:30:00Z"),
        "wire": job("Wire <b>", "2026-11-30"),
        "bob": job("Bob's", "2026-11-18", owner="bob"),
        "lost": job("Gone", "2026-11-19", stage="lost", reason="price"),
    }


def days(page: str) -> dict[str, list[str]]:
    """Give what stands on each day that has an entry, without its form."""
    lists = re.findall(r'<ul class="cal-list" data-day="([^"]+)"[^>]*>(.*?)</ul>', page, re.S)
    return {
        day: [
            " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())
            for text in re.findall(r'<li class="cal-entry[^>]*><a[^>]*>(.*?)</a>', inner, re.S)
        ]
        for day, inner in lists
        if "cal-entry" in inner
    }


def test_a_month_is_a_table_of_whole_weeks_with_several_objects_as_each_reader_may_see_them(site: Site) -> None:
    page = site.page("ann", HERE)
    assert days(page) == {
        "2026-11-18": ["Due days: Plan ¥120.00", "Visits: Acme"],
        "2026-11-19": ["Due days: Gone", "00:30 Looks: Plan"],
        "2026-11-30": ["Due days: Wire <b>"],
    }
    assert re.findall(r'<th scope="col" abbr="(\w+)"', page)[0] == "Sunday"
    assert re.findall(r'data-day="([^"]+)"', page)[0] == "2026-11-01"
    assert len(re.findall(r"<td ", page)) == 35
    assert "November 2026" in page
    assert re.findall(r'pill pill-(\w+) pill-dot">([^<]+)', page)[:2] == [("blue", "Due days"), ("green", "Visits")]
    assert days(site.page("bob", HERE))["2026-11-18"] == ["Due days: Bob's", "Visits: Acme"]
    assert site.client("none").get(HERE).status_code == 404
    # What the reader may not change has no form; an own job that is not lost has one.
    assert [each.count("data-fs-move-day") for each in page.split('<li class="cal-entry')[1:]] == [1, 0, 1, 1, 1]


def test_week_agenda_and_the_days_beside_stand_in_the_address(site: Site) -> None:
    week = site.page("ann", f"{HERE}&shown=week")
    assert re.findall(r'data-day="([^"]+)"', week) == [f"2026-11-{day}" for day in range(15, 22)]
    assert "on=2026-11-11" in week
    assert "on=2026-11-25" in week
    agenda = site.page("ann", f"{HERE}&shown=agenda")
    assert list(days(agenda)) == ["2026-11-18", "2026-11-19", "2026-11-30"]
    assert "<table" not in agenda
    assert "Nothing on these days" in site.page("ann", "/o/job?view=due_days&on=1999-01-01&shown=agenda")
    assert "on=2026-10-01" in agenda
    assert "on=2026-12-01" in agenda
    december = site.page("ann", "/o/job?view=due_days&on=2026-12-01")
    assert len(days(december)["2026-12-09"]) == 4
    assert ">3 more<" in december
    assert len(days(site.page("ann", "/o/job?view=due_days&on=2026-12-09&shown=week"))["2026-12-09"]) == 7
    # What is no day, mode or year of ours shows a month all the same.
    for odd in ("on=9999-12-31", "on=0001-01-01&shown=week", "on=x&shown=y"):
        assert 'id="calendar"' in site.page("ann", f"/o/job?view=due_days&{odd}")


def test_a_filter_narrows_the_first_object_and_a_wrong_one_is_told(site: Site) -> None:
    narrowed = site.page("ann", f'{HERE}&filter=name+%3D+"Plan"')
    assert days(narrowed) == {
        "2026-11-18": ["Due days: Plan ¥120.00", "Visits: Acme"],
        "2026-11-19": ["00:30 Looks: Plan"],
    }
    assert site.client("ann").get(f"{HERE}&filter=margin+%3E+1").status_code == 400


def test_a_calendar_needs_one_statement_an_object(site: Site) -> None:
    board, calendar = site.statements("ann", "/o/firm?view=visits"), site.statements("ann", HERE)
    assert len(calendar) <= len(board) + 2


def test_chinese_calendars_have_chinese_heads_days_and_words(site: Site) -> None:
    client = site.served.sign_in("ann")
    client.set_cookie("fieldstone_language", "zh")
    page = client.get(HERE).get_data(as_text=True)
    assert "2026年11月" in page
    assert 'aria-label="11月18日 周三"' in page
    for word in ("截止日历", "今天", "日程", "月", "周"):
        assert word in page


def test_a_move_writes_the_day_by_the_door_and_comes_back_and_a_refused_one_says_why(
    site: Site, jobs: dict[str, str]
) -> None:
    back = f"{HERE}&shown=month"
    page = site.page("ann", HERE)
    form = page.partition(f'action="/o/job/{jobs["wire"]}/move"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert sent["due"] == "2026-11-30"
    assert 'type="date"' in form
    given = {"version": sent["version"], "fs-back": back, "due": "2026-11-20"}
    moved = site.post("ann", f"/o/job/{jobs['wire']}/move", given)
    assert (moved.status_code, moved.headers["Location"]) == (303, back)
    assert days(site.page("ann", HERE))["2026-11-20"] == ["Due days: Wire <b>"]
    stale = site.post("ann", f"/o/job/{jobs['wire']}/move", {**given, "due": "2026-11-21"})
    assert stale.status_code == 422
    text = stale.get_data(as_text=True)
    assert "Somebody else saved" in text
    assert unescape(re.findall(r'name="fs-back" value="([^"]*)"', text)[0]) == back
    refused = site.post("ann", f"/o/job/{jobs['lost']}/move", {"version": "1", "fs-back": back, "due": "2026-11-21"})
    assert refused.headers["Location"] == back
    after = site.page("ann", HERE)
    assert "Your roles do not allow this change." in after
    assert days(after)["2026-11-19"][0] == "Due days: Gone"
    # A moment keeps its time of day in its reader's zone.
    moment = re.findall(r'type="datetime-local"[^>]*name="seen_at" value="([^"]+)"', after)
    assert moment == ["2026-11-19T00:30"]
