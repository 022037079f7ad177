"""Reports and dashboards as pages: each figure is that of the records it leads to, for who looks, under each filter."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from engine.records.types import SaveRow
from tests.support.served import DEALS, Served, serve_deals
from tests.support.visits import Visits

MEASURES = "[count, {function: sum, of: amount}, {function: avg, of: size}, {function: max, of: closing}]"
_PERIODS = {"month": "closing", "week": "closing", "year": "closing", "quarter": "seen_at", "day": "seen_at"}
GROUPINGS = {
    **{each: each for each in ("stage", "hot", "owner", "firm", "size", "share", "code", "weight", "closing")},
    **{period: f"{{field: {field}, by: {period}}}" for period, field in _PERIODS.items()},
    "rating": "firm.rating",
}
FILES = {
    **{
        f"reports/by_{name}.yaml": f"report: by_{name}\nobject: deal\ngroups: [{group}]\nmeasures: {MEASURES}\n"
        for name, group in GROUPINGS.items()
    },
    "reports/pivot.yaml": """
report: pivot
label: {en: Stages by month, zh: 月度阶段}
help: {en: Whatever has a size., zh: 有大小的交易。}
object: deal
where: size is not empty or name = "it's \\"so\\""
groups: [stage]
across: {field: closing, by: month}
measures: [count, {function: sum, of: amount, label: {en: Worth, zh: 价值}}]
chart: bar
""",
    "reports/both.yaml": "report: both\nobject: deal\ngroups: [hot, stage]\nmeasures: [count]\nchart: column\n",
    "reports/months.yaml": """
report: months
object: deal
where: closing is not empty
groups: [{field: closing, by: month}]
measures: [count]
chart: line
""",
    "reports/whole.yaml": """
report: whole
object: deal
measures: [count, {function: sum, of: amount}]
chart: number
""",
    "reports/rows.yaml": "report: rows\nobject: deal\ncolumns: [name, amount, margin]\nsort: [-amount]\nlimit: 5\n",
    "reports/margins.yaml": "report: margins\nobject: deal\ngroups: [stage]\nmeasures: [{function: sum, of: margin}]\n",
    "reports/bosses.yaml": "report: bosses\nobject: deal\nmeasures: [count]\nroles: [boss]\n",
    "reports/vaults.yaml": "report: vaults\nobject: vault\nmeasures: [count]\n",
    "dashboards/all.yaml": """
dashboard: all
label: {en: Everything, zh: 总览}
columns: 3
parts:
  - {report: whole, width: 3}
  - {report: pivot, label: {en: Pivot, zh: 透视}, chart: column}
  - {report: months}
  - {report: both}
  - {report: margins, label: {en: Margins, zh: 毛利}}
  - {report: vaults, label: {en: The vault, zh: 金库}}
  - {report: rows}
  - {object: deal, view: open_deals}
""",
    "dashboards/bosses.yaml": "dashboard: bosses_only\nparts: [{report: whole}]\nroles: [boss]\n",
    "menus.yaml": """
menus:
  deals:
    label: {en: Deals, zh: 交易}
    items: [{dashboard: all}, {report: bosses, label: {en: For the boss, zh: 老板专用}}, {report: vaults}]
