"""Filters of nested groups made by hand mean what their expression says; facets count the rows they lead to."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.source import LocatedText
from tests.ui.pages.workshop import Site
from ui.pages.filter_groups import Place, dropped, extended
from workflow_dsl import parse_expression
from workflow_dsl.syntax import And, Binary, Expr, NumberLiteral, Or

VALUES = range(6)


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site) -> None:
    firm, other = site.make("firm", name="Acme", rating=4), site.make("firm", name="Zenith", rating=1)
    for number in range(12):
        values: dict[str, Any] = {
            "hot": number % 3 == 0,
            "stage": "fresh" if number % 4 else "made",
            "amount": str(number * 100),
        }
        site.make("job", name=f"Job {number:02d}", firm=firm if number % 2 else other, **values)
    site.make("job", owner="bob", name="Bob's", amount="700", hot=True)


def rows(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'class="row-link" href="[^"]+">([^<]*)<', page)]


def filter_of(address: str) -> str:
    return parse_qs(urlsplit(unescape(address)).query).get("filter", [""])[0]


def links(page: str, css: str) -> list[str]:
    return [unescape(each) for each in re.findall(rf'<a class="{css}" href="([^"]+)"', page)]


def added(site: Site, address: str, **given_: str) -> str:
    """Fill in the form at an address as a person would, and give the filter that it leads to."""
    page = site.page("ann", address)
    form = page.partition('id="filter-form"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    asked = {**{name: unescape(value) for name, value in hidden.items()}, **given_, "add": "1"}
    answer = site.client("ann").get("/o/job", query_string=asked)
    assert answer.status_code == 303, answer.get_data(as_text=True)[-500:]
    return filter_of(answer.headers["Location"])


@pytest.mark.promise("UIX-01")
def test_groups_are_made_by_hand_and_shown_as_the_expression_says(site: Site) -> None:
    start = f"/o/job?view=all&filter={quote_plus('amount >= 300')}"
    (beside,) = links(site.page("ann", start), "chip-into")
    text = added(site, beside, field="stage", operator="=", value="made")
    assert text == 'amount >= 300 or stage = "made"'
    page = site.page("ann", f"/o/job?view=all&filter={quote_plus(text)}")
    assert page.count('class="chip-group"') == 1
    assert rows(page) == ["Job 00", *(f"Job {number:02d}" for number in range(3, 12))]
    # Beside the first way: both must hold; the group itself takes a third way; the whole is narrowed by one more.
    first, _second, group = links(page, "chip-into")
    text = added(site, first, field="hot", operator="is true")
    assert text == 'amount >= 300 and hot or stage = "made"'
    page = site.page("ann", f"/o/job?view=all&filter={quote_plus(text)}")
    assert rows(page) == ["Job 00", "Job 03", "Job 04", "Job 06", "Job 08", "Job 09"]
    assert page.count('class="chip-group"') == 2
    text = added(site, links(page, "chip-into")[-1], field="name", operator="=", value="Job 01")
    assert text == 'amount >= 300 and hot or stage = "made" or name = "Job 01"'
    narrowed = added(site, f"/o/job?view=all&filter={quote_plus(text)}", field="amount", operator="<=", value="600")
    assert narrowed == f"({text}) and amount <= 600 CNY" or narrowed == f"({text}) and amount <= 600"
    page = site.page("ann", f"/o/job?view=all&filter={quote_plus(narrowed)}")
    assert rows(page) == ["Job 00", "Job 01", "Job 03", "Job 04", "Job 06"]
    assert unescape(re.search(r"<textarea[^>]*>\n([^<]*)<", page)[1]) == narrowed  # type: ignore[index]
    assert group
    drops = [filter_of(each) for each in links(page, "chip-drop")]
    assert text in [f"{each}" for each in drops]
    said = site.page("ann", f"/o/job?filter={quote_plus(narrowed)}&into=0&field=hot")
    (note,) = re.findall(r'<p class="small muted mb-0">([^<]*…)</p>', said)
    assert note == "(Amount at least 300 and Hot is yes) or Stage is Made or Name is Job 01 or …"
    for odd in ("9", "0.9.9", "x", "", "-1", "0." * 300, "999999999999"):
        site.page("ann", f"/o/job?filter={quote_plus(narrowed)}&into={odd}&field=hot")
        assert added(site, f"/o/job?filter={quote_plus(text)}&into={odd}", field="hot", operator="is true")


@pytest.mark.promise("UIX-01")
def test_periods_and_oneself_stand_in_the_filter_as_such(site: Site) -> None:
    start = "/o/job?view=all"
    mine = added(site, start, field="owner", operator="is me")
    lately = added(site, f"{start}&filter={quote_plus(mine)}", field="created_at", operator="in last 90 days")
    assert (mine, lately) == ("owner = user", "owner = user and created_at in last 90 days")
    page = site.page("ann", f"{start}&filter={quote_plus(lately)}")
    assert len(rows(page)) == 12
    assert re.findall(r'<span class="chip-value"><span>([^<]*)<', page)[0] == "me"
    assert "in the last 90 days" in page
    # The same address is about whoever opens it.
    assert rows(site.page("bob", f"{start}&filter={quote_plus(lately)}")) == ["Bob's"]
    assert rows(site.page("ann", f"{start}&filter={quote_plus('created_at in next 7 days')}")) == []


@pytest.mark.promise("UIX-01")
def test_facets_count_what_they_lead_to_over_what_may_be_read_by_one_statement(site: Site) -> None:
    def facets(who: str, address: str) -> dict[str, tuple[int, str]]:
        found = re.findall(
            r'<li><a href="([^"]+)"><span class="truncate">([^<]*)</span><span class="facet-count">([^<]*)<',
            site.page(who, address),
        )
        return {unescape(label): (int(count), unescape(url)) for url, label, count in found}

    base = f"/o/job?view=all&filter={quote_plus('amount >= 100 or hot')}"
    wanted = {"stage": {"Fresh": 9, "Made": 3}, "hot": {"Yes": 4, "No": 8}, "firm": {"Acme": 6, "Zenith": 6}}
    for field, counts in wanted.items():
        found = facets("ann", f"{base}&field={field}")
        assert {label: count for label, (count, _url) in found.items()} == counts
        for count, url in found.values():
            assert len(rows(site.page("ann", url))) == count, url
    assert facets("boss", f"{base}&field=firm")["empty"][0] == 1
    assert facets("boss", f"{base}&field=hot")["Yes"][0] == 5
    assert not facets("ann", f"{base}&field=amount")
    plain, more = (site.statements("ann", f"{base}&field={field}") for field in ("amount", "stage"))
    assert len(more) == len(plain) + 1


numbers = st.sampled_from(VALUES)
places = st.lists(st.integers(0, 3), max_size=3).map(tuple)
acts = st.lists(st.tuples(st.sampled_from(["add", "drop"]), places, numbers), max_size=12)


def holds(tree: Expr, value: int) -> bool:
    """Say what an expression of this test means for a value; the reference that the tree of the bar is held to."""
    if isinstance(tree, And):
        return all(holds(each, value) for each in tree.operands)
    if isinstance(tree, Or):
        return any(holds(each, value) for each in tree.operands)
    assert isinstance(tree, Binary)
    assert isinstance(tree.right, NumberLiteral)
    return value >= int(tree.right.value) if ">=" in str(tree.op) else value == int(tree.right.value)


def tree_of(text: str) -> Expr | None:
    return parse_expression(LocatedText.plain(text)).expression if text else None


def part_at(tree: Expr | None, place: Place) -> Expr | None:
    found: Expr | None = tree if tree is None or isinstance(tree, And) else And(operands=(tree,))
    for step in place:
        operands = found.operands if isinstance(found, And | Or) else ()
        found = operands[step] if step < len(operands) else None
    return found


@pytest.mark.promise("UIX-01")
@settings(max_examples=150, deadline=None)
@given(acts)
def test_what_is_added_anywhere_means_what_the_place_says(done: list[tuple[str, Place, int]]) -> None:
    text = ""
    for act, place, number in done:
        before, part = tree_of(text), part_at(tree_of(text), place)
        text = dropped(text, place) if act == "drop" and place else extended(text, place, f"n = {number}")
        after = tree_of(text)
        if before is None or part is None or act == "drop":
            continue
        above = part_at(before, place[:-1]) if place else None
        narrows = isinstance(part, And) if isinstance(part, And | Or) else isinstance(above, Or)
        for value in VALUES:
            now = holds(after, value) if after is not None else True
            if not place or (len(place) == 1 and not narrows and isinstance(above, And) and len(above.operands) == 1):
                own = value == number
                assert now == (holds(before, value) and own if not place else holds(before, value) or own)
            elif value == number and not narrows:
                assert now >= holds(before, value)
            elif value != number and narrows:
                assert now <= holds(before, value)
            else:
                assert now == holds(before, value)
