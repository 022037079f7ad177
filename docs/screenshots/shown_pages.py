"""What is shown: each page by the name of its pictures, with who looks at it and the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from playwright.sync_api import Page
from served_demo import Demo, wait


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


def show_button(page: Page, demo: Demo) -> None:
    """Press a button of a quote; without a mail server it says why nothing left."""
    page.goto(f"/o/quote/{demo.keep['draft']}")
    page.locator("main form[action*='/press/send_quote'] button, main [href*='/press/send_quote']").first.click()
    page.wait_for_selector(".toast-item")


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
    "dashboard": ("diana", at("/dashboards/sales")),
    "report": ("diana", at("/reports/won_by_owner")),
    "button": ("ann", show_button),
    "buttons": ("ann", at("/o/quote/press-many/send_quote")),
    "stopped": ("admin", at("/runs?state=failed")),
    "stopped-run": ("admin", at("/runs/{stopped}")),
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
