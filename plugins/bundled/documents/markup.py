"""Writes spans as the markup that paragraphs of ReportLab read: every character escaped, every run in its font."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from plugins.bundled.documents.blocks import Span
from plugins.bundled.documents.fonts import PLAIN_FONT, Typeface

_FIRST_WIDE = 0x2E80


def marked_up(spans: Sequence[Span], typeface: Typeface, *, bold: bool = False) -> str:
    """Give the markup of a text; bold: all of it."""
    return "".join(_span(span, typeface, bold=bold or span.bold) for span in spans)


def is_broken_anywhere(spans: Sequence[Span]) -> bool:
    """Say whether lines of a text may end between any two characters, as those of Chinese do."""
    return any(not span.text.isascii() and any(ord(ch) >= _FIRST_WIDE for ch in span.text) for span in spans)


def _span(span: Span, typeface: Typeface, *, bold: bool) -> str:
    lines = (
        "".join(_run(font, run) for font, run in typeface.runs(line, bold=bold, italic=span.italic))
        for line in span.text.split("\n")
    )
    text = "<br/>".join(lines)
    if span.struck:
        text = f"<strike>{text}</strike>"
    return f'<a href="{escape(span.link)}" color="#1d4ed8">{text}</a>' if span.link else text


def _run(font: str, run: str) -> str:
    return escape(run) if font == PLAIN_FONT else f'<font name="{escape(font)}">{escape(run)}</font>'
