"""An installation beside the database of another program, and the rows there that tests know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from engine.access.actor import Actor
from engine.records.types import ListQuery
from tests.support.served import Served

CUSTOMERS: list[dict[str, Any]] = [
    {
        "code": f"C{number:03}",
        "客户名称": f"客户{number}",
        "region": "north" if number % 2 else "south",
        "credit_limit": None if number % 10 == 9 else Decimal(number * 100) / 8,
        "rate": Decimal("0.0500"),
        "since": dt.date(2020, 1, 1) + dt.timedelta(days=number % 7),
        "seen_at": dt.datetime.fromisoformat("2026-01-01T08:00"),
        "active": number % 3 != 0,
        "rep": ("ann@example.com", "bob@example.com", None)[number % 3],
        "parent": "上海/1" if number == 5 else None,
    }
    for number in range(120)
] + [{"code": "上海/1", "客户名称": "ACME", "region": "north", "active": True, "internal_note": "a secret"}]
INVOICES = [
    {"id": number, "number": f"N{number}", "customer": f"C{number % 4:03}", "amount": number, "paid": number > 40}
    for number in range(1, 50)
]


@dataclass
class Erp:
    """An installation and the database of the other program beside it."""

    served: Served
    outer: Engine

    def actor(self, who: str, *roles: str) -> Actor:
        """Give a user with some roles."""
        return Actor(user_id=self.served.user_ids[who], login=who, name=who, roles=frozenset(roles))

    def ids(self, actor: Actor, **query: Any) -> list[str]:
        """Give the ids of a whole list, in its order, page by page."""
        cursor, found = None, []
        while True:
            asked = ListQuery(object="customer", cursor=cursor, **({"limit": 50} | query))
            page = self.served.platform.records.list(actor, asked)
            found += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                return found


def shown(customer: dict[str, Any]) -> Any:
    """Give the id of a row."""
    return customer["code"] if customer["code"] != "上海/1" else "~5LiK5rW3LzE"


def credit_of(customer: dict[str, Any]) -> Decimal:
    """Give the credit of a row, 0 where it has none."""
    return Decimal(customer.get("credit_limit") or 0)
