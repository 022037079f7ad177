"""Fields changed where they stand, in a real browser: by pencil, double press and keys, in lists and on the record."""

from __future__ import annotations

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.ui.browser.conftest import Visit

PHONE = {"viewport": {"width": 375, "height": 760}, "has_touch": True, "is_mobile": True}
FORM = "form.inline-form"


def _cell(page: Page, record_id: str, label: str) -> str:
    return f'#record-job-{record_id} td[data-label="{label}"]'


def _shot(page: Page, name: str) -> None:
    """Keep a picture for who asks for it."""
    if folder := os.environ.get("FIELDSTONE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", caret="initial")


@pytest.mark.promise("UIX-04")
def test_a_cell_is_changed_by_double_press_pencil_and_keys(visit: Visit) -> None:
    one = visit.site.make("job", name="In place A", amount="100", stage="fresh")
    two = visit.site.make("job", name="In place B", stage="fresh")
    with visit.page("boss") as page:
        page.goto("/o/job?view=open_jobs&q=In+place")
        amount = page.locator(_cell(page, one, "Amount"))
        amount.dblclick()
        expect(page.locator(f"{FORM} [name=amount]")).to_be_focused()
        _shot(page, "cell-light")
        page.keyboard.press("Escape")
        expect(page.locator(FORM)).to_have_count(0)
        expect(amount).to_have_text("¥100.00")
        expect(amount).to_be_focused()

        page.keyboard.press("Enter")
        page.locator(f"{FORM} [name=amount]").fill("250")
        page.keyboard.press("Enter")
        expect(amount).to_have_text("¥250.00")
        expect(amount).to_be_focused()
        expect(page.locator("#list-total")).to_have_text("¥250")
        assert visit.site.read("job", one)["amount"].amount == 250

        page.keyboard.press("ArrowDown")
        expect(page.locator(_cell(page, two, "Amount"))).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        expect(page.locator(_cell(page, two, "Stage"))).to_be_focused()
        page.keyboard.press("F2")
        # What the change lacks is asked for right there.
        page.locator(f"{FORM} [name=stage]").select_option("made")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(f"{FORM} [name=amount]")).to_be_focused()
        expect(page.locator(f"{FORM} .field-error")).to_have_count(1)
        expect(page.locator(f"{FORM} .inline-stored")).to_have_text("Not saved. It is still: Fresh")
        assert visit.site.read("job", two)["stage"] == "fresh"
        _shot(page, "cell-refused")
        # Another cell waits until this one is saved or given up.
        amount.dblclick()
        expect(page.locator(FORM)).to_have_count(1)
        expect(page.get_by_text("Save or cancel the field you are changing first.")).to_be_visible()
        page.locator(f"{FORM} [name=amount]").fill("5")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(FORM)).to_contain_text("That is very cheap.")
        page.get_by_role("button", name="Save anyway").click()
        expect(page.locator(_cell(page, two, "Stage"))).to_have_text("Made")
        expect(page.locator(_cell(page, two, "Amount"))).to_have_text("¥5.00")

        page.locator(_cell(page, one, "Due")).hover()
        page.get_by_role("button", name="Change Due").click()
        page.locator(f"{FORM} [name=due]").fill("2026-12-24")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(_cell(page, one, "Due"))).to_contain_text("Dec 24, 2026")
        # A press alone still opens the record.
        page.locator(_cell(page, one, "Due")).click()
        expect(page.get_by_role("heading", name="In place A", level=1)).to_be_visible()


@pytest.mark.promise("UIX-04")
def test_in_a_grouped_list_the_record_goes_to_its_group_and_the_heads_have_their_sums(visit: Visit) -> None:
    one = visit.site.make("job", name="Grouped A", amount="100", stage="fresh")
    visit.site.make("job", name="Grouped B", amount="30", stage="made")
    with visit.page("boss") as page:
        page.goto("/o/job?view=open_jobs&q=Grouped&group=stage&columns=name,amount,stage,half")
        heads = page.locator("tr.group-head")
        expect(heads).to_contain_text(["Fresh", "Made"])
        amount = page.locator(_cell(page, one, "Amount"))
        amount.dblclick()
        page.locator(f"{FORM} [name=amount]").fill("150")
        page.keyboard.press("Enter")
        expect(heads.first).to_contain_text("¥150")
        expect(page.locator(_cell(page, one, "Half"))).to_have_text("¥75.00")
        assert "fs-place" not in page.content(), "addresses of the list are its own"
        expect(amount).to_be_focused()
        page.locator(_cell(page, one, "Stage")).dblclick()
        page.locator(f"{FORM} [name=stage]").select_option("made")
        page.get_by_role("button", name="Save").click()
        expect(heads).to_have_count(1)
        expect(heads.first).to_contain_text("¥180")
        expect(page.locator("#list-total")).to_have_text("¥180")
        expect(page.locator(_cell(page, one, "Stage"))).to_be_focused()


