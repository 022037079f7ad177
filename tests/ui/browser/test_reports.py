"""Charts of reports in a real browser: drawn under the strict content policy, in the theme, beside their figures."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.browser.conftest import Visit
from tests.ui.pages.workshop import Site


def test_charts_are_drawn_beside_their_figures_which_lead_to_the_records(visit: Visit, site: Site) -> None:
    for number in range(3):
        site.make("job", name=f"图表 {number}", amount=str(100 * number), due="2026-12-24")
    with visit.page("boss") as page:
        page.goto("/")
        page.get_by_role("link", name="All reports").click()
        page.get_by_role("link", name="The workshop").last.click()
        expect(page.locator(".chart canvas")).to_have_count(2)
        page.locator(".card-head").get_by_role("link", name="Jobs by stage").first.click()
        expect(page.locator(".chart canvas")).to_have_count(1)
        figure = page.locator("tfoot td[data-label$=Records] a").last
        count = int(figure.inner_text())
        assert count >= 3
        figure.click()
        expect(page.locator("tr[data-fs-row]")).to_have_count(count)
        page.go_back()
        expect(page.locator(".chart canvas")).to_have_count(1)
