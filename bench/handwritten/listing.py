"""The list of open deals in the hand-written program: fifty rows, their count, and one template.

The same content as the product's list: columns as people read them, heads that sort, the way to the next page.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import render_template

from bench.handwritten.queries import VISIBLE
from bench.handwritten.store import Store

STAGES = {
    "prospect": ("Prospect", "gray"),
    "qualify": ("Qualify", "blue"),
    "proposal": ("Proposal", "amber"),
    "negotiation": ("Negotiation", "purple"),
    "won": ("Won", "green"),
    "lost": ("Lost", "red"),
}
_OPEN = "o.deleted_at IS NULL AND " + VISIBLE.format("o") + " AND o.stage NOT IN ('won', 'lost')"
_ROWS = (
    "SELECT o.id, o.name, o.account, a.title_, x.title_, o.amount, o.stage, o.close_date FROM sales_opportunity o "
    "LEFT JOIN core_account a ON a.id = o.account AND a.deleted_at IS NULL AND " + VISIBLE.format("a") + " "
    "LEFT JOIN core_user x ON x.id = a.owner WHERE " + _OPEN
    + " ORDER BY o.close_date, o.amount_base DESC, o.id LIMIT 51"
)  # fmt: skip
_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM sales_opportunity o WHERE {_OPEN} LIMIT 1001) q"
_TINTS = ("blue", "green", "amber", "purple", "red", "teal")


def open_deals(store: Store, who: dict[str, Any]) -> str:
    """Show the first open deals."""
    rows = store.rows(_ROWS, who)
    count = store.rows(_COUNT, who)[0][0]
    deals = [
        (id_, name, account, title, person(owner) if owner else None, _money(store, amount), *STAGES[stage], *_day(day))
        for id_, name, account, title, owner, amount, stage, day in rows[:50]
    ]
    return render_template(
        "list.html",
        deals=deals,
        count="1,000+" if count > 1000 else f"{count:,}",
        following=urlencode({"after": f"{rows[49][7]} {rows[49][5]} {rows[49][0]}"}) if len(rows) > 50 else "",
    )


@lru_cache(maxsize=1024)
def person(name: str) -> tuple[str, str, str]:
    """Give a person's name, initials and colour."""
    words = name.split()
    return name, (words[0][:1] + words[-1][:1]).upper(), _TINTS[sum(map(ord, name)) % len(_TINTS)]


@lru_cache(maxsize=4096)
def _day(value: Any) -> tuple[str, str]:
    """Give a day as a page's markup has it, and as people read it."""
    day = dt.date.fromisoformat(value) if isinstance(value, str) else value
    return (day.isoformat(), f"{day:%b} {day.day}, {day.year}") if day is not None else ("", "")


def _money(store: Store, value: Any) -> str:
    if value is None:
        return ""
    return f"¥{Decimal(value).scaleb(-2) if store.sqlite else value:,.2f}"
