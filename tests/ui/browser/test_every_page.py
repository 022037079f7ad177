"""What holds for every type of page: accessible in both themes, fits a phone, causes no complaint, needs no script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.ui.browser.conftest import Visit
from tests.ui.pages.workshop import Site

PAGES = (
    "home", "list", "filtered", "empty", "board", "record", "edit", "new", "refused", "runs", "missing", "report",
    "dashboard", "api", "call", "search", "calendar",
)  # fmt: skip


@pytest.fixture(scope="module")
def record(site: Site) -> str:
    firm = site.make("firm", name="Acme", rating=4, web="https://example.com")
    made = site.make(
        "job", name="上海云岭 job with a long name that wraps on a phone", firm=firm, amount="1500", due="2026-12-24"
    )
    site.make("part", job=made, name="Wheel", size=2)
    return made


def _path(name: str, record: str) -> str:
    return {
        "home": "/",
        "list": "/o/job?view=open_jobs",
        "filtered": "/o/job?filter=amount+%3E+10&field=stage",
        "empty": "/o/job?filter=amount+%3E+999999",
        "board": "/o/job?view=board",
        "calendar": "/o/job?view=due_days&on=2026-12-24",
        "record": f"/o/job/{record}",
        "edit": f"/o/job/{record}/edit",
        "new": "/o/job/new",
        "refused": "/o/job?filter=amount+%3E+",
        "runs": "/runs",
        "api": "/api-reference?q=job",
        "call": "/api-reference/create_job",
        "search": "/search?q=job",
        "missing": "/o/nothing",
        "report": "/reports/jobs_by_stage",
        "dashboard": "/dashboards/workshop",
    }[name]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible(visit: Visit, record: str, name: str, theme: str) -> None:
    with visit.context("boss", bypass_csp=True, cookies={"fieldstone_theme": theme}) as context:
        page = context.new_page()
        page.goto(_path(name, record))
        found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:300]) for each in found] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("refused", "missing")])
def test_pages_fit_a_phone_and_complain_about_nothing(visit: Visit, record: str, name: str) -> None:
    with visit.page("boss", viewport={"width": 375, "height": 760}) as page:
        page.goto(_path(name, record))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_a_call_of_the_api_is_tried_by_keyboard_and_without_scripts(visit: Visit, record: str) -> None:
    for scripts in (True, False):
        with visit.page("boss", java_script_enabled=scripts) as page:
            page.goto("/api-reference/list_job")
            page.get_by_label("filter").focus()
            page.keyboard.type('name contains "nothing like this"')
            page.keyboard.press("Enter")
            answer = page.locator("#answer")
            expect(answer.get_by_text("200 OK")).to_be_visible()
            expect(answer.locator("pre").first).to_contain_text('"items": []')
            expect(page.get_by_label("filter")).to_have_value('name contains "nothing like this"')
            if scripts:
                expect(page.get_by_label("filter")).to_be_focused()


def test_people_without_scripts_list_create_edit_move_and_delete(visit: Visit, record: str) -> None:
    with visit.page("boss", java_script_enabled=False) as page:
        page.goto("/o/job?view=open_jobs")
        page.get_by_role("link", name="New").click()
        page.locator('[name="name"]').fill("Without scripts")
        page.get_by_label("Firm").select_option(label="Acme")
        page.get_by_label("Amount").fill("50")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Without scripts", level=1)).to_be_visible()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Amount").fill("60")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".highlights")).to_contain_text("¥60.00")
        page.get_by_role("button", name="Made").click()
        expect(page.locator(".path .current")).to_contain_text("Made")
        page.locator("details.confirm summary").click()
        page.locator("details.confirm").get_by_role("button").click()
        expect(page.get_by_text("Without scripts")).to_have_count(0)
