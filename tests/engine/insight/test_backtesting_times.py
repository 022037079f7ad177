"""Rules of the clock and of calls tested over the past: they would have done what they did where they were on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.platform import Platform
from tests.support.automation import do_runs, person, publish_rules, rows_of, shop
from tests.support.table_dumps import changed_tables, dump_tables

START = dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.UTC)  # a Friday, noon in Shanghai
FILES = {"connections/stock.yaml": "connection: stock\nkind: webhook_in\nsecret: STOCK_SECRET\n"}
# What keeps presses, as rules that were there do; the tested ones come later. Calls of webhooks are kept without any.
KEPT = """
    rule kept_press when button poke on deal is pressed asking reason: text then log "x"
"""
TESTED = {
    "held": 'when deal has matched stage = "proposal" and count > 1 for 2 business days if amount > 5',
    "moment": "when 1 day after deal.sent_at if amount > 5",
    "day": "when 2 days before deal.sent_on at 09:00",
    "daily": "every day at 09:00 for each deal where count > 1 if amount > 5",
    "press": "when button poke on deal is pressed asking reason: text",
}
RULES = "".join(
    f'    rule {name} {trigger} then create job {{ subject: "{name} {{name}} {{stage}} {{count}}", deal: this }}\n'
    for name, trigger in TESTED.items()
)
RULES += """
    rule hourly every 6 hours if exists(job where done) then create job { subject: "hourly {count(deal)}" }
    rule stock when webhook stock is received if payload.left < 5
      then create job { subject: "stock {payload.sku}" } else create job { subject: "enough {payload.sku}" }
"""
RULES_TESTED = (*TESTED, "hourly", "stock")


def play(platform: Platform, clock: FixedClock) -> None:
    """Let a week go by."""
    records, system, keeper = platform.records, system_actor(), platform.automation.keeper()
    boss = person(platform, "bob", "boss")
    ids: dict[str, str] = {}

    def on(day: int, hour: int) -> None:
        # Moments that lie between are reached one after the other, as with a clock.
        until = dt.datetime(2026, 11, day, hour, 0, tzinfo=dt.UTC)
        while clock.now() < until:
            clock.move_to(min(clock.now() + dt.timedelta(hours=4), until))
            keeper.tick()
            do_runs(platform, waits_too=False)

    def make(name: str, **values: object) -> None:
        ids[name] = records.create(system, "deal", {"name": name, "amount": "10", **values}).record.id

    def change(name: str, **values: object) -> None:
        records.update(system, "deal", ids[name], values)
        do_runs(platform, waits_too=False)

    keeper.tick()
    make("A", stage="proposal", count=2, sent_at="2026-11-20T05:00:00Z")
    make("B", stage="proposal", count=2, sent_on="2026-11-25")
    make("C", stage="open", count=3, amount="1", sent_at="2026-11-23T05:00:00Z")
    make("D", sent_on="2026-11-21")
    on(21, 9)
    change("A", note="nothing that it waits for")
    change("C", stage="proposal", amount="9")
    on(23, 2)
    change("B", stage="lost")
    change("B", stage="proposal")
    records.create(system, "job", {"subject": "done", "done": True})
    on(24, 3)
    change("C", sent_at="2026-11-23T08:00:00Z")
    records.delete(system, "deal", ids["A"])
    with records.transaction(boss) as transaction:
        deal = transaction.object_def("deal")
        platform.automation.calls.buttons.press(transaction, deal, ids["C"], "poke", {"reason": "why"})
    for sku, left in (("a", 3), ("b", 9)):
        with records.transaction(system) as transaction:
            platform.automation.calls.others.received(transaction, "stock", {"sku": sku, "left": left})
    do_runs(platform, waits_too=False)
    on(25, 13)
    records.restore(system, "deal", ids["A"])
    on(27, 4)


@pytest.mark.promise("RUN-19")
def test_rules_of_the_clock_and_of_calls_would_have_done_what_they_did(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with shop(f"sqlite:///{tmp_path / 'on.sqlite'}", tmp_path / "on", RULES, clock=clock, files=FILES) as platform:
        play(platform, clock)
        made = sorted(row["subject"] for row in rows_of(platform, "job") if row["subject"] != "done")
    clock = FixedClock(START)
    with shop(database_url, tmp_path / "off", KEPT, clock=clock, files=FILES) as platform:
        play(platform, clock)
        publish_rules(platform, tmp_path / "off", RULES)
        before = dump_tables(database_url)
        insight, subjects, seen = platform.automation.insight, [], {}
        for rule in RULES_TESTED:
            found = insight.backtest(system_actor(), rule, START - dt.timedelta(minutes=1))
            assert (found.hidden, found.unclear, found.stopped) == (0, 0, False), rule
            assert not [match.fault for match in found.matches if match.fault], rule
            seen[rule] = [act for match in found.matches for act in match.done if act.kind == "created"]
            subjects += [(act.values or {})["subject"] for act in seen[rule]]
        assert changed_tables(before, dump_tables(database_url)) == []
        assert all(seen.values()), "each of them did something"
        assert sorted(subjects) == made


ACTS = """
    approval big on deal step boss by role "boss"
    rule other when button other on deal is pressed then log "x"
    rule acts when deal.stage changes to "won"
      then
        share with reviewer, role "boss" for edit until today + 3 days
        add follower reviewer
        assign to next of queue "inside" by load
        submit for approval big by reviewer
        run rule other
        convert to job { subject: "made of {name}", assignee: reviewer } as made
        update made { done: true }
        notify reviewer "Won {name}."
        create deal { name: "Twin" } as twin
        merge twin into this
      as system
"""


def test_acts_with_doors_of_their_own_are_imagined_with_their_values(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with shop(database_url, tmp_path, "", clock=clock) as platform:
        system, records = system_actor(), platform.records
        bob = person(platform, "bob", "boss")
        records.create(system, "queue", {"name": "Inside sales", "key": "inside"})
        deal = records.create(system, "deal", {"name": "Gone", "reviewer": bob.user_id}).record.id
        records.update(system, "deal", deal, {"stage": "won"})
        publish_rules(platform, tmp_path, ACTS)
        before = dump_tables(database_url)
        (match,) = platform.automation.insight.backtest(system, "acts", START).matches
        assert changed_tables(before, dump_tables(database_url)) == []
        found = [(act.kind, act.record_id, act.target or act.text, dict(act.values or {})) for act in match.done]
        assert (match.fault, found) == (
            "",
            [
                ("shared", deal, "bob, boss", {"for": "edit", "until": dt.date(2026, 11, 23)}),
                ("add follower", deal, "bob", {}),
                ("assign to next", deal, "Inside sales", {"by": "load"}),
                ("submitted", deal, "big", {"by": "bob"}),
                ("called", deal, "other", {}),
                ("created", None, "", {"subject": "made of Gone", "assignee": bob.user_id}),
                ("converted", deal, "acts", {}),
                ("updated", None, "", {"done": True}),
                ("notified", bob.user_id, "Won Gone.", {}),
                ("created", None, "", {"name": "Twin"}),
                ("merged", deal, "", {}),
                ("deleted", None, "", {}),
            ],
        )
