"""The frame of a page (head, menu, top bar, foot), rendered once per person, language, theme and place in the menu.

Between its pieces base.html has its blocks. What differs from request to request, the CSRF token and the address, are
slots. Keeping frames, and under which key, is the caller's (ui/pages/chrome.py).
"""

from __future__ import annotations

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
