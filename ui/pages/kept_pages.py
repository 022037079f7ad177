"""Pages whose text is kept: a template rendered once with slots, of which a request fills in its values.

What a page looks like has one source, its template. Kept are its title, breadcrumb and main part, rendered for nobody:
the frame around them (ui/pages/chrome.py) is the person's. A page is kept under a key that names all that its fixed
text depends on; what a slot holds is given at each request.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, g
from markupsafe import Markup

from ui.context import language, release
from ui.page_parts import Chrome
from ui.pages.chrome import show_document
from ui.written import Slotted, kept_with, render_slotted, written


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """The parts of a page that are its own."""

    title: Slotted
    breadcrumb: Slotted
    main: Slotted

    def show(self, values: Mapping[str, str]) -> str:
        """Give the page for who asks; values: of the slots, plain text unless it is markup."""
        csrf: str = current_app.jinja_env.globals["csrf_token"]()  # type: ignore[operator]
        given = {**values, "csrf": csrf}
        return show_document(self.title.fill(given), self.breadcrumb.fill(given), self.main.fill(given), csrf)


def kept_page(
    key: Hashable, template: str, slots: Sequence[str], make: Callable[[Mapping[str, Markup]], object]
) -> KeptPage:
    """Give a kept page of the request's release and language.

    make: gives the page context with a mark in each slot; its other values must follow from the key alone.
    """
    found: KeptPage = kept_with(release(), ("page", template, language(), key), lambda: _render(template, slots, make))
    return found


def _render(template: str, slots: Sequence[str], make: Callable[[Mapping[str, Markup]], object]) -> KeptPage:
    nobody = Chrome(
        product="",
        language=language(),
        theme="auto",
        home_url="",
        login_url="",
        logout_url="",
        preferences_url="",
        here="",
    )

    def render(marks: Mapping[str, str]) -> str:
        page = make({name: written((marks[name],)) for name in slots})
        with _csrf_token(marks["csrf"]):
            return current_app.jinja_env.get_template(template).render(page=page, chrome=nobody, cut=marks["cut"])

    _start, title, _, breadcrumb, _, main, *_rest = render_slotted((*slots, "csrf", "cut"), render).cut("cut")
    return KeptPage(title=title, breadcrumb=breadcrumb, main=main)


@contextmanager
def _csrf_token(mark: str) -> Iterator[None]:
    """Let templates write a mark where the request's token stands."""
    own = g.pop("csrf_token", None)
    g.csrf_token = mark
    try:
        yield
    finally:
        del g.csrf_token
        if own is not None:
            g.csrf_token = own
