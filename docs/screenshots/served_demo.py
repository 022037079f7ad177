"""The served demo as one user sees it: browsers that are signed in, and calls of the API with their session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "demo-fieldstone"  # noqa: S105 - the demo's own, printed by it
SIZES = {"desk": (1440, 900), "phone": (375, 812)}


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


def wait(page: Page) -> None:
    """Wait until pictures, fonts and what loads later are there."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
