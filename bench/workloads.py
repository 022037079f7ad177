"""What is asked of both programs: seven kinds of request, each made from its number."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from bench.load import Request
from bench.people import Prepared

API = "/api/v1/records/opportunity"
FILTER = 'stage = "proposal" and amount >= 20000'
FIELDS = "name,account,amount,stage,close_date,owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A kind of request; owed: the least ratio to the hand-written program on PostgreSQL with one client.

    changes: it writes. most: how often it can be asked before records repeat.
    """

    name: str
    owed: float
    make: Callable[[int], Request]
    changes: bool = False
    most: int | None = None


def workloads(prepared: Prepared) -> tuple[Workload, ...]:
    """Make the workloads over a prepared installation."""
    caller = prepared.caller
    token = {"Authorization": f"Bearer {caller.token}"}
    cookie = {"Cookie": f"fieldstone_session={caller.cookie}; fieldstone_language=en"}
    send = token | {"Content-Type": "application/json"}
    readable, own = prepared.readable, prepared.own
    listing = f"{API}?filter={quote(FILTER)}&sort=-amount&fields={FIELDS}&limit=50"

    def created(n: int) -> Request:
        given = {"name": f"Measured {n}", "account": prepared.account, "amount": "5000", "stage": "qualify"}
        body = json.dumps(given | {"close_date": "2027-03-31"}).encode()
        return Request(method="POST", path=API, headers=send, body=body, status=201)

    def moved(n: int) -> Request:
        return Request(method="PATCH", path=f"{API}/{own[n]}", headers=send, body=b'{"stage": "proposal"}')

    def one(n: int) -> str:
        return readable[n * 7919 % len(readable)]

    return (
        Workload(name="get", owed=0.5, make=lambda n: Request(method="GET", path=f"{API}/{one(n)}", headers=token)),
        Workload(name="list of 50", owed=0.5, make=lambda n: Request(method="GET", path=listing, headers=token)),
        Workload(name="create", owed=0.5, make=created, changes=True),
        Workload(name="update, one rule", owed=0.4, make=moved, changes=True, most=len(own)),
        Workload(
            name="HTML list",
            owed=0.6,
            make=lambda n: Request(method="GET", path="/o/opportunity?view=open_deals", headers=cookie),
        ),
        Workload(
            name="HTML form",
            owed=0.4,
            make=lambda n: Request(method="GET", path=f"/o/opportunity/{one(n)}/edit", headers=cookie),
        ),
    )
