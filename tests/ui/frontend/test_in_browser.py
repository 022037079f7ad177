"""What app.js adds to pages: keys, boards, pickers, drafts, themes; and pages without it. Under the real policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.ui.frontend.conftest import SampleSite, form_fields
from tests.ui.frontend.sample_pages import PAGES

CARD = "#card-1"


def _column(page: Page) -> str:
    return str(page.eval_on_selector(CARD, "card => card.closest('.board-list').dataset.value"))


def _wait_for_draft(page: Page) -> None:
    for _attempt in range(600):
        if page.evaluate("Object.keys(localStorage).some(key => key.includes('form-deal-7'))"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("what was typed was not kept")


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_have_no_accessibility_violation(browser: Browser, site: SampleSite, name: str, theme: str) -> None:
    site.theme = theme
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{name}")
        found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_phone_and_cause_no_policy_report(browser: Browser, site: SampleSite, name: str) -> None:
    with browser.new_context(viewport={"width": 375, "height": 760}) as context:
        page = context.new_page()
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(f"{site.url}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert messages == []


def test_a_card_moves_by_keys_with_the_request_of_its_menu(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/board.html")
    page.focus(CARD)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert _column(page) == "won"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert (_column(page), site.posts_to("/move")) == ("new", [])
    page.click(f"{CARD} summary")
    page.click(f"{CARD} button[value=won]")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.focus(CARD)
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("dialog[open]")).to_be_visible()
    by_menu, by_keys = site.posts_to("/move")
    assert by_menu == by_keys
    assert by_keys["stage"] == ["won"]


def test_a_refused_move_returns_the_card_and_its_form_completes_it(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/board.html")
    page.drag_and_drop(f"{CARD} .board-card-rows", "#column-won .board-list", source_position={"x": 4, "y": 4})
    expect(page.locator("dialog[open] h2")).to_have_text("Fill these first")
    assert (_column(page), _focused(page)) == ("new", "x")
    page.fill("#x", "5")
    page.click("dialog button[value=won]")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".toast-success")).to_contain_text("已移动")
    assert site.posts_to("/move")[-1]["amount"] == ["5"]


def test_list_keys_move_select_and_search_but_never_inside_inputs(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/list.html")
    for key in ("j", "j", "k", "x"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('tr').id") == "row-1"
    assert page.is_checked("#row-1 input")
    page.keyboard.press("f")
    page.keyboard.type("xjk?")
    assert page.input_value("input[type=search]") == "xjk?"
    assert page.is_checked("#row-1 input")


def test_a_picker_asks_the_server_and_the_form_tells_its_state(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/form.html")
    page.click("#deal-7-account-lookup .ts-control")
    expect(page.locator("#deal-7-account-lookup .option")).to_have_count(3)
    page.locator("#deal-7-account-lookup .ts-control input").press_sequentially("beta")
    expect(page.locator("#deal-7-account-lookup .option")).to_have_count(1)
    with page.expect_response("**/form-state"):
        page.keyboard.press("Enter")
    assert site.posts_to("/form-state")[-1]["account"] == ["Betatech"]


def test_an_answer_of_the_server_keeps_focus_and_what_is_being_typed(page: Page, site: SampleSite) -> None:
    site.form_state = form_fields(Old_name="Name of the server", A_percent="Discount")
    page.goto(f"{site.url}/form.html")
    page.select_option("#deal-7-stage", "won")
    page.focus("#deal-7-name")
    page.keyboard.press("End")
    page.keyboard.type(" and more")
    expect(page.locator("label[for=deal-7-percent]")).to_contain_text("Discount")
    assert (_focused(page), page.input_value("#deal-7-name")) == ("deal-7-name", "Old name and more")
    expect(page.locator("#deal-7-account-lookup .ts-wrapper")).to_have_count(1)


def test_what_was_typed_is_offered_again_after_leaving(page: Page, site: SampleSite) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(f"{site.url}/form.html")
    page.fill("#deal-7-name", "Typed by hand")
    _wait_for_draft(page)
    page.goto(f"{site.url}/list.html")
    assert asked == ["beforeunload"]
    page.goto(f"{site.url}/form.html")
    page.click("text=Restore")
    assert page.input_value("#deal-7-name") == "Typed by hand"


def test_the_first_error_of_a_refused_form_has_the_focus(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/form.html?refused")
    assert _focused(page) == "deal-7-text"


def test_the_theme_changes_at_once_and_is_kept_by_the_server(page: Page, site: SampleSite) -> None:
    page.goto(f"{site.url}/list.html")
    page.click("#user-menu summary")
    with page.expect_response("**/preferences"):
        page.click("#user-menu button[value=dark]")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_system_theme_needs_no_script(browser: Browser, site: SampleSite) -> None:
    site.theme = "auto"
    grounds = []
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme, java_script_enabled=False) as context:
            page = context.new_page()
            page.goto(f"{site.url}/login.html")
            page.screenshot()
            grounds.append(page.locator(".bare-card").evaluate("card => getComputedStyle(card).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(28, 29, 33)"]


def test_without_scripts_menus_pickers_and_cards_still_work(browser: Browser, site: SampleSite) -> None:
    with browser.new_context(viewport={"width": 375, "height": 760}, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site.url}/form.html")
        expect(page.locator("select#deal-7-account")).to_be_visible()
        page.click(".sidebar-open")
        expect(page.locator("#sidebar .nav-link[aria-current]")).to_be_visible()
        page.goto(f"{site.url}/board.html")
        page.click(f"{CARD} summary")
        page.click(f"{CARD} button[value=new]")
    assert site.posts_to("/move")[0]["stage"] == ["new"]
