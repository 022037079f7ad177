"""Writes the demo data of the sales app: the same rows at each run, dates relative to the day of loading.

`python -m bench.demo_data` rewrites sample_apps/sales/data/demo/*.csv. A cell that begins with `= ` is an expression
of the app's language, judged when the file is loaded, so that a demo never looks old.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.demo_words import (
    COMPANIES,
    FIRST_WORDS,
    JOBS,
    LEAD_COLUMNS,
    LOST,
    OWNERS,
    PEOPLE,
    POOL_LEADS,
    PRODUCTS,
    SECOND_WORDS,
    STAGES,
    STEPS,
    SUBJECTS,
    TEAMS,
    USERS,
)

TARGET = Path(__file__).resolve().parent.parent / "sample_apps" / "sales" / "data" / "demo"
SEED = 20240229

Row = Mapping[str, object]


def main() -> None:
    """Write all files anew."""
    chance = random.Random(SEED)
    accounts = list(_accounts(chance))
    contacts = list(_contacts(chance, accounts))
    deals = list(_deals(chance, accounts, contacts))
    quotes = list(_quotes(chance, deals))
    _write("team", [{"name": name} for name in TEAMS.values()])
    _write("user", _users())
    _write("account", accounts)
    _write("contact", contacts)
    _write(
        "product", [{"sku": s, "name": n, "series": g, "list_price": p, "active": "true"} for s, n, g, p in PRODUCTS]
    )
    _write("price", _prices())
    _write("lead", _leads(chance))
    _write("opportunity", deals)
    _write("opportunity_line", _lines(chance, deals))
    _write("quote", quotes)
    _write("quote_line", _quote_lines(quotes, deals))
    _write("activity", _activities(chance, accounts))
    _write("task", _tasks(chance, deals))


def _write(name: str, rows: Iterable[Row]) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    found = list(rows)
    with (TARGET / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


def _day(offset: int) -> str:
    return f"= today {'-' if offset < 0 else '+'} {abs(offset)} days"


def _users() -> Iterable[Row]:
    for login, name, team, manager, role in USERS:
        yield {
            "email": f"{login}@demo.example",
            "name": name,
            "team": TEAMS.get(team, ""),
            "manager": f"{manager}@demo.example" if manager else "",
            "roles": role,
            "language": "zh" if ord(name[0]) > 0x2E7F else "en",
        }


def _accounts(chance: random.Random) -> Iterable[Row]:
    for index, name in enumerate(COMPANIES):
        customer = index % 3 != 2
        yield {
            "code": f"DEMO-{index + 1:03d}",
            "name": name,
            "owner": f"{OWNERS[index % len(OWNERS)]}@demo.example",
            "industry": chance.choice(("Manufacturing", "Trade", "Services", "Technology", "Energy")),
            "website": f"https://www.example.com/{index + 1:02d}",
            "phone": f"+86 21 5550 {1000 + index}",
            "status": "customer" if customer else "prospect",
            "tier": chance.choice(("gold", "silver", "bronze")) if customer else "",
            "payment_term": chance.choice(("days_30", "days_60", "prepaid")),
            "founded": chance.randint(1950, 2018),
            "employees": chance.choice((12, 45, 120, 340, 900, 2600)),
            "parent": COMPANIES[index - 7] if index in (9, 18, 27) else "",
            "last_activity_at": f"= now - {chance.randint(1, 40)} days",
        }


def _contacts(chance: random.Random, accounts: list[Row]) -> Iterable[Row]:
    for index, name in enumerate(PEOPLE * 2):
        account = accounts[index % len(accounts)]
        yield {
            "name": name if index < len(PEOPLE) else f"{name} {'Jr' if name.isascii() else '（分部）'}",
            "account": account["name"],
            "title": chance.choice(JOBS),
            "email": f"contact{index + 1:02d}@example.com",
            "mobile": f"+86 138 0013 {8000 + index}",
            "owner": account["owner"],
        }


def _prices() -> Iterable[Row]:
    for sku, _, _, price in PRODUCTS:
        for tier, factor in (("standard", 100), ("gold", 85), ("silver", 92), ("bronze", 97)):
            yield {"product": sku, "tier": tier, "unit_price": price * factor // 100, "valid_from": "2024-01-01"}


def _leads(chance: random.Random) -> Iterable[Row]:
    for index, name in enumerate(PEOPLE[:24]):
        status = chance.choice(("new", "new", "contacted", "qualified", "unqualified"))
        yield {
            "name": name,
            "company": f"{chance.choice(FIRST_WORDS)} {chance.choice(SECOND_WORDS)}",
            "email": f"lead{index + 1:02d}@example.org",
            "phone": f"+86 139 1122 {3300 + index}",
            "source": chance.choice(("website", "referral", "fair", "phone", "partner")),
            "region": chance.choice(("east", "north", "south", "west")),
            "status": status,
            "interest": chance.choice(PRODUCTS)[0],
            "budget": chance.choice((20000, 50000, 80000, 150000)),
            "owner": f"{OWNERS[index % len(OWNERS)]}@demo.example",
        }
    yield from (dict(zip(LEAD_COLUMNS, cells, strict=True)) for cells in POOL_LEADS)


def _deals(chance: random.Random, accounts: list[Row], contacts: list[Row]) -> Iterable[Row]:
    stages = [stage for stage, times in STAGES for _ in range(times)]
    for index, stage in enumerate(stages):
        account = accounts[index * 7 % len(accounts)]
        product = PRODUCTS[index % len(PRODUCTS)]
        closed = stage in ("won", "lost")
        age = chance.randint(35, 160) if closed else chance.randint(3, 60)
        known = [contact["name"] for contact in contacts if contact["account"] == account["name"]]
        yield {
            "reference": f"D-{index + 1:04d}",
            "name": f"{account['name']}: {SUBJECTS[index % len(SUBJECTS)]}",
            "account": account["name"],
            "contact": known[0] if known else "",
            "product": product[0],
            "amount": product[3] * chance.choice((2, 4, 5, 8, 10, 16)),
            "stage": stage,
            "opened_on": f"= today - {age} days",
            "close_date": f"= today - {chance.randint(0, 30)} days"
            if closed
            else f"= today + {chance.randint(3, 90)} days",
            "lost_reason": chance.choice(LOST) if stage == "lost" else "",
            "competitor": "Riverside AG" if stage == "lost" else "",
            "next_step": "" if closed else chance.choice(STEPS),
            "owner": account["owner"],
        }


def _lines(chance: random.Random, deals: list[Row]) -> Iterable[Row]:
    for index, deal in enumerate(deals):
        for offset in range(1 + index % 3):
            product = PRODUCTS[(index + offset * 3) % len(PRODUCTS)]
            yield {
                "opportunity": deal["reference"],
                "product": product[0],
                "quantity": chance.choice((1, 2, 4, 10)),
                "unit_price": product[3],
                "discount": chance.choice(("0%", "5%", "10%")),
            }


def _quotes(chance: random.Random, deals: list[Row]) -> Iterable[Row]:
    for index, deal in enumerate(deal for deal in deals if deal["stage"] in ("proposal", "negotiation", "won")):
        status = {"proposal": "sent", "negotiation": "sent", "won": "accepted"}[str(deal["stage"])]
        yield {
            "reference": f"QT-{index + 1:04d}",
            "opportunity": deal["reference"],
            "status": status if index % 4 else "draft",
            "sent_at": f"= now - {chance.randint(1, 6)} days" if index % 4 else "",
            "valid_until": f"= today + {chance.randint(10, 45)} days",
            "discount": chance.choice(("0%", "5%", "10%", "15%")),
            "owner": deal["owner"],
        }


def _quote_lines(quotes: list[Row], deals: list[Row]) -> Iterable[Row]:
    """Offer the deal's main product in the quantity that makes up the deal's amount."""
    prices = {product[0]: product[3] for product in PRODUCTS}
    by_reference = {deal["reference"]: deal for deal in deals}
    for quote in quotes:
        deal = by_reference[quote["opportunity"]]
        price = prices[str(deal["product"])]
        yield {
            "quote": quote["reference"],
            "product": deal["product"],
            "quantity": int(str(deal["amount"])) // price,
            "unit_price": price,
        }


def _activities(chance: random.Random, accounts: list[Row]) -> Iterable[Row]:
    for index in range(90):
        account = accounts[index % len(accounts)]
        yield {
            "type": chance.choice(("call", "meeting", "visit", "note", "mail")),
            "subject": chance.choice(
                ("Talked about delivery dates", "现场拜访", "Sent the catalogue", "讨论价格条款", "Quarterly review")
            ),
            "about": f"account:{account['name']}",
            "happened_at": f"= now - {chance.randint(1, 60)} days",
            "owner": account["owner"],
        }


def _tasks(chance: random.Random, deals: list[Row]) -> Iterable[Row]:
    for index, deal in enumerate(deals[:46]):
        yield {
            "subject": chance.choice(("Send offer", "回访客户", "Prepare the demo", "Check credit", "确认交期")),
            "about": f"opportunity:{deal['reference']}",
            "assignee": deal["owner"],
            "owner": deal["owner"],
            "due_on": _day(index % 14 - 4),
            "status": "done" if index % 5 == 0 else "open",
            "priority": chance.choice(("low", "normal", "high")),
        }


if __name__ == "__main__":
    main()
