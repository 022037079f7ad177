"""Lists: what they show, filter, sort, count and total; what they keep from people without the right."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote_plus, unquote_plus, urlsplit

import pytest

from tests.ui.pages.workshop import EVIL, Site

# Long enough that no id and no token holds it by chance.
MARGIN = 7_700_770_077_000


@pytest.fixture(scope="module")
def firm(site: Site) -> str:
    return site.make("firm", name="Acme & Söhne", rating=4)


@pytest.fixture(scope="module", autouse=True)
def jobs(site: Site, firm: str) -> list[str]:
    made = [
        site.make("job", name=f"Job {number:02d}", firm=firm, amount=str(number * 100), margin=MARGIN + number)
        for number in range(1, 31)
    ]
    made.append(site.make("job", name="Bob's job", owner="bob", amount="5000", stage="made"))
    made.append(site.make("job", name=EVIL, note=EVIL, reason=EVIL, mail="a@example.com", hot=True, amount="0"))
    return made


def _list(site: Site, who: str, query: str = "", status: int = 200) -> str:
    return site.page(who, f"/o/job{'?' + query if query else ''}", status)


def _titles(page: str) -> list[str]:
    return re.findall(r'<a class="row-link" href="/o/job/[^"]+">([^<]*)</a>', page)


@pytest.mark.parametrize(
    ("query", "marked"), [("", "open_jobs"), ("view=open_jobs", "open_jobs"), ("view=board", "board")]
)
def test_the_menu_marks_the_view_that_is_shown(query: str, marked: str, site: Site) -> None:
    menu = _list(site, "ann", query).partition("<main")[0]
    assert re.findall(r'href="/o/job\?view=(\w+)"[^>]*aria-current="page"', menu) == [marked]


def test_a_list_shows_the_first_view_with_its_rows_columns_and_tabs(site: Site) -> None:
    page = _list(site, "ann")
    assert "Job 01" in _titles(page)
    assert 'aria-current="page"' in page
    assert "Open jobs" in page
    assert re.search(r'<td data-label="Firm"><a href="/o/firm/[^"]+">Acme &amp; Söhne</a></td>', page)
    assert '<td class="end" data-label="Amount">¥100.00</td>' in page
    assert '<span class="pill pill-blue">Fresh</span>' in page


def test_what_a_role_denies_is_not_in_lists_filters_sorts_or_tabs(site: Site) -> None:
    page = _list(site, "ann")
    assert "Margin" not in page
    assert str(MARGIN + 1) not in page
    assert f"{MARGIN + 1:,}" not in page
    assert "For bosses" not in page
    assert "Bob&#39;s job" not in page
    for query in ("filter=margin+%3E+1", "sort=-margin", "filter=firm.secret+%3D+1"):
        assert "77" not in "".join(_titles(_list(site, "ann", query, 400)))
    shown = _list(site, "boss")
    assert "Margin" in shown
    assert f"{MARGIN + 30:,}" in shown
    assert "For bosses" in _list(site, "boss")


def test_an_unreadable_field_in_a_filter_gives_the_message_of_an_unknown_one(site: Site) -> None:
    denied = _list(site, "ann", "filter=margin+%3E+1", 400)
    unknown = _list(site, "ann", "filter=marble+%3E+1", 400)
    assert "&#39;margin&#39; is not a field of job" in denied
    assert "&#39;marble&#39; is not a field of job" in unknown


def test_an_object_without_rights_is_as_absent_as_one_that_is_not_there(site: Site) -> None:
    for path in ("/o/vault", "/o/nothing", "/o/vault/new"):
        assert "There is nothing here" in site.page("ann", path, 404)


def test_a_filter_shows_as_chips_that_drop_one_by_one(site: Site) -> None:
    text = 'amount >= 500 and stage = "fresh"'
    page = _list(site, "ann", f"filter={quote_plus(text)}")
    assert "Job 05" in page
    assert "Job 04" not in page
    assert '<span class="chip-op">at least</span>' in page
    assert "<span>Fresh</span>" in page
    assert "filter=amount+%3E%3D+500" in page
    assert "filter=stage+%3D+%22fresh%22" in page


def test_a_condition_of_the_bar_becomes_part_of_the_expression(site: Site) -> None:
    answer = site.client("ann").get("/o/job?filter=hot&field=amount&operator=%3E%3D&value=500&add=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/o/job?filter=hot+and+amount+%3E%3D+500"
    bar = site.page("ann", "/o/job?field=stage", headers={"HX-Request": "true", "HX-Target": "filter-form"})
    assert bar.lstrip().startswith("<form")
    assert 'value="fresh"' in bar


@pytest.mark.promise("UIX-01")
def test_a_filter_reaches_fields_of_looked_up_records_and_counts_of_related_lists(site: Site, firm: str) -> None:
    """Each condition made by hand is the expression in the address, and a chip in words."""

    def added(object_key: str, query: str) -> str:
        answer = site.client("ann").get(f"/o/{object_key}?{query}&add=1")
        assert answer.status_code == 303
        return unquote_plus(answer.headers["Location"])

    page = _list(site, "ann", "field=firm")
    assert '<option value="firm.rating">Rating</option>' in page
    # Without a script the field of the record comes first, then its condition; nothing is added meanwhile.
    assert (
        added("job", "filter=hot&field=firm&of=firm.rating&operator=%3D&value=")
        == "/o/job?filter=hot&field=firm.rating"
    )
    page = _list(site, "ann", "field=firm.rating")
    assert '<option value="firm.rating" selected>Firm · Rating</option>' in page
    expression = "firm.rating >= 4"
    assert added("job", f"field=firm.rating&operator={quote_plus('>=')}&value=4") == f"/o/job?filter={expression}"
    page = _list(site, "ann", f"filter={quote_plus(expression)}")
    assert '<span>Firm · Rating</span><span class="chip-op">at least</span>' in page
    assert "Job 05" in page
    assert "Job 05" not in _list(site, "ann", f"filter={quote_plus('firm.rating > 4')}")
    assert "/o/firm/choices/owner?bare=1" in _list(site, "ann", "field=firm.owner")
    # What may not be read isn't offered over a lookup either.
    page = site.page("ann", "/o/part?field=job")
    assert 'value="job.amount"' in page
    assert "job.margin" not in page
    asked = f"field={quote_plus('count(jobs)')}&operator=%3E&value=29"
    assert added("firm", asked) == "/o/firm?filter=count(jobs) > 29"
    expression = "count(jobs where created_at in last 90 days) > 29"
    assert added("firm", f"{asked}&period=last+90+days") == f"/o/firm?filter={expression}"
    assert added("firm", f"{asked}&period=1+or+true") == "/o/firm?filter=count(jobs) > 29"
    page = site.page("ann", f"/o/firm?filter={quote_plus(expression)}&field={quote_plus('count(jobs)')}")
    assert "<span>Number of Jobs, created in the last 90 days</span>" in page
    assert '<option value="count(jobs)" selected>Number of Jobs</option>' in page
    assert "Acme" in page
    assert "Acme" not in site.page("ann", f"/o/firm?filter={quote_plus(expression.replace('29', '30'))}")
    for hidden in ("parts.job.margin", "firm.jobs", "count(parts where margin > 1)", "count(nothing)", "firm.nothing"):
        assert 'id="filter-operator"' not in _list(site, "ann", f"field={quote_plus(hidden)}")
    assert 'id="filter-operator"' not in site.page("ann", "/o/part?field=job.margin")
    page = site.page("ann", f"/reports/jobs_worth?filter={quote_plus('count(parts) = 0 and firm.rating >= 4')}")
    assert page.index("Number of Parts") < page.index("Firm · Rating")


def test_a_value_that_is_none_of_the_field_s_is_refused_at_its_control_and_never_read_as_an_expression(
    site: Site,
) -> None:
    client = site.client("ann")
    for value, said in (
        ("abc", "such as 12.50"),
        ("5 or 1 = 1", "is not a currency"),
        (" ", "This must be filled in."),
    ):
        answer = client.get(f"/o/job?filter=hot&field=amount&operator=%3E&value={quote_plus(value)}&add=1")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 400, value
        assert said in page, value
        assert re.search(r'<details class="menu menu-start" id="filter-menu" open>', page)
        control = re.search(r'<input[^>]* name="value"[^>]*>', page)
        assert control is not None
        assert 'aria-invalid="true"' in control[0]
        assert f'value="{value.strip()}"' in control[0] or not value.strip()
        assert _titles(page) == _titles(_list(site, "ann", "filter=hot"))
    typed = client.get("/o/job?field=amount&operator=%3E&value=1%2C500.50&add=1")
    assert typed.headers["Location"] == "/o/job?filter=amount+%3E+1500.5"


def test_one_record_is_one_record(site: Site) -> None:
    page = _list(site, "ann", "filter=" + quote_plus('name = "Job 05"'))
    assert "1 record<" in page
    assert "1 records" not in page


def test_chips_show_numbers_and_days_as_people_write_them(site: Site) -> None:
    page = _list(site, "ann", f"filter={quote_plus('amount > 12500 and due >= 2026-11-02')}")
    assert '<span class="chip-value"><span>12,500</span>' in page
    assert '<span class="chip-op">no earlier than</span>' in page
    assert '<span class="chip-value"><span>Nov 2, 2026</span>' in page


def test_a_lookup_condition_compares_ids_and_shows_titles(site: Site, firm: str) -> None:
    answer = site.client("ann").get(f"/o/job?field=firm&operator=%3D&value={firm}&add=1")
    page = site.page("ann", answer.headers["Location"])
    assert "Acme &amp; Söhne</span>" in page
    assert firm not in "".join(re.findall(r'chip-value">.*?</span></span>', page))
    assert len(_titles(page)) == 30


def test_a_broken_expression_points_at_its_place(site: Site) -> None:
    page = _list(site, "ann", "filter=amount+%3E+", 400)
    assert "This filter cannot be used." in page
    assert re.search(r"amount &gt;\n +\^", page)


@pytest.mark.promise("UIX-02")
def test_an_empty_list_says_which_filter_to_drop(site: Site) -> None:
    page = _list(site, "ann", f"filter={quote_plus('amount > 900000')}")
    assert "Drop a filter to see more:" in page
    assert 'href="/o/job"' in page
    page = _list(site, "ann", f"filter={quote_plus('amount > 900000 and amount >= 500')}&q=05")
    told = {count: href for href, count in re.findall(r'<a class="btn[^"]*" href="([^"]+)".*?· (\S+) records?<', page)}
    assert told["1"] == "/o/job?filter=amount+%3E%3D+500&amp;q=05", told


def test_sorting_paging_and_sizes_stand_in_the_address(site: Site) -> None:
    first = _list(site, "ann", "size=25&sort=-amount")
    assert _titles(first)[0] == "Job 30"
    following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*aria-label="Next page"', first)
    assert following is not None
    second = site.page("ann", following[1].replace("&amp;", "&"))
    assert _titles(second)[:2] == ["Job 05", "Job 04"]
    assert "First page" in second
    assert 'aria-sort="descending"' in first


@pytest.mark.promise("UIX-02")
def test_an_address_that_is_sent_on_shows_the_same_view_over_what_its_reader_may_read(site: Site) -> None:
    kept = f"view=all&size=25&group=firm&sort=-amount&columns=name,amount&filter={quote_plus('amount >= 200')}"
    mine = _list(site, "ann", kept)
    following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*aria-label="Next page"', mine)
    assert following is not None
    sent = following[1].replace("&amp;", "&")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent).query).items() if name != "cursor"}
    assert asked == {name: values[0] for name, values in parse_qs(kept).items()}
    second = site.page("ann", sent)
    assert re.findall(r'<th scope="col"[^>]*>.*?</th>', mine) == re.findall(r'<th scope="col"[^>]*>.*?</th>', second)
    assert not set(_titles(mine)) & set(_titles(second))
    # The boss reads more: a place in the list of ann is none in that list, which starts at its beginning.
    answer = site.client("boss").get(sent)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {name: [value] for name, value in asked.items()}
    more = site.page("boss", answer.headers["Location"])
    assert _titles(more) == _titles(_list(site, "boss", kept))


def test_the_foot_has_the_exact_sum_over_the_whole_filter(site: Site) -> None:
    page = _list(site, "ann", "size=25")
    assert "¥46,500" in page
    assert "¥51,500" in _list(site, "boss", "size=25")


def test_quick_search_looks_into_the_search_paths(site: Site) -> None:
    assert _titles(_list(site, "ann", "q=job+07")) == ["Job 07"]
    assert len(_titles(_list(site, "ann", "q=acme"))) == 30


def test_markup_in_values_stays_text(site: Site) -> None:
    page = site.page("ann", "/o/job?view=all")
    assert "<script>x()" not in page
    assert "onmouseover=&#34;x()&#34;" in page


def test_a_list_page_needs_at_most_six_statements(site: Site) -> None:
    found = site.statements("ann", "/o/job?size=25")
    assert len(found) <= 6, found


def test_chinese_pages_have_chinese_chrome_labels_and_dates(site: Site) -> None:
    client = site.served.sign_in("ann")
    client.set_cookie("fieldstone_language", "zh")
    page = client.get("/o/job").get_data(as_text=True)
    assert 'lang="zh-Hans"' in page
    assert "进行中" in page
    assert "筛选" in page
    assert "Filter<" not in page