def test_a_field_of_the_record_page_is_changed_and_all_of_the_page_follows(visit: Visit) -> None:
    firm = visit.site.make("firm", name="Inline Works")
    job = visit.site.make("job", name="In place C", amount="100")
    with visit.page("boss", color_scheme="dark") as page:
        page.goto(f"/o/job/{job}")
        pencil = page.get_by_role("link", name="Change Amount")
        pencil.focus()
        page.keyboard.press("Enter")
        page.locator(f"{FORM} [name=amount]").fill("400")
        _shot(page, "record-dark")
        # Somebody else saves meanwhile.
        visit.site.served.platform.records.update(visit.site.served.system(), "job", job, {"amount": "300"})
        page.get_by_role("button", name="Save").click()
        expect(page.locator(FORM)).to_contain_text("this field is now: ¥300.00")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".highlights")).to_contain_text("¥200.00")
        expect(pencil).to_be_focused()
        expect(page.locator("#history")).to_contain_text("¥400.00")
        page.locator("dd.edited-here").nth(1).dblclick()
        expect(page.locator(f"{FORM} .ts-control input")).to_be_focused()
        page.keyboard.type("Inline")
        page.locator(".ts-dropdown .option", has_text="Inline Works").click()
        page.get_by_role("button", name="Save").click()
        # The small form shows the chosen name too: what is stored is read once it has gone.
        expect(page.locator(FORM)).to_have_count(0)
        expect(page.locator("#section-1")).to_contain_text("Inline Works")
        assert visit.site.read("job", job)["firm"] == firm


def test_where_a_value_comes_from_is_a_page_and_nothing_to_change(visit: Visit) -> None:
    record = visit.site.make("job", name="In place origins", stage="fresh")
    with visit.page("boss") as page:
        page.goto(f"/o/job/{record}")
        value = page.locator("dd", has_text="In place origins").first
        value.hover()
        value.get_by_role("link", name="Where Name comes from").click()
        expect(page).to_have_url(re.compile(f"/o/job/{record}/blame#blame-name$"))
        expect(page.locator(FORM)).to_have_count(0)


def test_on_a_phone_each_value_has_its_pencil(visit: Visit) -> None:
    job = visit.site.make("job", name="In place D", amount="100")
    with visit.page("boss", cookies={"fieldstone_language": "zh"}, **PHONE) as page:
        page.goto("/o/job?view=open_jobs&q=In+place+D")
        page.locator(_cell(page, job, "金额")).get_by_role("button", name="修改金额").tap()
        page.locator(f"{FORM} [name=amount]").fill("70")
        _shot(page, "phone-cell")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.get_by_role("button", name="保存").tap()
        expect(page.locator(_cell(page, job, "金额"))).to_contain_text("70.00")
        page.goto(f"/o/job/{job}")
        page.get_by_role("link", name="修改名称").tap()
        page.locator(f"{FORM} [name=name]").fill("")
        page.get_by_role("button", name="保存").tap()
        expect(page.locator(f"{FORM} .field-error")).to_have_text("此项必须填写。")
        _shot(page, "phone-record")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_forms_in_place_are_accessible(visit: Visit, theme: str) -> None:
    job = visit.site.make("job", name="In place F")
    with visit.context("boss", bypass_csp=True, cookies={"fieldstone_theme": theme}) as context:
        page = context.new_page()
        for address, place in (("/o/job?q=In+place+F&view=open_jobs", _cell(page, job, "Firm")), (f"/o/job/{job}", "")):
            page.goto(address)
            if place:
                page.locator(place).dblclick()
            else:
                page.get_by_role("link", name="Change Name").click()
                page.locator(f"{FORM} [name=name]").fill("")
                page.get_by_role("button", name="Save").click()
                expect(page.locator(f"{FORM} .field-error")).to_have_count(1)
            expect(page.locator(FORM)).to_be_visible()
            found = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"][:300]) for each in found] == []


def test_without_scripts_the_pencil_leads_to_a_page(visit: Visit) -> None:
    visit.site.make("firm", name="Scriptless Works")
    job = visit.site.make("job", name="In place E")
    with visit.page("boss", java_script_enabled=False) as page:
        page.goto(f"/o/job/{job}")
        page.get_by_role("link", name="Change Firm").click()
        page.get_by_label("Firm", exact=True).select_option(label="Scriptless Works")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="In place E", level=1)).to_be_visible()
        expect(page.locator("#section-1")).to_contain_text("Scriptless Works")
