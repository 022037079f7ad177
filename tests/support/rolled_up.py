"""An app of three levels of roll-ups over items: every function with and without `where`, and roll-ups over roll-ups.

What each roll-up has to be is computed here from the rows it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from metamodel.values import Money

FILES = {
    "objects/house.yaml": """
        object: house
        label: House
        title: "{name}"
        fields:
          name: {type: text}
          firms_count: {type: rollup, of: firms, function: count}
          worth: {type: rollup, of: firms.worth, function: sum}
          best: {type: rollup, of: firms.best, function: max, where: jobs_count > 1}
          least_parts: {type: rollup, of: firms.least_parts, function: min}
          usual: {type: rollup, of: firms.usual, function: avg, where: jobs_count > 1}
          newest: {type: rollup, of: firms.newest, function: first, sorted_by: -worth}
        """,
    "objects/firm.yaml": """
        object: firm
        label: Firm
        title: "{name}"
        fields:
          house: {type: lookup, to: house, inverse: firms}
          name: {type: text}
          jobs_count: {type: rollup, of: jobs, function: count}
          worth: {type: rollup, of: jobs.total, function: sum}
          best: {type: rollup, of: jobs.dearest, function: max}
          least_parts: {type: rollup, of: jobs.parts, function: min}
          usual: {type: rollup, of: jobs.usual, function: avg}
          newest: {type: rollup, of: jobs.last_day, function: last, sorted_by: name}
          busy: {type: rollup, of: jobs, function: count, where: parts > 1}
        """,
    "objects/job.yaml": """
        object: job
        label: Job
        title: "{name}"
        fields:
          firm: {type: child_of, to: firm, inverse: jobs, required: true}
          name: {type: text}
          parts: {type: rollup, of: items, function: count}
          total: {type: rollup, of: items.price, function: sum, where: not extra}
          cheapest: {type: rollup, of: items.price, function: min}
          dearest: {type: rollup, of: items.price, function: max, where: not extra}
          usual: {type: rollup, of: items.size, function: avg}
          first_name: {type: rollup, of: items.name, function: first, sorted_by: -day}
          last_day: {type: rollup, of: items.day, function: last, sorted_by: size}
          earliest: {type: rollup, of: items.day, function: min}
          widest: {type: rollup, of: items.twice, function: max}
          plain: {type: rollup, of: items, function: count, where: not extra}
          plain_least: {type: rollup, of: items.size, function: min, where: not extra}
          plain_usual: {type: rollup, of: items.size, function: avg, where: not extra}
          plain_first: {type: rollup, of: items.name, function: first, sorted_by: size, where: not extra}
          plain_last: {type: rollup, of: items.day, function: last, sorted_by: -size, where: not extra}
          double: {type: money, formula: total * 2}
          spare: {type: rollup, of: spare_items, function: count}
          spare_least: {type: rollup, of: spare_items.price, function: min}
          spare_most: {type: rollup, of: spare_items.price, function: max, where: not extra}
          spare_day: {type: rollup, of: spare_items.day, function: max}
        """,
    "objects/item.yaml": """
        object: item
        label: Item
        title: "{name}"
        fields:
          job: {type: child_of, to: job, inverse: items, required: true}
          spare: {type: lookup, to: job, inverse: spare_items}
          name: {type: text}
          price: {type: money}
          size: {type: integer}
          twice: {type: integer, formula: size * 2}
          day: {type: date}
          extra: {type: boolean}
        """,
}


def of_job(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compute the figures of a job over its items."""
    plain = [item for item in items if not item["extra"]]
    total = sum((item["price"].amount for item in plain if item["price"] is not None), Decimal(0))
    return {
        "parts": len(items),
        "total": _money(total),
        "cheapest": _extreme(min, items, "price"),
        "dearest": _extreme(max, plain, "price"),
        "usual": _average([item["size"] for item in items if item["size"] is not None]),
        "first_name": _picked(items, "name", "day", descending=True, last=False),
        "last_day": _picked(items, "day", "size", descending=False, last=True),
        "earliest": _extreme(min, items, "day"),
        "widest": _extreme(max, items, "twice"),
        "double": _money(total * 2),
        "plain": len(plain),
        "plain_least": _extreme(min, plain, "size"),
        "plain_usual": _average([item["size"] for item in plain if item["size"] is not None]),
        "plain_first": _picked(plain, "name", "size", descending=False, last=False),
        "plain_last": _picked(plain, "day", "size", descending=True, last=True),
    }


def of_spares(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compute the figures of a job over the items that it is spare for."""
    return {
        "spare": len(items),
        "spare_least": _extreme(min, items, "price"),
        "spare_most": _extreme(max, [item for item in items if not item["extra"]], "price"),
        "spare_day": _extreme(max, items, "day"),
    }


def of_firm(jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compute the figures of a firm over its jobs."""
    return {
        "jobs_count": len(jobs),
        "worth": _money(sum((job["total"].amount for job in jobs), Decimal(0))),
        "best": _extreme(max, jobs, "dearest"),
        "least_parts": _extreme(min, jobs, "parts"),
        "usual": _average([job["usual"] for job in jobs if job["usual"] is not None]),
        "newest": _picked(jobs, "last_day", "name", descending=False, last=True),
        "busy": sum(1 for job in jobs if job["parts"] > 1),
    }


def of_house(firms: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compute the figures of a house over its firms."""
    large = [firm for firm in firms if firm["jobs_count"] > 1]
    return {
        "firms_count": len(firms),
        "worth": _money(sum((firm["worth"].amount for firm in firms), Decimal(0))),
        "best": _extreme(max, large, "best"),
        "least_parts": _extreme(min, firms, "least_parts"),
        "usual": _average([firm["usual"] for firm in large if firm["usual"] is not None]),
        "newest": _picked(firms, "newest", "worth", descending=True, last=False),
    }


def _money(amount: Decimal) -> Money:
    return Money(amount.quantize(Decimal("0.01")), "CNY")


def _extreme(pick: Callable[..., Any], rows: Sequence[dict[str, Any]], name: str) -> Any:
    values = [row[name] for row in rows if row[name] is not None]
    return pick(values, key=lambda each: each.amount if isinstance(each, Money) else each, default=None)


def _average(values: Sequence[Any]) -> Decimal | None:
    if not values:
        return None
    return (Decimal(sum(values)) / len(values)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _picked(rows: Sequence[dict[str, Any]], name: str, by: str, *, descending: bool, last: bool) -> Any:
    """Give the value of the first or last row; empties stand at the end, equal ones by id."""
    filled = sorted((row for row in rows if row[by] is not None), key=lambda row: row["id"])
    filled.sort(key=lambda row: row[by].amount if isinstance(row[by], Money) else row[by], reverse=descending)
    ordered = [*filled, *sorted((row for row in rows if row[by] is None), key=lambda row: row["id"])]
    return ordered[-1 if last else 0][name] if ordered else None
