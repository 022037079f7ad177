"""The markup of linked records in columns and cards: the first few titles, each a link, and how many more there are.

Titles come from people and are escaped here; which records are linked and may be seen was read through the door.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from markupsafe import escape

from engine.records.types import Record
from metamodel.values import LinkedRecords
from ui.written import html_text

SHOWN = 3
"""How many titles stand in a cell."""


def linked_html(value: LinkedRecords, target: str | None) -> str:
    """Write linked records. target: their object, None where its records can't be opened."""
    base = f"/o/{quote(target)}/" if target else ""
    shown = [_one(each.title or "–", f"{base}{each.id}" if base else "") for each in value.records[:SHOWN]]
    more = value.count - len(shown)
    return ", ".join(shown) + (f' <span class="muted nw">+{more}</span>' if more else "")


def links_cell(path: str, label: str, target: str | None) -> Callable[[Record], str]:
    """Make the function that writes a list's cell of linked records."""
    start = f'data-label="{escape(label)}">'

    def write(record: Record) -> str:
        value = record.values.get(path)
        if not isinstance(value, LinkedRecords):
            return f'<td class="nil" {start}</td>'
        return f'<td {start}<span class="linked">{linked_html(value, target)}</span></td>'

    return write


def _one(title: str, href: str) -> str:
    return f'<a href="{href}">{html_text(title)}</a>' if href else html_text(title)
