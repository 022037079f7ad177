"""A rule tested over the past does what it does when the same changes are made with it on; nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.access.actor import system_actor
from engine.clock import FixedClock
from engine.errors import AccessDenied
from engine.platform import Platform
from tests.support.automation import do_runs, person, publish_rules, rows_of, runs_of, shop
from tests.support.table_dumps import changed_tables, dump_tables

START = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
TESTED = """
    rule tested when deal.stage changes to "won" or deal.count rises above 10
      if exists(lines where quantity > 1) and reviewer.name = "bob"
      then
        set note = "{stage} {count}"
        create job { subject: "{name} {note}", deal: this } as made
        update made { done: true }
        notify reviewer "Look at {name}."
        for each line in lines where quantity > 2 do
          update line { state: "checked {line.deal.name}" }
        end
        if amount > 5 then create job { subject: "big" } else log "small" end
      else create job { subject: "else {old.stage}" }
      once per record per day
"""


def play(platform: Platform, clock: FixedClock) -> None:
    """Make the changes."""
    records, system = platform.records, system_actor()
    bob, other = person(platform, "bob"), person(platform, "other")
    ids = {}
    for name, reviewer in (("A", bob), ("B", bob), ("C", other), ("D", bob)):
        values = {"name": name, "reviewer": reviewer.user_id, "count": 1, "amount": "10" if name == "A" else "1"}
        ids[name] = records.create(system, "deal", values).record.id
    for deal, quantity in (("A", 5), ("A", 2), ("B", 1), ("C", 9), ("D", 4)):
        records.create(system, "line", {"deal": ids[deal], "name": "L", "quantity": quantity})

    def change(name: str, values: Mapping[str, Any]) -> None:
        clock.move_to(clock.now() + dt.timedelta(hours=1))
        records.update(system, "deal", ids[name], values)
        do_runs(platform)

    change("A", {"stage": "won"})
    change("B", {"stage": "won"})
    change("C", {"stage": "proposal"})
    change("C", {"stage": "won"})
    change("A", {"count": 20})
    change("D", {"count": 11, "stage": "lost"})
    records.update(system, "user", str(bob.user_id), {"name": "bobby"})
    clock.move_to(clock.now() + dt.timedelta(days=2))
    change("D", {"count": 1})
    change("D", {"count": 12})
    records.update(system, "user", str(bob.user_id), {"name": "bob"})
    change("D", {"count": 2})
    change("D", {"count": 14})
    records.delete(system, "deal", records.create(system, "deal", {"name": "E"}).record.id)


@pytest.mark.promise("RUN-19")
def test_a_backtest_lists_what_the_same_changes_do_with_the_rule_on_and_writes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    clock = FixedClock(START)
    with shop(f"sqlite:///{tmp_path / 'on.sqlite'}", tmp_path / "on", TESTED, clock=clock) as platform:
        play(platform, clock)
        ran = [(run["record_title"], run["event"]) for run in runs_of(platform) if run["state"] == "done"]
        jobs = sorted((row["subject"], row["done"]) for row in rows_of(platform, "job"))
        lines = sorted(row["state"] for row in rows_of(platform, "line") if row["state"])
        notes = sorted(row["note"] for row in rows_of(platform, "deal") if row["note"])
    clock = FixedClock(START)
    with shop(database_url, tmp_path / "off", "", clock=clock) as platform:
        play(platform, clock)
        publish_rules(platform, tmp_path / "off", TESTED)
        before = dump_tables(database_url)
        found = platform.automation.insight.backtest(system_actor(), "tested", START - dt.timedelta(days=30))
        assert changed_tables(before, dump_tables(database_url)) == []
        assert len(ran) > 4
        assert [(each.title, each.trigger) for each in found.matches] == ran
        assert (found.matched, found.hidden, found.unclear) == (len(ran), 0, 0)
        assert not [match.fault for match in found.matches if match.fault]
        acts = [(act.kind, act.object, act.values or {}, act.text) for match in found.matches for act in match.done]
        made: list[tuple[str, bool]] = []
        for kind, name, values, _ in acts:
            if (kind, name) == ("created", "job"):
                made.append((values["subject"], False))
            elif (kind, name) == ("updated", "job"):
                made[-1] = (made[-1][0], values["done"])
        assert sorted(made) == jobs
        assert sorted(values["state"] for kind, name, values, _ in acts if (kind, name) == ("updated", "line")) == lines
        assert {values["note"] for _, name, values, _ in acts if name == "deal"} >= set(notes)
        assert {text for kind, _, _, text in acts if kind == "notified"} == {"Look at A.", "Look at D."}


def test_a_backtest_is_for_who_may_configure_and_of_any_rule(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule daily every day at 09:00 then log "x"
        rule before_save before deal is saved if amount > 5 then set note = "big" warn "Big."
        rule webhook_like when deal is created if 1 / count > 0 then log "x"
    """
    clock = FixedClock(START)
    with shop(database_url, tmp_path, rules, clock=clock) as platform:
        insight, system = platform.automation.insight, system_actor()
        boss = person(platform, "boss", "boss")
        for amount in ("4", "6", "7"):
            platform.records.create(system, "deal", {"name": amount, "amount": amount, "count": 0}, confirm=None)
        with pytest.raises(AccessDenied):
            insight.backtest(boss, "before_save", START)
        daily = insight.backtest(system, "daily", START - dt.timedelta(days=3))
        assert [(each.record_id, each.trigger) for each in daily.matches] == [(None, "every day at 09:00")] * 3
        found = insight.backtest(system, "before_save", START)
        assert [(each.title, [act.kind for act in each.done]) for each in found.matches] == [
            ("6", ["set", "warn"]),
            ("7", ["set", "warn"]),
        ]
        assert insight.backtest(system, "before_save", START + dt.timedelta(seconds=1)).saves == 0


@pytest.mark.promise("RUN-23")
def test_stored_decisions_come_out_the_same_or_are_listed_by_rule(database_url: str, tmp_path: Path) -> None:
    rules = """
        rule kept when deal is updated if amount > 5 then log "x" else log "y"
        rule moved when deal.stage changes to "won" if amount > 5 then log "x"
        rule gone when deal is created then log "x"
        rule edge when deal comes to match count > 3 then log "x"
        rule line when line is created if deal.amount > 5 then set state = "x"
    """
    clock = FixedClock(START)
    with shop(database_url, tmp_path, rules, clock=clock) as platform:
        system, insight = system_actor(), platform.automation.insight
        deal = platform.records.create(system, "deal", {"name": "A", "amount": "4"}).record.id
        for values in ({"amount": "6"}, {"stage": "won", "count": 5}, {"amount": "1", "count": 6}, {"stage": "lost"}):
            clock.move_to(clock.now() + dt.timedelta(minutes=1))
            platform.records.update(system, "deal", deal, values)
            platform.records.create(system, "line", {"deal": deal, "name": "L"})
            do_runs(platform)
        same = insight.replay(system, START)
        assert (same.differences, same.same > 10) == ((), True)
        publish_rules(
            platform,
            tmp_path,
            rules.replace('amount > 5 then log "x"\n', 'amount > 6 then log "x"\n')
            .replace("rule gone", "rule fresh")
            .replace("count > 3", "count > 5"),
        )
        before = dump_tables(database_url)
        found = insight.replay(system, START)
        assert [(each.rule, each.was, each.now) for each in found.differences] == [
            ("edge", "then", "no run"),
            ("edge", "no run", "then"),
            ("fresh", "no run", "then"),
            ("gone", "then", "no such rule"),
            ("moved", "then", "no run"),
        ]
        assert changed_tables(before, dump_tables(database_url)) == []
