"""Random small data of the sales app, of owners in two teams, where every record carries a word of its own.

The word stands in the record's title or texts, so that a test can look for it in any answer. Amounts of credit limits
are unlike all other numbers for the same reason.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any

from engine.access.actor import Origin, system_actor
from engine.platform import Platform
from tests.support.access_reference import World
from tests.support.sales import SalesInstallation

PARENTS = {
    "opportunity_line": ("opportunity", "opportunity"),
    "quote_line": ("quote", "quote"),
    "price": ("product", "product"),
}
OWNERS = ("max", "wendy", "ann", "bob", "carl", "dave")


@dataclass(slots=True)
class SalesWorld:
    """All records by object and id, as they were made.

    words: id → the word that only this record has. files: id of a file → the attachment that holds it.
    """

    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def targets(self, is_read: Callable[[str, str], bool]) -> set[str]:
        """Give the ids that stand in lookups of records for which `is_read` (object, id) holds."""
        found: set[str] = set()
        for name, records in self.records.items():
            for record_id, record in records.items():
                if is_read(name, record_id):
                    values = [value["id"] if isinstance(value, dict) else value for value in record.values()]
                    found |= {value for value in values if isinstance(value, str)}
        for quote in self.records.get("quote", {}):
            # A quote takes its account from its deal.
            deal = self.records["quote"][quote]["opportunity"]
            if is_read("quote", quote):
                found.add(self.records["opportunity"][deal]["account"])
        return found

    def as_reference(self, sales: SalesInstallation, people: Mapping[str, tuple[str, str, Any]]) -> World:
        """Give it in the form the reference of access reads."""
        users = {
            sales.user_ids[name]: {"team": sales.team_ids.get(team), "manager": sales.user_ids.get(manager)}
            for name, (team, manager, _roles) in people.items()
        }
        return World(users=users, parents=PARENTS, records=self.records)


class Filling:
    """Makes the records, each through the door as the product itself."""

    def __init__(self, platform: Platform, sales: SalesInstallation, seed: int) -> None:
        self.world = SalesWorld()
        self._platform = platform
        self._sales = sales
        self._chance = random.Random(seed)
        self._today = platform.clock.now().date()

    def fill(self) -> SalesWorld:
        """Make everything."""
        products = [self._add("product", "", "name", list_price="12") for _ in range(3)]
        for product in products:
            self._add("price", "", "", product=product, tier="gold", unit_price="11")
        accounts = [self._account(index) for index in range(12)]
        for index in range(10):
            mail = f"maskedcontact{index:04d}@example.com"
            self._add("contact", self._owner(), "name", account=self._pick(accounts), email=mail)
            self._add("lead", self._owner(), "name", email="who@example.com", note="called")
        for _ in range(3):
            self._add("lead", "", "name", email="who@example.com", note="in the pool")
        deals = [self._deal(accounts) for _ in range(16)]
        for deal in deals[:10]:
            self._add("opportunity_line", "", "", opportunity=deal, product=products[0], unit_price="3")
            quote = self._add("quote", self._owner(), "terms", opportunity=deal)
            self._add("quote_line", "", "", quote=quote, product=products[1], unit_price="4")
        for index, about in enumerate((*accounts[:5], *deals[:5])):
            target = {"object": "account" if index < 5 else "opportunity", "id": about}
            assignee = self._sales.user_ids[self._owner()]
            self._add("task", self._owner(), "subject", assignee=assignee, about=target)
            self._add("activity", self._owner(), "subject", about=target)
            self._attachment(target)
            if index % 3 == 0:
                self._add("comment", self._owner(), "text", about=target)
        return self.world

    def _attachment(self, target: dict[str, str]) -> None:
        """Attach a file that has the record's word in it, and that of nobody but its record."""
        record_id = self._add("attachment", self._owner(), "name", about=target)
        system = system_actor(Origin.CLI)
        content = BytesIO(self.world.words[record_id].encode())
        file = self._platform.files.upload(system, "attachment", "file", content, "notes.txt")
        self._platform.records.update(system, "attachment", record_id, {"file": file.id})
        self.world.files[file.id] = record_id

    def _account(self, index: int) -> str:
        parent = self._pick([*self.world.records.get("account", {}), ""]) or None
        return self._add("account", self._owner(), "name", credit_limit=f"{713 + index}.{10 + index}", parent=parent)

    def _deal(self, accounts: list[str]) -> str:
        stage = self._chance.choice(("prospect", "qualify", "proposal", "negotiation", "won", "lost"))
        return self._add(
            "opportunity",
            self._owner(),
            "name",
            account=self._pick(accounts),
            amount=str(self._chance.randrange(1000, 90_000)),
            stage=stage,
            close_date=(self._today + timedelta(days=9)).isoformat(),
        )

    def _add(self, object_name: str, owner: str, word_field: str, **values: Any) -> str:
        word = f"{object_name[:3]}q{self._chance.randrange(16**10):010x}"
        given = {name: value for name, value in values.items() if value is not None}
        if word_field:
            given[word_field] = word
        if owner:
            given["owner"] = {"object": "user", "id": self._sales.user_ids[owner]}
        record_id = self._platform.records.create(system_actor(Origin.CLI), object_name, given).record.id
        kept = {**given, "owner": self._sales.user_ids.get(owner)}
        self.world.records.setdefault(object_name, {})[record_id] = kept
        if word_field:
            self.world.words[record_id] = word
        return record_id

    def _owner(self) -> str:
        return self._chance.choice(OWNERS)

    def _pick(self, ids: list[str]) -> str:
        return self._chance.choice(ids)
