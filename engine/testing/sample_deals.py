"""The records that expressions of a corpus are about, the scope they are checked in and the context they see.

A deal of 50,000 CNY with its account, lines and tasks; user Li asks, on Saturday, 21 November 2026, 12:00 in Shanghai.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from engine.testing.sample_model import sample_metamodel
from metamodel.apps import Metamodel
from metamodel.source import LocatedText
from metamodel.values import ForeignMoney, Money, Ref
from workflow_dsl.checker import check_text
from workflow_dsl.compiler import compile_expression
from workflow_dsl.context import PlainContext
from workflow_dsl.functions import FunctionRegistry
from workflow_dsl.scope import Scope
from workflow_dsl.standard_functions import standard_functions


class CaseUnreadable(Exception):
    """A corpus or a case of it is not written as it must be."""


NOW = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
"""12:00 on Saturday, 21 November 2026 in the zone of the sample app (Asia/Shanghai)."""


def _money(amount: str, currency: str = "CNY") -> Money:
    if currency == "CNY":
        return Money(Decimal(amount), currency)
    return ForeignMoney(Decimal(amount), currency, Decimal(amount) * 7)


def _utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


SAMPLE_TABLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "team": {"t1": {"id": "t1", "name": "east"}},
        "queue": {"q1": {"id": "q1", "name": "inside_sales"}},
        "user": {
            "u1": {"id": "u1", "name": "Li", "email": "li@example.com", "manager": "u2", "team": "t1", "active": True},
            "u2": {"id": "u2", "name": "Wang", "email": "wang@example.com", "manager": "u3", "active": True},
            "u3": {"id": "u3", "name": "Zhao", "email": "zhao@example.com", "active": False},
        },
        "account": {
            "a1": {
                "id": "a1", "name": "上海 Acme 阀门", "tier": "gold", "is_partner": True, "credit": _money("1000"),
                "billing_email": "pay@acme.cn", "employees": 250, "owner": Ref("user", "u1"), "parent": "a2",
                "last_activity_at": _utc(2026, 11, 10, 3), "created_at": _utc(2026, 1, 5), "phone": "+8613800138000",
            },
            "a2": {"id": "a2", "name": "Holding", "tier": "silver", "is_partner": False, "owner": Ref("queue", "q1")},
        },
        "contact": {
            "c1": {"id": "c1", "name": "Chen", "email": "pay@acme.cn", "account": "a1"},
            "c2": {"id": "c2", "name": "Bo", "account": "a1"},
        },
        "product": {"p1": {"id": "p1", "name": "Valve", "stock": 5, "sku": "V-1"}},
        "line": {
            "l1": {"id": "l1", "name": "b", "deal": "d1", "product": "p1", "quantity": 2, "price": _money("100"),
                   "discount": Decimal("0.1"), "shipped_on": dt.date(2026, 11, 1), "cancelled": False},
            "l2": {"id": "l2", "name": "a", "deal": "d1", "quantity": 3, "price": _money("50"), "cancelled": True},
            "l3": {"id": "l3", "name": "c", "deal": "d1", "quantity": None, "price": None,
                   "shipped_on": dt.date(2026, 11, 20), "cancelled": False},
            "l9": {"id": "l9", "name": "other", "deal": "d2", "quantity": 99, "price": _money("1")},
        },
        "task": {
            "k1": {"id": "k1", "subject": "Follow up Acme", "status": "open", "about": Ref("deal", "d1"),
                   "assignee": "u1", "due_on": dt.date(2026, 11, 22)},
            "k2": {"id": "k2", "subject": "Call", "status": "done", "about": Ref("account", "a1")},
        },
        "deal": {
            "d1": {
                "id": "d1", "number": "D-1", "name": "Big valves", "account": "a1", "amount": _money("50000"),
                "stage": "proposal", "region": "east", "discount": Decimal("0.2"), "score": Decimal("1.50"),
                "quantity": 7, "close_date": dt.date(2026, 11, 30), "sent_at": _utc(2026, 11, 20, 20),
                "urgent": True, "contact": "c1", "owner": Ref("user", "u1"), "created_by": "u1",
                "created_at": _utc(2026, 11, 1), "modified_at": _utc(2026, 11, 20), "modified_by": "u2", "version": 3,
                "lines_total": _money("350"), "weighted": _money("25000"),
            },
            "d2": {
                "id": "d2", "number": "D-2", "name": "Small", "account": "a1", "stage": "won",
                "amount": _money("100", "USD"), "owner": Ref("queue", "q1"), "created_at": _utc(2026, 10, 1),
                "close_date": dt.date(2026, 10, 15), "urgent": False, "quantity": 0, "version": 1,
            },
        },
    }
)  # fmt: skip

LISTS = MappingProxyType(
    {
        ("deal", "lines"): ("line", "deal"),
        ("deal", "tasks"): ("task", "about"),
        ("account", "deals"): ("deal", "account"),
        ("account", "contacts"): ("contact", "account"),
        ("account", "tasks"): ("task", "about"),
        ("account", "subsidiaries"): ("account", "parent"),
        ("team", "users"): ("user", "team"),
    }
)


@cache
def _metamodel() -> Metamodel:
    return sample_metamodel()


def sample_scope(**options: Any) -> Scope:
    """Give the scope of a deal, with a change at hand unless told otherwise."""
    standard: dict[str, Any] = {"object": "deal", "allows_old": not options.get("needs_sql", False)}
    given = {"functions": standard_functions(), **standard, **options}
    return Scope(metamodel=_metamodel(), **given)


def record_values(changes: Mapping[str, Any] | None = None, record_id: str = "d1") -> dict[str, Any]:
    """Give the values of a sample deal; `changes` are texts of expressions, empty for None."""
    values = dict(SAMPLE_TABLES["deal"][record_id])
    for name, text in (changes or {}).items():
        values[name] = constant(text)
    return values


def sample_context(
    changes: Mapping[str, Any] | None = None, old: Mapping[str, Any] | None = None, *, is_new: bool = False
) -> PlainContext:
    """Give the context of a deal: user Li, manager by role, 1 USD = 7 CNY, Saturday noon in Shanghai."""
    this = record_values(changes)
    tables = {**SAMPLE_TABLES, "deal": {**SAMPLE_TABLES["deal"], "d1": this}}
    return PlainContext(
        this=this,
        old=None if is_new else {**record_values(), **{name: constant(text) for name, text in (old or {}).items()}},
        user="u1",
        now=NOW,
        zone_name="Asia/Shanghai",
        base_currency="CNY",
        tables=tables,
        lists=LISTS,
        settings={"review_limit": _money("100000"), "strict": True},
        rates={"USD": Decimal(7)},
        roles={"u1": ["manager"]},
        teams={"east": ["u1"]},
        managers={"u1": "u2", "u2": "u3"},
        permissions=["waive_review"],
        trees={"account": "parent"},
        holidays=[dt.date(2026, 10, 1)],
        workdays=[dt.date(2026, 11, 22)],
        labels={("deal", "stage", "proposal"): "Proposal"},
    )


def constant(text: Any, functions: FunctionRegistry | None = None) -> Any:
    """Give the value of an expression that reads no record: how cases write values."""
    if text is None:
        return None
    scope = sample_scope(object=None, allows_old=False, functions=functions or standard_functions())
    checked = check_text(LocatedText.plain(str(text)), scope)
    if checked.typed is None:
        raise CaseUnreadable(f"'{text}' is no value: {'; '.join(str(problem) for problem in checked.problems)}")
    return compile_expression(checked.typed).evaluate(PlainContext(now=NOW, zone_name="Asia/Shanghai"))
