"""Takes the pictures of this folder from a served demo: each page wide and narrow, light and dark, in both languages.

    fieldstone demo --port 8103 &
    python docs/screenshots/take.py http://127.0.0.1:8103 [NAME…]

It makes a few records and changes first (a lead that stands twice, changes of a deal, a change under an open form), so
that pages about them have something to show. What needs `duplicates:` is left out where the app has none.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PASSWORD = "demo-fieldstone"  # noqa: S105 - the demo's own, printed by it
HERE = Path(__file__).resolve().parent
SIZES = {"desk": (1440, 900), "phone": (375, 812)}
LOOKS = (("desk", "light", "en"), ("desk", "dark", "zh"), ("phone", "dark", "en"), ("phone", "light", "zh"))
COLOURS = 240


class Demo:
    """The served demo as one user sees it, and what the pages need of its records."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.keep: dict[str, str] = {}
        self.sessions: dict[str, Any] = {}

    def context(self, who: str, device: str, scheme: str, language: str) -> BrowserContext:
        """Open a browser as a user ("" = nobody)."""
        width, height = SIZES[device]
        options: Any = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "base_url": self.url}
        options |= {"timezone_id": "Asia/Shanghai", "locale": "zh-CN" if language == "zh" else "en-GB"}
        options |= {"is_mobile": True, "has_touch": True} if device == "phone" else {}
        context = self.browser.new_context(**options)
        context.add_cookies([{"name": "fieldstone_language", "value": language, "url": self.url}])
        if who:
            self.sign_in(context, who)
        return context

    def sign_in(self, context: BrowserContext, who: str) -> None:
        """Give the context a session, one a user: too many log-ins at once are refused."""
        if who not in self.sessions:
            page = context.new_page()
            page.goto("/login")
            page.fill("[name=login]", f"{who}@demo.example")
            page.fill("[name=password]", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_load_state()
            self.sessions[who] = [each for each in context.cookies() if "session" in each["name"]]
            page.close()
        context.add_cookies(self.sessions[who])

    def call(self, page: Page, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API with the session of a page."""
        script = """async ([method, path, body]) => {
            const own = JSON.parse(document.body.getAttribute('hx-headers'));
            const headers = {'content-type': 'application/json', ...own};
            const answer = await fetch('/api/v1' + path, {method, headers, body: body && JSON.stringify(body)});
            return answer.json();
        }"""
        return page.evaluate(script, [method, path, body])


def prepare(demo: Demo) -> None:
    """Find the records that the pictures are about, and change what pages about changes need."""
    page = demo.context("ann", "desk", "light", "en").new_page()
    page.goto("/o/opportunity")
    mine = quote('stage = "negotiation" and owner = user')
    found = demo.call(page, "GET", f"/records/opportunity?filter={mine}&sort=-amount&limit=1")
    deal = found["items"][0]
    demo.keep["deal"], demo.keep["account"] = deal["id"], deal["account"]["id"]
    for change in ({"next_step": "Send the revised offer"}, {"amount": {"amount": "31800", "currency": "CNY"}}):
        demo.call(page, "PATCH", f"/records/opportunity/{deal['id']}", change)
    mine = quote("owner = user and not status.closed")
    lead = demo.call(page, "GET", f"/records/lead?filter={mine}&sort=name&limit=1")["items"][0]
    demo.keep["lead"] = lead["id"]
    twin = {"name": lead["name"], "company": lead["company"], "phone": lead["phone"], "job_title": "Head of purchasing"}
    twin |= {"email": "purchasing@example.org", "source": "referral"}
    mine = quote('email = "purchasing@example.org"')
    known = demo.call(page, "GET", f"/records/lead?filter={mine}")["items"]
    made = known[0] if known else demo.call(page, "POST", "/records/lead", {**twin, "confirm": ["duplicate"]})
    demo.keep["twin"] = made["id"]
    mine = quote("owner = user and company is not empty and not status.closed")
    sure = demo.call(page, "GET", f"/records/lead?filter={mine}&sort=-name&limit=1")["items"][0]
    demo.keep["qualified"] = sure["id"]
    demo.call(page, "PATCH", f"/records/lead/{sure['id']}", {"status": "qualified"})
    prepare_approvals(demo, page)
    page = demo.context("admin", "desk", "light", "en").new_page()
    page.goto("/runs")
    demo.keep["run"] = demo.call(page, "GET", "/runs")["items"][0]["id"]


def prepare_approvals(demo: Demo, page: Page) -> None:
    """Let a rep submit some quotes with a discount, and keep one that can be submitted."""
    mine = quote('owner = user and status in ["draft", "sent"]')
    quotes = demo.call(page, "GET", f"/records/quote?filter={mine}&sort=number&limit=4")["items"]
    for each in quotes:
        demo.call(page, "PATCH", f"/records/quote/{each['id']}", {"discount": "0.25"})
    demo.keep["quote"] = quotes[0]["id"]
    for each in quotes[1:]:
        demo.call(
            page,
            "POST",
            f"/records/quote/{each['id']}/approval",
            {"do": "submit", "comment": "The customer orders for a year."},
        )
    found = demo.call(page, "GET", "/approvals?of=submitted")["items"]
    demo.keep["request"] = found[0]["id"]


def wait(page: Page) -> None:
    """Wait until pictures, fonts and what loads later are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def show_menu(page: Page, demo: Demo) -> None:
    """Open the menu of a phone."""
    page.goto("/o/opportunity")
    page.click(".sidebar-open")
    page.wait_for_timeout(400)


def show_filter(page: Page, demo: Demo) -> None:
    """Ask a list with a condition on a looked-up field."""
    asked = 'account.tier in ["gold", "silver"] and amount > 10000 CNY'
    page.goto(f"/o/opportunity?filter={quote(asked)}")


def show_wrong_filter(page: Page, demo: Demo) -> None:
    """Ask a list with a misspelt field."""
    page.goto("/o/opportunity?filter=" + quote("amout > 10000 CNY"))


def show_try(page: Page, demo: Demo) -> None:
    """Try a rule on a deal."""
    page.goto("/rules/deal_won/try")
    page.fill("[name=record]", f"/o/opportunity/{demo.keep['deal']}")
    page.click("main button[type=submit]")


def show_inline(page: Page, demo: Demo) -> None:
    """Change a value in a list, on a phone by its pencil."""
    page.goto("/o/opportunity?view=open_deals")
    wait(page)
    row = page.locator("tr[data-fs-row]").first
    if page.locator(".edit-here").count():
        row.locator('td[data-label="Amount"] .edit-here, td[data-label="金额"] .edit-here').click()
    else:
        row.locator('td[data-label="Amount"], td[data-label="金额"]').dblclick()
    page.wait_for_selector("form.inline-form")


def show_conflict(page: Page, demo: Demo) -> None:
    """Save a form under which somebody else saved meanwhile."""
    address = f"/o/opportunity/{demo.keep['deal']}"
    page.goto(f"{address}/edit")
    other = demo.context("diana", "desk", "light", "en").new_page()
    other.goto("/o/opportunity")
    count = demo.keep["count"] = str(int(demo.keep.get("count", "0")) + 1)
    change = {"next_step": f"Call on Friday, {count}", "amount": {"amount": f"3190{count}", "currency": "CNY"}}
    demo.call(other, "PATCH", f"/records/opportunity/{demo.keep['deal']}", change)
    other.context.close()
    page.fill("[name=next_step]", "Send the contract")
    page.locator("[name=amount], [name='amount.amount']").first.fill("33000")
    page.locator("form button[type=submit].btn-primary").first.click()
    page.wait_for_load_state()


def show_compare(page: Page, demo: Demo) -> None:
    """Compare the first with the newest version."""
    page.goto(f"/o/opportunity/{demo.keep['deal']}")
    page.click("a[href$='/compare']")
    page.wait_for_load_state()
    page.select_option("#compare-from", "1")
    page.click("main form button")
    page.wait_for_load_state()


def show_revert(page: Page, demo: Demo) -> None:
    """Look at what taking back would do."""
    page.goto(f"/o/opportunity/{demo.keep['deal']}/revert?to=1")


def show_mass_edit(page: Page, demo: Demo) -> None:
    """Change a field of several records."""
    page.goto("/o/opportunity/edit-many?fs-field=next_step")
    for box in page.locator("main [name=fs-record]").all()[:3]:
        box.check()
    page.fill("main [name=next_step]", "Call before the end of the month")


def show_merge(page: Page, demo: Demo) -> None:
    """Merge the lead that stands twice."""
    page.goto(f"/o/lead/{demo.keep['lead']}/merge?with={demo.keep['twin']}")


def show_convert(page: Page, demo: Demo) -> None:
    """Convert a lead."""
    page.goto(f"/o/lead/{demo.keep['qualified']}/convert")


def show_expression(page: Page, demo: Demo) -> None:
    """Try an expression over a deal."""
    text = quote('if(amount > 20000 CNY and close_date < today + 30 days, "soon", label(stage))')
    page.goto(f"/admin/expression?object=sales.opportunity&record={demo.keep['deal']}&expression={text}")


Show = Callable[[Page, Demo], object]


def at(address: str) -> Show:
    """Show an address; `{deal}` and the like stand for the records of the pictures."""
    return lambda page, demo: page.goto(address.format(**demo.keep))


PAGES: Mapping[str, tuple[str, Show]] = {
    "login": ("", at("/login")),
    "home": ("ann", at("/")),
    "menu": ("ann", show_menu),
    "list": ("ann", at("/o/opportunity?view=open_deals")),
    "leads": ("ann", at("/o/lead?view=open_leads")),
    "filter": ("mei", show_filter),
    "wrong-filter": ("mei", show_wrong_filter),
    "inline": ("ann", show_inline),
    "mass-edit": ("ann", show_mass_edit),
    "board": ("ann", at("/o/opportunity?view=pipeline")),
    "record": ("ann", at("/o/opportunity/{deal}")),
    "account": ("ann", at("/o/account/{account}")),
    "form": ("ann", at("/o/opportunity/{deal}/edit")),
    "conflict": ("ann", show_conflict),
    "compare": ("ann", show_compare),
    "revert": ("ann", show_revert),
    "duplicates": ("diana", at("/o/lead/duplicates")),
    "merge": ("diana", show_merge),
    "convert": ("ann", show_convert),
    "pool": ("ann", at("/pool/lead")),
    "quality": ("ann", at("/quality/lead")),
    "inbox": ("mei", at("/inbox")),
    "runs": ("admin", at("/runs")),
    "run": ("admin", at("/runs/{run}")),
    "record-rules": ("admin", at("/o/opportunity/{deal}/rules")),
    "blame": ("admin", at("/o/opportunity/{deal}/blame")),
    "rules": ("admin", at("/rules")),
    "rule": ("admin", at("/rules/deal_won")),
    "rule-try": ("admin", show_try),
    "rule-backtest": ("admin", at("/rules/deal_won/backtest?since=60d")),
    "approval-submit": ("ann", at("/o/quote/{quote}/approval")),
    "approvals": ("max", at("/approvals")),
    "approval": ("max", at("/approvals/{request}")),
    "rule-map": ("admin", at("/rule-map")),
    "expression": ("admin", show_expression),
}
ONLY = {"menu": "phone"}


def take(demo: Demo, names: Iterable[str], folder: Path) -> Iterator[str]:
    """Take the pictures of pages in all looks, and give the names of the files."""
    for name in names:
        who, show = PAGES[name]
        for device, scheme, language in LOOKS:
            if ONLY.get(name, device) != device:
                continue
            context = demo.context(who, device, scheme, language)
            page = context.new_page()
            show(page, demo)
            wait(page)
            file = folder / f"{name}-{device}-{scheme}-{language}.png"
            file.write_bytes(small(page.screenshot()))
            context.close()
            yield file.name


def small(picture: bytes) -> bytes:
    """Give a picture with few colours, a third of its size; nobody sees the difference."""
    with Image.open(io.BytesIO(picture)) as found:
        kept = found.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    kept.save(out, "PNG", optimize=True)
    return out.getvalue()


def main(url: str, *names: str) -> None:
    """Take the pictures that are named, or all."""
    with sync_playwright() as play:
        chromium = os.environ.get("FIELDSTONE_CHROMIUM") or shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium)
        demo = Demo(browser, url)
        prepare(demo)
        for file in take(demo, names or PAGES, HERE):
            sys.stdout.write(f"{file}\n")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
