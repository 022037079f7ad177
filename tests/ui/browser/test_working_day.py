"""A working day in a real browser: sign in, find, open, create, change, meet a conflict, move cards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.browser.conftest import PASSWORD, Visit, login_of


def _choose(page: Page, label: str, typed: str) -> None:
    """Pick a record in a lookup."""
    page.get_by_label(label, exact=False).locator("visible=true").first.click()
    page.keyboard.type(typed)
    page.locator(".ts-dropdown .option", has_text=typed).first.click()


def _column_of(page: Page, card: str) -> str:
    return str(page.eval_on_selector(card, "card => card.closest('.board-list').dataset.value"))


def test_one_signs_in_and_out(visit: Visit) -> None:
    context = visit.browser.new_context(base_url=visit.url)
    page = context.new_page()
    page.goto("/o/job")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("E-mail").fill(login_of("ann"))
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.locator("#user-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login"))
    context.close()


def test_a_list_is_filtered_by_the_bar_and_a_row_opens(visit: Visit) -> None:
    visit.site.make("job", name="Cheap one", amount="100")
    visit.site.make("job", name="Dear one", amount="9000")
    with visit.page() as page:
        page.goto("/o/job?view=open_jobs")
        page.locator("#filter-menu summary").first.click()
        page.get_by_label("Field", exact=True).select_option("amount")
        page.get_by_label("Condition").select_option(">=")
        page.get_by_label("Value").fill("5000")
        page.get_by_role("button", name="Add filter").click()
        expect(page.locator(".chip")).to_contain_text("at least")
        expect(page.get_by_text("Cheap one")).to_have_count(0)
        page.get_by_role("link", name="Dear one").click()
        expect(page.get_by_role("heading", name="Dear one", level=1)).to_be_visible()


@pytest.mark.promise("UIX-18")
def test_a_form_shows_a_conditional_field_at_once_and_saves(visit: Visit) -> None:
    visit.site.make("firm", name="Lantern Works")
    with visit.page() as page:
        page.goto("/o/job/new")
        # What focuses the select of a picker, such as a refused move, means the input that people see.
        page.locator("select[name=firm]").evaluate("select => select.focus()")
        expect(page.get_by_role("combobox", name="Firm")).to_be_focused()
        page.keyboard.press("Escape")
        page.locator('[name="name"]').fill("Typed by hand")
        _choose(page, "Firm", "Lantern")
        expect(page.get_by_label("Reason")).to_have_count(0)
        page.get_by_label("Stage").select_option("lost")
        expect(page.get_by_label("Reason")).to_be_visible()
        expect(page.locator('[name="name"]')).to_have_value("Typed by hand")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("[data-fs-error-summary]")).to_be_visible()
        expect(page.get_by_label("Reason")).to_be_focused()
        expect(page.locator('[name="name"]')).to_have_value("Typed by hand")
        page.get_by_label("Reason").fill("Too dear")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Typed by hand", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Lantern Works").first).to_be_visible()
        expect(page.locator(".toast-item")).to_be_visible()


def test_an_answer_about_a_form_that_was_changed_since_takes_nothing_back(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/o/job/new")
        held: list[Route] = []
        page.route("**/o/job/new/state", lambda route: route.continue_() if held else held.append(route))
        page.locator('[name="name"]').fill("Typed by hand")
        page.locator('[name="name"]').press("Tab")
        while not held:
            page.wait_for_timeout(10)
        late = held[0].fetch()
        page.get_by_label("Stage").select_option("lost")
        held[0].fulfill(response=late)
        expect(page.get_by_label("Reason")).to_be_visible()
        expect(page.get_by_label("Stage")).to_have_value("lost")


def test_two_who_edit_at_once_meet_on_the_conflict_page(visit: Visit) -> None:
    job = visit.site.make("job", name="Shared", amount="100")
    with visit.page() as mine, visit.page("boss") as theirs:
        mine.goto(f"/o/job/{job}/edit")
        theirs.goto(f"/o/job/{job}/edit")
        theirs.locator('[name="name"]').fill("Theirs")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_role("heading", name="Theirs", level=1)).to_be_visible()
        mine.locator('[name="name"]').fill("Mine")
        mine.get_by_label("Amount").fill("333")
        mine.get_by_role("button", name="Save").click()
        expect(mine.locator("table.conflict")).to_contain_text("Theirs")
        mine.get_by_role("button", name="Save").click()
        expect(mine.get_by_role("heading", name="Mine", level=1)).to_be_visible()
    assert str(visit.site.read("job", job)["amount"].amount) == "333.00"


def test_a_refused_card_returns_and_moves_once_its_fields_are_filled(visit: Visit) -> None:
    job = visit.site.make("job", name="Carded", owner="bob")
    card = f"#record-job-{job}"
    with visit.page("bob") as page:
        page.goto("/o/job?view=board")
        page.locator(card).drag_to(page.locator('.board-list[data-value="made"]'))
        expect(page.locator("#dialog")).to_be_visible()
        assert _column_of(page, card) == "fresh"
        page.locator("#dialog").get_by_label("Amount").fill("700")
        page.locator("#dialog").get_by_role("button", name="Save").click()
        expect(page.locator(f'.board-list[data-value="made"] {card}')).to_be_visible()
        expect(page.locator("#dialog")).to_be_hidden()
    assert visit.site.read("job", job)["stage"] == "made"


def test_an_entry_is_drawn_to_another_day_and_a_refused_one_returns(visit: Visit) -> None:
    job = visit.site.make("job", name="Planned", owner="bob", due="2026-11-18")
    entry = f"#entry-job-due_days-{job}"
    with visit.page("bob") as page:
        page.goto("/o/job?view=due_days&on=2026-11-01")
        page.locator(entry).drag_to(page.locator('[data-day="2026-11-20"]'))
        expect(page.locator(".toast-item")).to_be_visible()
        expect(page.locator(f'[data-day="2026-11-20"] {entry}')).to_be_visible()
        assert str(visit.site.read("job", job)["due"]) == "2026-11-20"
        # Somebody else saves it meanwhile: the entry is back on its day until the person decides.
        assert visit.site.post("boss", f"/o/job/{job}/move", {"name": "Renamed"}).status_code == 303
        page.locator(entry).drag_to(page.locator('[data-day="2026-11-25"]'))
        expect(page.locator("#dialog")).to_contain_text("Somebody else saved")
        expect(page.locator(f'[data-day="2026-11-20"] {entry}')).to_have_count(1)
        page.locator("#dialog").get_by_role("button", name="Save").click()
        expect(page.locator(f'[data-day="2026-11-25"] {entry}')).to_be_visible()
    assert str(visit.site.read("job", job)["due"]) == "2026-11-25"


def test_a_card_moves_by_keys(visit: Visit) -> None:
    job = visit.site.make("job", name="Keyed", amount="100", owner="bob")
    card = f"#record-job-{job}"
    with visit.page("bob") as page:
        page.goto("/o/job?view=board")
        page.focus(card)
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        expect(page.locator(".toast-item")).to_be_visible()
        assert _column_of(page, card) == "made"
    assert visit.site.read("job", job)["stage"] == "made"


def test_the_stage_path_moves_a_record_and_asks_for_what_is_missing(visit: Visit) -> None:
    job = visit.site.make("job", name="On its path")
    with visit.page() as page:
        page.goto(f"/o/job/{job}")
        page.get_by_role("button", name="Made").click()
        page.locator("#dialog").get_by_label("Amount").fill("800")
        page.locator("#dialog").get_by_role("button", name="Save").click()
        expect(page.locator(".path .current")).to_contain_text("Made")


def test_the_language_changes_and_stays(visit: Visit) -> None:
    with visit.page() as page:
        page.goto("/o/job")
        page.locator("#user-menu summary").click()
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_role("heading", name="业务", level=1)).to_be_visible()
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
