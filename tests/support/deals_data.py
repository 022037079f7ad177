"""Random deals, accounts and lines of the app in `deals`: every mixture of values and empties, the same in each run."""

from __future__ import annotations

import random

from engine.records.types import SaveRow
from tests.support.deals import Deals

_WORDS = ("Acme", "ＡＣＭＥ", "阀门", "Größe", None, None, "a", "100%", "o'k", "x_y", "b a")


def fill(deals: Deals) -> None:
    """Make records with every mixture of values and empties."""
    chance = random.Random(20261121)
    some = chance.choice
    users = [deals.ann.user_id, deals.bob.user_id, deals.cara.user_id, None]
    accounts: list[str | None] = [None]
    for _ in range(8):
        values = {"name": some([w for w in _WORDS if w]), "industry": some(_WORDS), "employees": some([None, 0, 3, 50])}
        values["parent"] = some(accounts)
        accounts.append(deals.records.create(deals.system, "account", values).record.id)
    rows = [
        SaveRow(
            values={
                "name": some([w for w in _WORDS if w]),
                "code": some([None, f"c{number}"]),
                "account": some(accounts),
                "amount": some([None, 0, "0.01", "12.50", "100000", "49999.99"]),
                "discount": some([None, 0, "20%", "33.33%", "1"]),
                "factor": some([None, "0", "-1.5", "0.0001", "12.25", "7"]),
                "count": some([None, 0, -3, 7, 50]),
                "stage": some(["open", "lost", None]),
                "close": some([None, "2026-11-21", "2026-12-31", "2027-02-28"]),
                "opened": some([None, "2026-01-31", "2026-10-22", "2024-02-29", "2026-11-20"]),
                "seen_at": some([None, "2026-11-20T15:59:59Z", "2026-11-20T16:00:00Z", "2026-03-01T08:15:30.5Z"]),
                "hot": some([True, False]),
                "owner": {"object": "user", "id": user} if (user := some(users)) else None,
            }
        )
        for number in range(60)
    ]
    result = deals.records.save_many(deals.system, "deal", rows)
    ids = [row.id for row in result.rows if row.id is not None]
    assert len(ids) > 40, result.refused
    lines = [
        SaveRow(
            values={
                "deal": some(ids),
                "product": some(["a", "Acme"]),
                "quantity": some([1, 3]),
                "price": some([None, "0.1", "7"]),
            }
        )
        for _ in range(80)
    ]
    assert not deals.records.save_many(deals.system, "line", lines).refused
