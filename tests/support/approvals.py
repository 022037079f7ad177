"""An installation with approvals on deals and five people, for tests: made once, with requests as tests need them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from engine.access.actor import Actor, system_actor
from engine.approvals.deciding import Act
from engine.approvals.requests import Request
from engine.approvals.sight import RequestView
from engine.approvals.submitting import Submission
from engine.clock import FixedClock
from engine.platform import Platform
from engine.testing.sample_shop import APP, person, shop

MONDAY = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
RULES = """
approval big on deal "Big discount" if discount > 20%
  step manager "Manager" by owner.manager within 2 business days else escalate to owner.manager.manager
    may edit note
  step board by all of role "boss" if amount > 500 CNY else skip
  on approve set stage = "won"
  lock record
approval either on deal if count = 1
  step one by any of role "boss" within 1 business day else remind
  step two by any of role "boss"
approval listed on deal if count = 2
  step one by reviewer
approval cut on deal if count = 3
  step one by 5 of role "boss"
rule sample when button sample on deal is pressed asking reason: text then set note = input.reason
rule follow when deal.sent_on changes then set note = "a rule was here"
"""


CHINESE = """
rules:
  big: 大额折扣
  big.manager: 经理
  sample: 寄样
  sample.reason: 原因
"""


@dataclass(slots=True, kw_only=True)
class Stage:
    """The installation and its people: ann's manager is bob, bob's is cat; bob and cat are bosses, eve has no role."""

    platform: Platform
    clock: FixedClock
    people: Mapping[str, Actor]

    def deal(self, **values: Any) -> str:
        """Make a deal of ann's."""
        return self.platform.records.create(self.people["ann"], "deal", {"name": "Deal", **values}).record.id

    def submit(self, record_id: str, who: str = "ann", **more: Any) -> Request:
        """Submit a deal."""
        return self.platform.approvals.submit(self.people[who], "deal", Submission(record_id=record_id, **more))

    def act(self, who: str, request: Request, do: str, **more: Any) -> Request:
        """Do something with a request."""
        return self.platform.approvals.act(self.people[who], request.id, Act(do=do, **more))

    def view(self, who: str, request: Request) -> RequestView:
        """Give a request as somebody sees it."""
        with self.platform.records.reading(self.people[who]) as transaction:
            return self.platform.approvals.view(transaction, request.id)

    def waiting(self, who: str) -> list[str]:
        """Give the records that wait for somebody."""
        with self.platform.records.reading(self.people[who]) as transaction:
            return [line.request.record_id for line in self.platform.approvals.waiting(transaction)]

    def away(self, who: str, stand_in: str | None, first: str = "2026-11-23", last: str = "2026-11-24") -> None:
        """Let somebody be away."""
        values = {
            "away_from": first if stand_in else None,
            "away_until": last if stand_in else None,
            "stand_in": self.people[stand_in].user_id if stand_in else None,
        }
        self.platform.records.update(system_actor(), "user", str(self.people[who].user_id), values)


def write_shop(folder: Path, rules: str) -> None:
    """Write the app with other rules into a folder."""
    for path, text in {**APP, "rules/all.rules": rules}.items():
        target = folder / "shop" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")


@contextmanager
def approvals_stage(database_url: str, folder: Path, **more: Any) -> Iterator[Stage]:
    """Open the installation in an empty database."""
    clock = FixedClock(MONDAY)
    with shop(database_url, folder, RULES, clock=clock, files={"translations/zh.yaml": CHINESE}, **more) as platform:
        cat = person(platform, "cat", "boss")
        bob = person(platform, "bob", "boss", manager=cat.user_id)
        ann = person(platform, "ann", "rep", manager=bob.user_id)
        people = {
            "ann": ann,
            "bob": bob,
            "cat": cat,
            "eve": person(platform, "eve"),
            "dan": person(platform, "dan", "rep"),
        }
        yield Stage(platform=platform, clock=clock, people=people)
