"""An installation beside the database of another program, and the rows there that tests know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, event

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


Meant = Callable[[dict[str, Any]], Any]
FILTERS: dict[str, Meant] = {
    'name = "客户7"': lambda each: each["客户名称"] == "客户7",
    'name contains "acme"': lambda each: each["客户名称"] == "ACME",
    'name != "客户7"': lambda each: each["客户名称"] != "客户7",
    'not (region = "north")': lambda each: each["region"] != "north",
    'region in ["north", "south"] and active': lambda each: each["active"],
    "credit between 100 and 200": lambda each: each.get("credit_limit") and 100 <= credit_of(each) <= 200,
    "credit = 62.5 CNY": lambda each: each["code"] == "C005",
    "credit is empty": lambda each: each.get("credit_limit") is None,
    "credit is not empty and credit < 50": lambda each: each.get("credit_limit") is not None and credit_of(each) < 50,
    'since = date("2020-01-03") or name = "ACME"': lambda each: (
        each.get("since") == dt.date(2020, 1, 3) or each["客户名称"] == "ACME"
    ),
    'since >= date("2020-01-06")': lambda each: (each.get("since") or dt.date(1, 1, 1)) >= dt.date(2020, 1, 6),
    "double_credit > 2500": lambda each: credit_of(each) > 1250,
    "owner = user": lambda each: each.get("rep") == "bob@example.com",
    'owner.name = "ann"': lambda each: each.get("rep") == "ann@example.com",
    "parent is not empty": lambda each: each["code"] == "C005",
    "len(name) = 3": lambda each: len(each["客户名称"]) == 3,
}


@contextmanager
def asked_there() -> Iterator[list[str]]:
    """Give the statements that ask for customers of the other database."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM customers" in statement and "SELECT" in statement and "sqlite_master" not in statement:
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
