"""A list in a real browser: its keys, its head, its columns, and records that are ticked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.browser.conftest import Visit


@pytest.mark.promise("UIX-03")
def test_the_keys_move_tick_and_show_rows_and_the_head_stays(visit: Visit) -> None:
    for number in range(40):
        visit.site.make("job", name=f"Key {number:02d}", amount="100")
    with visit.page() as page:
        page.goto("/o/job?view=all&filter=name+starts+with+%22Key%22&sort=name")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("j")
        expect(page.locator("tr.is-current .row-link")).to_have_text("Key 01")
        page.keyboard.press("x")
        expect(page.locator("[data-fs-selected]")).to_have_text("1 selected")
        page.keyboard.press("Space")
        expect(page.locator("#dialog")).to_be_visible()
        expect(page.locator("#dialog-title")).to_have_text("Key 01")
        expect(page.locator("#dialog-body")).to_contain_text("Amount")
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("tr.is-current .row-link")).to_be_focused()
        head = page.locator("table.records thead th").nth(1)
        top = head.bounding_box()
        page.locator("tbody tr").last.scroll_into_view_if_needed()
        assert head.bounding_box() == top
        page.locator("#bulk-form button", has_text="Change").click()
        expect(page.get_by_label("Field", exact=True)).to_be_visible()
        page.get_by_label("Field", exact=True).select_option("hot")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#mass-form [name=fs-record]")).to_have_count(1)


def test_columns_are_chosen_and_the_view_saved_with_the_mouse(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/o/job?view=all")
        page.locator("a#column-menu").click()
        expect(page.locator("#column-menu > summary")).to_be_focused()
        page.get_by_role("link", name="Cancel").click()
        expect(page.locator("#column-form")).to_have_count(0)
        page.locator("#filter-menu > summary").press("Enter")
        page.get_by_label("Field", exact=True).select_option("firm")
        page.get_by_label("Of the related record").select_option("firm.name")
        expect(page.get_by_label("Of the related record")).to_have_count(0)
        page.get_by_label("Condition").select_option("is empty")
        page.get_by_role("button", name="Add filter").press("Enter")
        expect(page.locator(".chip")).to_contain_text("Firm · Name")
        page.locator(".chip-drop").click()
        expect(page.locator(".chip")).to_have_count(0)
        size = page.viewport_size
        page.set_viewport_size({"width": 375, "height": 812})
        page.goto("/o/firm?filter=count(jobs where created_at in last 90 days) > 0")
        expect(page.locator(".chip")).to_contain_text("Number of Jobs, created in the last 90 days")
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        assert size is not None
        page.set_viewport_size(size)
        page.goto("/o/job?view=all")
        page.locator("a#column-menu").press("Enter")
        page.get_by_label("Amount", exact=True).check()
        page.locator("#column-menu").get_by_role("button", name="Show").click()
        expect(page.locator("th", has_text="Amount")).to_be_visible()
        page.get_by_role("link", name="Save as a view").click()
        page.get_by_label("Name").fill("With amounts")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".view-tabs [aria-current=page]")).to_have_text("With amounts")
        expect(page.locator("th", has_text="Amount")).to_be_visible()
