"""The form of a deal in the hand-written program: the record, what its lookups offer, its lines, and one template.

The same content as the product's form: fields in their sections, first records of each lookup, the grid of lines.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from flask import abort, render_template, request

from bench.handwritten.listing import STAGES
from bench.handwritten.queries import VISIBLE
from bench.handwritten.store import Store
from bench.people import CLOSED

_RECORD = (
    "SELECT o.id, o.version, o.number, o.reference, o.name, o.account, a.title_, o.contact, c.title_, o.product, "
    "p.title_, o.amount, o.stage, o.probability, o.weighted, t.tier, o.lines_total, o.opened_on, o.close_date, "
    "o.lost_reason, o.competitor, o.at_risk, o.risk_reason, o.review_status, o.next_step, o.description, o.owner, "
    "w.title_ FROM sales_opportunity o "
    "LEFT JOIN core_account a ON a.id = o.account AND a.deleted_at IS NULL AND " + VISIBLE.format("a") + " "
    "LEFT JOIN core_account t ON t.id = o.account "
    "LEFT JOIN core_contact c ON c.id = o.contact AND c.deleted_at IS NULL AND " + VISIBLE.format("c") + " "
    "LEFT JOIN sales_product p ON p.id = o.product AND p.deleted_at IS NULL LEFT JOIN core_user w ON w.id = o.owner "
    "WHERE o.id = %(id)s AND o.deleted_at IS NULL AND " + VISIBLE.format("o")
)  # fmt: skip
_NAMES = (
    "id", "version", "number", "reference", "name", "account", "account_title", "contact", "contact_title", "product",
    "product_title", "amount", "stage", "probability", "weighted", "tier", "lines_total", "opened_on", "close_date",
    "lost_reason", "competitor", "at_risk", "risk_reason", "review_status", "next_step", "description", "owner",
    "owner_title",
)  # fmt: skip
_OFFERED = (
    "SELECT * FROM (SELECT 0, a.id, a.title_ FROM core_account a WHERE a.deleted_at IS NULL AND " + VISIBLE.format("a")
    + " ORDER BY a.name_sort, a.id LIMIT 20) a "
    "UNION ALL SELECT * FROM (SELECT 1, c.id, c.title_ FROM core_contact c WHERE c.deleted_at IS NULL "
    "AND c.account = %(account)s AND " + VISIBLE.format("c") + " ORDER BY c.name_sort, c.id LIMIT 20) c "
    "UNION ALL SELECT * FROM (SELECT 2, p.id, p.title_ FROM sales_product p WHERE p.deleted_at IS NULL "
    "ORDER BY p.name_sort, p.id LIMIT 20) p "
    "UNION ALL SELECT * FROM (SELECT 3, u.id, u.title_ FROM core_user u WHERE u.deleted_at IS NULL AND u.active "
    "ORDER BY u.name_sort, u.id LIMIT 20) u"
)  # fmt: skip
_LINES = (
    "SELECT l.id, l.version, l.product, p.title_, l.quantity, l.unit_price, l.discount, l.amount "
    "FROM sales_opportunity_line l LEFT JOIN sales_product p ON p.id = l.product "
    "WHERE l.opportunity = %(id)s AND l.deleted_at IS NULL ORDER BY l.id LIMIT 200"
)
_LINE_NAMES = ("id", "version", "product", "product_title", "quantity", "unit_price", "discount", "amount")
_STARTED = (
    "name", "account", "contact", "product", "amount", "stage", "opened_on", "close_date", "owner", "next_step",
    "reference", "description",
)  # fmt: skip
_NEXT = {
    "prospect": ("qualify", "proposal", "lost"),
    "qualify": ("prospect", "proposal", "lost"),
    "proposal": ("qualify", "negotiation", "won", "lost"),
    "negotiation": ("proposal", "won", "lost"),
}
_NEED_ACCOUNT = ("proposal", "negotiation", "won")
_SECRET = b"a key of the hand-written program"


def deal_form(store: Store, who: dict[str, Any], record_id: str) -> str:
    """Show the form of a deal that the caller may change."""
    rows = store.rows(_RECORD, who | {"id": record_id})
    if not rows:
        abort(404)
    record = dict(zip(_NAMES, rows[0], strict=True))
    if str(record["owner"]) != who["user"] or record["stage"] in CLOSED:
        abort(403)
    offered: list[list[tuple[str, str]]] = [[], [], [], []]
    for kind, key, title in store.rows(_OFFERED, who | {"account": record["account"]}):
        offered[kind].append((f"user:{key}" if kind == 3 else str(key), title))
    lines = [dict(zip(_LINE_NAMES, row, strict=True)) for row in store.rows(_LINES, {"id": record_id})]
    for line in lines:
        line["unit_price"] = _plain(store, line["unit_price"])
        line["discount"] = _plain(store, line["discount"], 4, 100)
        line["amount"] = _money(store, line["amount"])
    started = {name: record[name] for name in _STARTED}
    started["owner"] = f"user:{record['owner']}"
    started["amount"] = record["amount"] = _plain(store, record["amount"])
    for name in ("weighted", "lines_total"):
        record[name] = _money(store, record[name])
    record["probability"] = f"{_plain(store, record['probability'], 4, 100)}%"
    return render_template(
        "form.html",
        record=record,
        started=started.items(),
        lines=lines,
        blank=1 if lines else 3,
        accounts=offered[0],
        contacts=offered[1],
        products=offered[2],
        users=offered[3],
        stages=[
            (name, STAGES[name][0]) for name in STAGES if name == record["stage"] or name in _NEXT[record["stage"]]
        ],
        needing=_NEED_ACCOUNT,
        csrf=_csrf_token(),
    )


def _csrf_token() -> str:
    cookie = request.cookies.get("fieldstone_session", "")
    return hashlib.blake2b(cookie.encode(), key=_SECRET, digest_size=32).hexdigest()


def _plain(store: Store, value: Any, scale: int = 2, times: int = 1) -> str:
    """Give a number as an input shows it."""
    if value is None:
        return ""
    number = (Decimal(value).scaleb(-scale) if store.sqlite else value) * times
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _money(store: Store, value: Any) -> str:
    """Give an amount as people read it."""
    if value is None:
        return ""
    return f"¥{Decimal(value).scaleb(-2) if store.sqlite else value:,.2f}"
