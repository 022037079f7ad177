"""Lists that are grouped: heads with counts and sums over all pages, which add up to those of the whole list."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest

from tests.ui.pages.workshop import Site

ALL = "view=open_jobs&size=25"


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site) -> None:
    firms = [site.make("firm", name=name, rating=3) for name in ("Acme", "北方阀门", "Acme")]
    for number in range(60):
        values: dict[str, Any] = {"stage": ("fresh", "made")[number % 2], "hot": (True, False)[number % 3 == 0]}
        firm = firms[number % 4] if number % 4 < 3 else None
        site.make("job", name=f"Job {number:02d}", firm=firm, amount=str(number + 1), **values)
    site.make("job", owner="bob", name="Bob's", amount="5000", stage="fresh")


def heads(page: str) -> list[tuple[int, str, int, Decimal]]:
    """Give the heads of a page: depth, value, count, sum."""
    found = []
    for depth, inner in re.findall(r'<tr class="group-head depth-(\d)"><th[^>]*><div>(.*?)</div></th></tr>', page):
        words = [unescape(each) for each in re.sub(r"<[^>]+>", "|", inner).split("|") if each.strip()]
        found.append((int(depth), words[1], int(words[2]), Decimal(re.sub(r"[^\d.]", "", words[4]))))
    return found


def pages(site: Site, who: str, query: str) -> list[str]:
    """Give all pages of a list."""
    found, address = [], f"/o/job?{query}"
    while address:
        found.append(site.page(who, address))
        following = re.search(r'href="([^"]+)"[^>]*aria-label="Next page"', found[-1])
        address = unescape(following[1]) if following and following[1] else ""
    return found


@pytest.mark.promise("UIX-06")
@pytest.mark.parametrize("group", ["stage", "firm", "hot", "firm,stage", "stage,owner"])
def test_heads_count_and_sum_whole_groups_which_add_up_to_the_list(site: Site, group: str) -> None:
    found = pages(site, "ann", f"{ALL}&group={group}")
    assert len(found) == 3
    whole = list(dict.fromkeys(head for page in found for head in heads(page)))
    for depth in range(len(group.split(","))):
        at = [head for head in whole if head[0] == depth]
        assert sum(head[2] for head in at) == 60, at
        assert sum(head[3] for head in at) == sum(range(1, 61)), at
    assert "¥1,830" in found[0].partition('id="list-total"')[2][:40]
    rows = [each for page in found for each in re.findall(r'class="row-link" href="[^"]+">(Job \d\d)<', page)]
    assert len(rows) == len(set(rows)) == 60
    # Within a group the rows are in the view's order, and a group that goes on has its head again.
    assert all(heads(page)[0][0] == 0 for page in found)


def test_two_records_of_one_name_are_two_groups(site: Site) -> None:
    found = [head for page in pages(site, "ann", f"{ALL}&group=firm") for head in heads(page)]
    assert sorted({head[1:3] for head in found}) == sorted({("Acme", 15), ("北方阀门", 15), ("(empty)", 15)})
    assert len({head[3] for head in found if head[1] == "Acme"}) == 2
    # Each begins once, and once more where a page does.
    assert len(found) <= len(set(found)) + 2


def test_what_may_not_be_read_or_is_no_group_groups_nothing(site: Site) -> None:
    for group in ("margin", "name", "nothing", "firm.name", "';--"):
        page = site.page("ann", f"/o/job?{ALL}&group={group}")
        assert heads(page) == []
        assert "Job 00" in page
    panel = site.page("ann", f"/o/job?{ALL}&group=stage&panel=1").partition('id="column-group-1"')[2]
    assert '<option value="stage" selected>' in panel
    assert 'value="margin"' not in panel
    sent = site.client("ann").get("/o/job/columns?view=open_jobs&column=name&group=firm&group=stage")
    assert "group=firm%2Cstage" in sent.headers["Location"]


def test_a_grouped_list_asks_one_statement_more_however_many_groups(site: Site) -> None:
    plain, by_stage, by_both = (
        len(site.statements("ann", f"/o/job?{ALL}{group}")) for group in ("", "&group=stage", "&group=firm,stage")
    )
    assert by_stage == by_both == plain + 1
