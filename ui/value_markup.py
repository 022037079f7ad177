"""Markup of values that are more than a text: colour swatches, stars, formatted text. Used by lists and record pages.

Every part that comes from a record is escaped or sanitised here; what cells and pages look like is theirs.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import phonenumbers
from markupsafe import Markup, escape

from metamodel.field_types.json_documents import pretty
from metamodel.field_types.rich_text import plain_text, sanitised
from ui.written import html_text


def swatch(color: str) -> str:
    """Draw a colour beside its code."""
    safe = escape(color)
    # An attribute of the drawing, since the content policy takes no inline style.
    square = f'<rect width="14" height="14" rx="3" fill="{safe}"/>'
    return f'<svg class="swatch" width="14" height="14" aria-hidden="true">{square}</svg> <span>{safe}</span>'


def stars(value: int, most: int) -> str:
    """Draw a rating as stars; screen readers hear the number."""
    drawn = "★" * value + "☆" * max(0, most - value)
    return f'<span class="stars" aria-hidden="true">{drawn}</span><span class="sr-only">{value} / {most}</span>'


def formatted(markup: str) -> Markup:
    """Give formatted text for a page; it is cleaned once more, wherever the value came from."""
    return Markup(f'<div class="rich-text">{sanitised(markup) or ""}</div>')  # noqa: S704


def document(text: str) -> Markup:
    """Draw a JSON document, a line a key."""
    return Markup('<div class="rich-text"><pre>{}</pre></div>').format(pretty(text))


def short_text(markup: str, longest: int) -> str:
    """Give the first words of formatted text, escaped, for a cell of a list."""
    return str(escape(" ".join(plain_text(markup).split())[:longest]))


def day(value: dt.date, text: str) -> str:
    """Draw a date."""
    return f'<time datetime="{value.isoformat()}">{text}</time>'


def instant(value: dt.datetime, text: str) -> str:
    """Draw a moment; scripts say how long ago it was."""
    # Values are aware and in UTC everywhere above the driver.
    return f'<time datetime="{value.isoformat()[:19]}Z" data-fs-relative>{text}</time>'


@lru_cache(maxsize=4096)
def phone_text(value: str) -> str:
    """Group a stored number as people read it: +86 138 0013 8000; what is no number stays as it is."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def phone_link(value: str) -> str:
    """Draw a phone number as a link that calls it."""
    return f'<a class="num" href="tel:{html_text(value)}">{html_text(phone_text(value))}</a>'


def web_link(value: str) -> str:
    """Draw a web address as a link."""
    text = html_text(value)
    if not value.startswith(("https://", "http://")):
        return text
    return f'<a href="{text}" rel="noopener noreferrer nofollow">{text}</a>'
