"""A served shop whose customers visit, download and buy elsewhere; the clock is the test's."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from engine.clock import FixedClock
from tests.support.platforms import small_app
from tests.support.served import Served, serve_deals

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
FILES = {
    "objects/customer.yaml": """
        object: customer
        label: {en: Customer, zh: 顾客}
        title: "{name}"
        fields:
          name: {type: text, required: true, personal: true}
          number: {type: text, external_id: true}
          email: {type: email, personal: true, index: true}
          phone: {type: phone, personal: true}
          card: {type: integer}
          noted: {type: text}
          score: {type: rollup, of: behaviours.points, function: sum}
        """,
    "objects/behaviour.yaml": """
        object: behaviour
        label: {en: Behaviour, zh: 行为}
        title: "{page}"
        events: {person: customer, at: happened_at, found_by: {number: number, mail: email, phone: phone, card: card}}
        retention: {where: customer is empty, after: 90 days, do: erase}
        fields:
          kind: {type: choice, options: [page_view, download, purchase], required: true}
          happened_at: {type: datetime, required: true, default: = now}
          page: {type: text, max_length: 60}
          amount: {type: money}
          number: {type: text}
          mail: {type: email, personal: true, index: true}
          phone: {type: phone, personal: true}
          card: {type: integer}
          points: {type: integer, formula: 'if(kind = "purchase", 10, if(kind = "download", 3, 1))'}
          customer: {type: lookup, to: customer, inverse: behaviours, on_delete: clear}
        """,
    "roles/rep.yaml": "role: rep\nlabel: Rep\nobjects: {customer: {read: all}, behaviour: {read: all}}\n",
    "roles/boss.yaml": """
        role: boss
        label: Boss
        objects: {customer: {create: yes, read: all, update: all, delete: all}, behaviour: {create: yes, read: own}}
        """,
    "rules/visits.rules": """
        rule bought
          when behaviour is created
          if kind = "purchase" and customer is not empty
          then update customer { noted: "bought" }

        rule found_out
          when behaviour.customer changes
          if page starts with "/early"
          then update customer { noted: "found out" }
        """,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """An installation whose clock the test moves."""

    served: Served
    clock: FixedClock

    def send(self, *events: dict[str, Any], who: str = "boss") -> TestResponse:
        """Send events: each its values, with its id among them."""
        rows = [{"id": each["id"], "values": {k: v for k, v in each.items() if k != "id"}} for each in events]
        body = json.dumps({"object": "behaviour", "events": rows})
        return self.served.call(who, "POST", "/events", data=body, content_type="application/json")

    def outcomes(self, *events: dict[str, Any], who: str = "boss") -> list[str]:
        """Send events and give what became of each."""
        answer = self.send(*events, who=who)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [each["outcome"] for each in answer.get_json()["events"]]

    def customer(self, **values: Any) -> str:
        """Make a customer and give its id."""
        return str(self.served.make("boss", "customer", **values)["id"])

    def customers(self, condition: str) -> list[str]:
        """Give the names of the customers that a filter finds."""
        found = self.served.get("ann", "/records/customer", query_string={"filter": condition, "sort": "name"})
        assert found.status_code == 200, found.get_data(as_text=True)
        return [each["name"] for each in found.get_json()["items"]]

    def keep_house(self) -> None:
        """Let half a minute pass, and do what the housekeeping of a worker does then."""
        self.clock.move_to(self.clock.now() + dt.timedelta(seconds=31))
        self.served.platform.intake.joiner.join()


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, clock = tmp_path_factory.mktemp("events"), FixedClock(NOON)
    app = small_app(folder, FILES, settings="country: CN\nlanguages: [en, zh]\n")
    with serve_deals(module_database_url, folder, app_folder=app, clock=clock) as served:
        yield Shop(served=served, clock=clock)
