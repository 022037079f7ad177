"""The palette in a real browser, by the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.browser.conftest import Visit


@pytest.mark.promise("UIX-29")
@pytest.mark.parametrize(("keys", "bank", "initials"), [("/", "招商银行", "zsyh"), ("Control+k", "华夏银行", "hxyh")])
def test_a_record_is_found_and_opened_by_keys_alone(visit: Visit, keys: str, bank: str, initials: str) -> None:
    visit.site.make("firm", name=bank)
    with visit.page() as page:
        page.goto("/o/job")
        page.keyboard.press(keys)
        field = page.locator("#search-q")
        expect(field).to_be_focused()
        page.keyboard.type(initials)
        first = page.locator("[data-fs-hit]").first
        expect(first).to_contain_text(bank)
        expect(page.locator("#search-found [role=status]")).to_have_text("Records found: 1")
        page.keyboard.press("ArrowDown")
        expect(first).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(field).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=bank, level=1)).to_be_visible()
        page.keyboard.press(keys)
        expect(page.locator(".palette-label").first).to_have_text("Opened lately")
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()


def test_who_presses_enter_at_once_opens_what_was_typed_and_scripts_are_not_needed(visit: Visit) -> None:
    visit.site.make("firm", name="Zebra works")
    with visit.page() as page:
        page.goto("/")
        page.keyboard.press("/")
        expect(page.locator("#search-q")).to_be_focused()
        page.keyboard.insert_text("zebra")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Zebra works", level=1)).to_be_visible()
    with visit.page(java_script_enabled=False) as page:
        page.goto("/")
        page.get_by_role("link", name="Search").click()
        page.locator("#search-q").fill("zebra")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Zebra works").click()
        expect(page.get_by_role("heading", name="Zebra works", level=1)).to_be_visible()