""",
}


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    folder = tmp_path_factory.mktemp("reported")
    app = folder / "deals"
    shutil.copytree(DEALS, app)
    for name, text in FILES.items():
        (app / name).parent.mkdir(exist_ok=True)
        (app / name).write_text(text, "utf-8")
    rep = app / "roles" / "rep.yaml"
    rep.write_text(rep.read_text("utf-8") + "menus: [deals]\n", "utf-8")
    with serve_deals(module_database_url, folder, app_folder=app) as served:
        fill(served)
        yield Visits(served)


def fill(served: Served) -> None:
    firms = [served.make("boss", "firm", name=f"公司{n}", rating=n) for n in (2, 4, 5)]
    dates = ("2025-12-31", "2026-01-01", "2026-01-31", "2026-04-06", None)
    rows = []
    for n in range(30):
        closing = dates[n % 5]
        values = {
            "name": 'it\'s "so"' if n == 7 else f"交易 {n}",
            "firm": firms[n % 3]["id"] if n % 4 else None,
            "amount": {"amount": f"{n * 100}.{n:02}", "currency": "CNY"} if closing or n % 2 else None,
            "size": 10 + n % 3 if n % 6 else None,
            "share": f"0.{n % 3}5", "weight": f"{n % 4}.125", "hot": (None, True, False)[n % 3], "closing": closing,
            "seen_at": f"2026-0{1 + n % 4}-01T0{n % 9}:30:00Z" if n % 5 else None,
            "stage": ("open", "won", "lost")[n % 3], "code": f'c"{n}\\' if n % 2 else None,
        }  # fmt: skip
        owner = {"object": "user", "id": served.user_ids[("ann", "boss", "bob")[n % 3]]}
        rows.append(SaveRow(values={**values, "owner": owner}))
    saved = served.platform.records.save_many(served.system(), "deal", rows)
    assert [row.id for row in saved.rows if row.id is None] == []


def links(page: str) -> list[tuple[str, str]]:
    """Give address and text of the figures of a page that lead to records."""
    found = re.findall(r'<td class="end num[^"]*" data-label="([^"]*)"><a href="([^"]+)">([^<]*)</a>', page)
    return [(html.unescape(href), text) for label, href, text in found if html.unescape(label).endswith("Records")]


def counted(site: Visits, who: str, href: str) -> int:
    """Count the records of a list's address by the API."""
    given = parse_qs(urlsplit(href).query)
    answer = site.served.get(who, f"/records/deal?count=exact&limit=1&filter={quote(given.get('filter', [''])[0])}")
    assert answer.status_code == 200, (href, answer.get_data(as_text=True))
    return int(answer.get_json()["count"]["value"])


@pytest.mark.parametrize("name", GROUPINGS)
def test_each_figure_leads_to_as_many_records_as_it_says(site: Visits, name: str) -> None:
    for who in ("ann", "boss"):
        page = site.page(who, f"/reports/by_{name}")
        found = links(page)
        assert len(found) >= 2, page
        for href, text in found:
            assert counted(site, who, href) == int(text), (href, text)
            if text == found[0][1]:
                site.page(who, href)
        unlinked = 7 if (who, name) == ("ann", "firm") else 0
        whole = counted(site, who, "/o/deal")
        assert sum(int(text) for _href, text in found) + unlinked == 2 * whole, "the groups, and their total under them"


def test_figures_stand_across_with_their_totals_and_under_a_filter(site: Visits) -> None:
    for narrowed in ("", 'stage != "lost" or hot', "closing in last 30 days"):
        page = site.page("boss", f"/reports/pivot?filter={quote(narrowed)}")
        for href, text in links(page):
            assert counted(site, "boss", href) == int(text), (narrowed, href)
        assert "Whatever has a size." in page
    page = site.page("boss", "/reports/pivot")
    assert [each in page for each in ("Dec 2025", "Jan 2026", "Apr 2026", "(empty)", "Worth", "As of ")] == [True] * 6
    (line,) = re.findall(r"<tfoot>.*?</tfoot>", page, re.DOTALL)
    worth = site.served.get("boss", "/reports/pivot").get_json()["total"]["sum(amount)"]["amount"]
    assert f"¥{float(worth):,.2f}" in line


def test_a_filter_is_added_by_its_form_and_a_wrong_one_is_told_with_its_place(site: Visits) -> None:
    form = site.client("boss").get(
        "/reports/pivot?field=stage", headers={"HX-Request": "true", "HX-Target": "filter-form"}
    )
    text = form.get_data(as_text=True)
    assert text.startswith('<form class="stack" id="filter-form"')
    assert 'action="/reports/pivot"' in text
    added = site.client("boss").get("/reports/pivot?field=stage&operator==&value=won&add=1")
    assert (added.status_code, added.location) == (303, "/reports/pivot?filter=stage+%3D+%22won%22")
    page = site.page("boss", added.location)
    assert 'class="chip"' in page
    for wrong, told in (("stagge = 1", "stagge"), ("stage = 1) or (hot", "This filter cannot be used.")):
        assert told in site.page("boss", f"/reports/pivot?filter={quote(wrong)}", status=400)


