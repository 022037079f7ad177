"""The app `workshop` served to a real browser by waitress, and what a browser complains about while a test runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from waitress.server import create_server

from tests.support.served import PASSWORD, login_of, serve_deals
from tests.ui.pages.workshop import WORKSHOP, Site


@dataclass(slots=True)
class Visit:
    """A browser's view of the served app."""

    site: Site
    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, who: str = "ann", **options: Any) -> Iterator[Page]:
        """Open a page signed in as a user, and note console messages, errors and foreign requests."""
        with self.context(who, **options) as context:
            page = context.new_page()
            page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("request", lambda request: self._note(request.url))
            yield page
        # The browser itself reports each answer of 409 and 422, which are this product's ordinary refusals.
        left = [each for each in self.complaints if not ("status of 4" in each and ("409" in each or "422" in each))]
        if any("htmx:sendAbort" in each for each in left):
            # Whoever goes to another page ends what the one before still asks for.
            left = [each for each in left if "htmx:sendAbort" not in each and "htmx:afterRequest" not in each]
        self.complaints.clear()
        assert left == []

    @contextmanager
    def context(self, who: str, **options: Any) -> Iterator[BrowserContext]:
        """Open a browser context with the session of a user."""
        cookies = {"fieldstone_session": self._session(who), **options.pop("cookies", {})}
        context = self.browser.new_context(base_url=self.url, **options)
        context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in cookies.items()])
        try:
            yield context
        finally:
            context.close()

    def _session(self, who: str) -> str:
        cookie = self.site.client(who).get_cookie("fieldstone_session")
        assert cookie is not None
        return cookie.value

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"foreign request: {url}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("served")
    with serve_deals(f"sqlite:///{folder / 'fieldstone.sqlite'}", folder, app_folder=WORKSHOP) as served:
        yield Site(served)


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    server = create_server(site.served.app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@pytest.fixture
def visit(site: Site, address: str, browser: Browser) -> Visit:
    return Visit(site, address, browser)


__all__ = ["PASSWORD", "Visit", "login_of"]
