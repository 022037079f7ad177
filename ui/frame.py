"""The frame of a page (head, menu, top bar, foot), rendered once per person, language, theme and place in the menu.

Between its pieces base.html has its blocks. What differs from request to request, the CSRF token and the address, are
slots. Keeping frames, and under which key, is the caller's (ui/pages/chrome.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jinja2 import Environment
from markupsafe import Markup

from ui.page_parts import Chrome
from ui.written import Slotted, render_slotted


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The pieces in their order; those with slots take `csrf` and `here`."""

    top: Markup
    opened: Slotted
    menu: Markup
    bar: Markup
    bar_end: Slotted
    messages: Markup
    foot: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole of base.html around what is a page's own: `title`, `breadcrumb`, `main` and `messages`."""

    before_title: Slotted
    before_breadcrumb: Slotted
    before_main: Slotted
    before_messages: Slotted
    end: Slotted


def compile_document(environment: Environment, chrome: Chrome) -> Document:
    """Render base.html once around empty blocks, with slots `csrf` and `here`; `chrome` holds its frame."""

    def render(marks: Mapping[str, str]) -> str:
        own = replace(chrome, here=marks["here"])
        template = environment.get_template("base.html")
        return template.render(chrome=own, cut=marks["cut"], csrf_token=lambda: marks["csrf"])

    parts = render_slotted(("csrf", "here", "cut"), render).cut("cut")
    names = ("before_title", "before_breadcrumb", "before_main", "before_messages", "end")
    return Document(**dict(zip(names, parts[::2], strict=True)))


def compile_frame(environment: Environment, chrome: Chrome) -> Frame:
    """Render the frame of everything in `chrome` but its address and messages."""
    macros = environment.get_template("macros/frame.html").module
    pieces = vars(macros)

    def slotted(name: str) -> Slotted:
        return render_slotted(
            ("csrf", "here"), lambda marks: pieces[name](replace(chrome, here=marks["here"]), marks["csrf"])
        )

    return Frame(
        top=pieces["top"](chrome),
        opened=slotted("opened"),
        menu=environment.globals["ui"].side_menu(chrome.menus),  # type: ignore[attr-defined]
        bar=pieces["bar"](chrome),
        bar_end=slotted("bar_end"),
        messages=pieces["messages"](chrome),
        foot=pieces["foot"](chrome),
    )
