"""The markup of shown values: pills, persons, links and times, wherever a value stands outside of a list's rows.

Templates reach it as `ui.value(shown)`; read-only fields of forms use it directly. Which kind a value has is decided
in ui/pages/values.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ui.avatars import initials, tint
from ui.page_parts import Shown
from ui.written import html_text

_EMPTY = '<span class="nil" aria-hidden="true">–</span>'


def shown_html(shown: Shown) -> str:
    """Write a shown value; an empty one is a dash that screen readers skip."""
    if shown.markup:
        return str(shown.markup)
    if not shown.text:
        return _EMPTY
    writer = _WRITERS.get(shown.kind)
    return writer(shown, html_text(shown.text)) if writer is not None else html_text(shown.text)


def person_html(name: str, href: str = "") -> str:
    """Write a person's avatar and name."""
    inside = (
        f'<span class="avatar tint-{tint(name)}" aria-hidden="true">{html_text(initials(name, small=True))}</span>'
        f"<span>{html_text(name)}</span>"
    )
    if href:
        return f'<a class="person" href="{html_text(href)}">{inside}</a>'
    return f'<span class="person">{inside}</span>'


def masked_html(mask: str) -> str:
    """Write what stands for a value that is shown masked."""
    return f'<span class="masked">{html_text(mask)}</span>'


def _pill(shown: Shown, text: str) -> str:
    return f'<span class="pill pill-{html_text(shown.color or "gray")}">{text}</span>'


def _person(shown: Shown, text: str) -> str:
    return person_html(shown.text, shown.href)


def _link(shown: Shown, text: str) -> str:
    return f'<a href="{html_text(shown.href)}">{text}</a>' if shown.href else text


def _email(shown: Shown, text: str) -> str:
    return f'<a href="mailto:{text}">{text}</a>'


def _phone(shown: Shown, text: str) -> str:
    return f'<a class="num" href="{html_text(shown.href)}">{text}</a>'


def _address(shown: Shown, text: str) -> str:
    if not shown.href.startswith(("http://", "https://")):
        return text
    return f'<a href="{html_text(shown.href)}" rel="noopener noreferrer nofollow">{text}</a>'


def _date(shown: Shown, text: str) -> str:
    return f'<time datetime="{html_text(shown.iso)}">{text}</time>'


def _instant(shown: Shown, text: str) -> str:
    return f'<time datetime="{html_text(shown.iso)}" data-fs-relative>{text}</time>'


def _number(shown: Shown, text: str) -> str:
    return f'<span class="num">{text}</span>'


def _long_text(shown: Shown, text: str) -> str:
    return f'<span class="value-text">{text}</span>'


def _masked(shown: Shown, text: str) -> str:
    return masked_html(shown.text)


_WRITERS: Mapping[str, Callable[[Shown, str], str]] = MappingProxyType(
    {
        "choice": _pill,
        "tags": _pill,
        "user": _person,
        "masked": _masked,
        "lookup": _link,
        "child_of": _link,
        "email": _email,
        "phone": _phone,
        "url": _address,
        "date": _date,
        "datetime": _instant,
        "long_text": _long_text,
        **dict.fromkeys(("integer", "decimal", "percent", "money", "rollup", "duration", "time", "barcode"), _number),
    }
)
