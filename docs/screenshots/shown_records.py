"""Finds the records that the pictures are about, and makes what they need to have something to show."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page
from served_demo import Demo


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
    prepare_stopped(demo, page)
    page = demo.context("admin", "desk", "light", "en").new_page()
    page.goto("/runs")
    demo.keep["stopped"] = demo.call(page, "GET", "/runs?state=failed&limit=1")["items"][0]["id"]
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


def prepare_stopped(demo: Demo, page: Page) -> None:
    """Press a button whose mail can't leave: the demo has no mail server."""
    mine = quote('owner = user and status = "draft" and discount < 15% and contact.email is not empty')
    draft = demo.call(page, "GET", f"/records/quote?filter={mine}&sort=number&limit=1")["items"][0]
    demo.keep["draft"] = draft["id"]
    demo.call(page, "POST", f"/records/quote/{draft['id']}/actions/send_quote", {})
    page.wait_for_timeout(3_000)