@pytest.mark.promise("UIX-23")
def test_a_dashboard_is_narrowed_as_a_whole_and_leads_to_the_records(site: Visits) -> None:
    narrowed = f"?filter={quote('stage = ')}%22won%22"
    for query in ("", narrowed):
        page = site.page("boss", f"/dashboards/all{query}")
        assert ('class="chip"' in page) == bool(query)
        ((href, text), *_worth) = re.findall(r'<div class="number-value num"><a href="([^"]+)">([^<]+)</a>', page)
        assert counted(site, "boss", html.unescape(href)) == int(text) == counted(site, "boss", f"/o/deal{query}")
        for figure, count in links(page):
            assert counted(site, "boss", figure) == int(count), figure
        assert re.search(r'class="as-of">As of [A-Z][a-z]+ \d+, \d{4} \d\d:\d\d \([\w/]+\)<', page)
        assert page.count("data-fs-chart=") == 3
        assert page.count("data-fs-row") >= 5, "rows of a report and of a view"


def test_charts_hold_the_figures_of_their_tables(site: Visits) -> None:
    def chart(name: str) -> dict[str, Any]:
        (text,) = re.findall(r'data-fs-chart="([^"]*)"', site.page("boss", f"/reports/{name}"))
        found: dict[str, Any] = json.loads(html.unescape(text))
        return found

    months = chart("months")
    assert months["categories"] == ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026", "Apr 2026"]
    assert months["series"][0]["values"] == [6.0, 12.0, 0.0, 0.0, 6.0], "months without records are not left out"
    pivot = chart("pivot")
    assert pivot["categories"] == ["Open", "Won", "Lost"], "options stand in their own order"
    assert [each["name"] for each in pivot["series"]] == ["Dec 2025", "Jan 2026", "Apr 2026", "(empty)"]
    both = chart("both")
    assert {each["name"] for each in both["series"]} == {"Open", "Won", "Lost"}
    assert sum(value or 0 for each in both["series"] for value in each["values"]) == 30


@pytest.mark.promise("UIX-23")
def test_what_somebody_may_not_read_is_absent_or_told_as_such(site: Visits) -> None:
    overview = site.page("ann", "/reports")
    assert 'href="/reports/pivot"' in overview
    for absent in ("bosses", "vaults", "bosses_only"):
        assert f"/{absent}" not in overview
    for path in ("/reports/bosses", "/reports/vaults", "/reports/nothing", "/dashboards/bosses_only", "/dashboards/no"):
        site.page("ann", path, status=404)
    assert "/reports/bosses" in site.page("boss", "/reports")
    refused = site.page("ann", "/reports/margins")
    assert "This can’t be shown." in refused
    assert links(refused) == []
    rows = site.page("ann", "/reports/rows")
    assert "margin" not in rows.split("<main", 1)[1].lower()
    assert rows.count("data-fs-row") == 5
    menu = site.page("ann", "/")
    assert 'href="/dashboards/all"' in menu
    assert "/reports/bosses" not in menu
    assert "For the boss" in site.page("boss", "/")
    page = site.page("ann", "/dashboards/all")
    assert "You may not read what this part shows." in page
    assert "The vault" in page
    assert "This can’t be shown." in page
    assert page.count("data-fs-chart=") == 3
    assert "/dashboards" not in site.page("none", "/reports").split("<main", 1)[1]


def test_a_dashboard_of_eight_parts_needs_a_statement_a_part(site: Visits) -> None:
    site.page("boss", "/dashboards/all")
    recording = site.served.platform.database.statements.recording
    with recording() as whole:
        site.page("boss", "/dashboards/all")
    with recording() as frame:
        site.page("boss", "/reports")
    assert len(whole) - len(frame) <= 8, whole


def test_reports_are_read_in_chinese(site: Visits) -> None:
    client = site.served.sign_in("boss")
    client.set_cookie("fieldstone_language", "zh")
    page = client.get("/reports/pivot").get_data(as_text=True)
    for word in ("月度阶段", "有大小的交易。", "价值", "2026年1月", "合计", "（空）", "截至"):
        assert word in page, word
